//! An environment, opened: its file, its account, and the stack it describes.

use crate::{account::Account, choose, cli::Global, fault::Fault};
use aws_types::SdkConfig;
use blueprint::Inputs;
use config::Environment;
use resource::{Asset, Cloud, Place, Registry, Stack, Tags, sha256_hex};
use state::StateBucket;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder the paths of environment files start from: the one that holds `environments`.
pub(crate) fn project_root(global: &Global) -> PathBuf {
    match global.environments.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("."),
    }
}

/// Reads one environment file.
pub(crate) fn load(global: &Global, name: &str) -> Result<Environment, Fault> {
    let path = global.environments.join(format!("{name}.toml"));
    if !path.is_file() {
        return Err(choose::unknown(global, name));
    }
    config::load(&path, &project_root(global)).map_err(|invalid| Fault::Invalid(Box::new(invalid)))
}

/// An environment and the cloud it belongs to.
pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) place: Place,
    /// The tags ownership is judged by.
    pub(crate) identity: Tags,
    pub(crate) registry: Registry,
    pub(crate) local: bool,
    root: PathBuf,
    sdk: SdkConfig,
}

/// A stack, with the digest of all that it was made from.
pub(crate) struct Declared {
    pub(crate) stack: Stack,
    pub(crate) inputs: String,
}

impl Session {
    /// Opens the environment of this name, or the one that is meant when none is given.
    pub(crate) async fn open(global: &Global, name: Option<&str>) -> Result<Self, Fault> {
        let name = choose::environment(global, name).await?;
        Self::of(global, &name).await
    }

    /// Opens the environment of this name.
    pub(crate) async fn of(global: &Global, name: &str) -> Result<Self, Fault> {
        let environment = load(global, name)?;
        let root = project_root(global);
        let Account { sdk, place } = Account::open(global, &environment, &root).await?;
        let identity = blueprint::identity(&environment, name);
        let registry = blueprint::registry();
        Ok(Self { environment, name: name.to_owned(), place, identity, registry, local: global.local, root, sdk })
    }

    /// The cloud, with what reconcilers may have to upload.
    pub(crate) fn cloud(&self, assets: &[Asset]) -> Arc<Cloud> {
        Arc::new(Cloud::new(self.sdk.clone(), self.place.clone(), assets.iter().cloned()))
    }

    /// Where the state is kept; calls are counted by `cloud`.
    pub(crate) fn bucket(&self, cloud: &Cloud) -> StateBucket {
        let name = self.environment.state_bucket_name(&self.place.account);
        StateBucket::new(aws_s3::client(cloud.config()), &name, &self.place)
    }

    /// What the environment file describes.
    pub(crate) async fn declare(&self) -> Result<Declared, Fault> {
        let client = aws_sdk_ec2::Client::new(&self.sdk);
        let zones = aws_ec2::availability_zones(&client)
            .await
            .map_err(|failure| Fault::call("the availability zones could not be listed", &failure))?;
        let stack = blueprint::stack(&self.inputs(&zones, &self.root)).map_err(|error| Fault::failed(error.to_string()))?;
        let inputs = self.digest(&stack)?;
        Ok(Declared { stack, inputs })
    }

    /// Nothing: what `destroy` brings the platform to.
    pub(crate) fn nothing(&self) -> Declared {
        Declared { stack: Stack::new(self.identity.clone(), Tags::default()), inputs: String::new() }
    }

    fn inputs<'a>(&'a self, zones: &'a [String], root: &'a Path) -> Inputs<'a> {
        Inputs { environment: &self.environment, name: &self.name, place: &self.place, zones, root }
    }

    fn digest(&self, stack: &Stack) -> Result<String, Fault> {
        let mut text = serde_json::to_string(&self.environment)
            .map_err(|error| Fault::failed(format!("the environment cannot be written as JSON: {error}")))?;
        let mut assets: Vec<String> = stack.assets().iter().map(|asset| sha256_hex(&asset.bytes)).collect();
        assets.sort();
        for digest in assets {
            text.push('\n');
            text.push_str(&digest);
        }
        Ok(sha256_hex(text.as_bytes()))
    }
}

/// API calls sent through a cloud, retries included.
pub(crate) fn calls(cloud: &Cloud) -> u64 {
    cloud.calls().values().sum()
}
