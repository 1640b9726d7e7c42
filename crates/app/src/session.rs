//! An environment, opened: its file, its cloud, its state.

use crate::{
    App, Error, Workspace, WorkspaceParts, environments::EnvironmentAccess, existing_network::Network, state_access,
};
use config::{Environment, environment::Pipeline};
use resource::Address;
use review::Names;
use state::StateKeys;
use std::{ops::Deref, path::PathBuf};
use tokio::sync::OnceCell;
use vocabulary::Place;

/// Everything that an operation needs of an environment: its workspace and what its file declares.
pub struct Session {
    /// The cloud and the state.
    pub workspace: Workspace,
    /// The project that it belongs to.
    pub project: String,
    /// The content of its file; `None` if the file is gone.
    pub environment: Option<Environment>,
    /// The path of its file.
    pub file: PathBuf,
    /// The folder that the file's relative paths start from.
    pub root: PathBuf,
    /// The existing network that the environment file names, once it was read.
    pub(crate) existing_network: OnceCell<Option<Network>>,
}

impl Deref for Session {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.workspace
    }
}

impl Session {
    /// Warns of settings of the environment file that this version of mlopsctl does not know.
    pub fn warn_of_unknown_settings(&self) {
        let pipeline = self.environment.as_ref().and_then(|environment| environment.pipeline.as_ref());
        for warning in pipeline.map(Pipeline::warnings).unwrap_or_default() {
            self.frontend.warn(&format!("warning: {warning}"));
        }
    }
}

impl App {
    /// Opens an environment that has a file, to read.
    ///
    /// # Errors
    /// When no single environment is meant, its file is invalid, or AWS does not answer.
    pub async fn open(&self, named: Option<&str>) -> Result<Session, Error> {
        self.build(self.choose(named).await?, true).await
    }

    /// Opens an environment that has a file, to change.
    ///
    /// # Errors
    /// When no single environment is meant, its file is invalid, or AWS does not answer.
    pub async fn open_to_change(&self, named: Option<&str>) -> Result<Session, Error> {
        self.build(self.settings.choose_to_change(named)?, true).await
    }

    /// Opens an environment to read its state. Its file may be lost.
    ///
    /// # Errors
    /// When no single environment is meant, its file is invalid, or AWS does not answer.
    pub async fn open_state(&self, named: Option<&str>) -> Result<Session, Error> {
        self.build(self.choose(named).await?, false).await
    }

    /// Opens an environment to change its state, or the resources that its state records. Its file may be lost.
    ///
    /// # Errors
    /// When no single environment is meant, its file is invalid, or AWS does not answer.
    pub async fn open_state_to_change(&self, named: Option<&str>) -> Result<Session, Error> {
        self.build(self.settings.choose_to_change(named)?, false).await
    }

    async fn build(&self, name: String, needs_file: bool) -> Result<Session, Error> {
        let settings = &self.settings;
        let access = match needs_file || settings.is_described(&name) {
            true => EnvironmentAccess::open(self, &name, settings.read(&name)?).await?,
            false => EnvironmentAccess::find_state_buckets(self, &name).await?,
        };
        let (state_identity, bucket) = (access.state_identity(), access.state_bucket());
        let keys = match access.state_keys().await {
            Ok(keys) => keys,
            Err(error) => return Err(state_access::unreachable(&bucket, error).await),
        };
        let workspace = Workspace::new(WorkspaceParts {
            name: name.clone(),
            identity: access.identity,
            state_identity,
            caller: access.caller,
            registry: blueprint::registry(),
            sdk: access.sdk,
            place: Place::new(access.account, access.region),
            meter: access.meter,
            bucket,
            keys,
            is_exclusive: settings.local,
            lock_timeout: settings.lock_timeout,
            frontend: self.frontend.clone(),
        });
        Ok(Session {
            workspace,
            project: access.project,
            environment: access.environment,
            file: settings.file(&name),
            root: settings.root(),
            existing_network: OnceCell::new(),
        })
    }
}

impl Session {
    /// The environment's settings about drift.
    pub fn drift(&self) -> config::environment::Drift {
        self.environment.as_ref().map(|environment| environment.drift.clone()).unwrap_or_default()
    }

    /// True if `[drift]` ignores the drift of an address.
    pub fn ignores(&self, address: &Address) -> bool {
        self.environment.iter().flat_map(|environment| &environment.drift.ignore).any(|glob| address.matches(glob))
    }

    /// The common parts of the names of its resources.
    pub fn names(&self) -> Names {
        let place = self.cloud.place();
        let prefix = self.environment.as_ref().map(|environment| format!("{}-", environment.prefix()));
        Names { prefix: prefix.unwrap_or_default(), account: place.account.clone(), region: place.region.clone() }
    }

    /// True if the state is at the root of its bucket.
    pub fn is_state_at_root(&self) -> bool {
        self.keys == StateKeys::at_root()
    }

    /// The prefix of raw data in the data bucket.
    pub fn raw_prefix(&self) -> String {
        let pipeline = self.environment.as_ref().and_then(|environment| environment.pipeline.clone());
        pipeline.unwrap_or_default().raw_prefix
    }
}
