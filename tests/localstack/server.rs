//! LocalStack and moto, started by `localstack/start` and shared by all tests of this binary.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// The account everything belongs to.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The region of the environment files.
pub(crate) const REGION: &str = "ap-south-1";

const KEY: &str = "test";

static SERVER: OnceLock<Server> = OnceLock::new();

/// The emulator that answers.
#[derive(Clone, Copy)]
pub(crate) enum Emulator {
    /// LocalStack, which passes on to moto what it has not itself.
    LocalStack,
    /// moto alone.
    Moto,
}

pub(crate) struct Server {
    localstack: String,
    moto: String,
    /// Its standard input closes when this binary ends, which stops it.
    _process: Child,
}

impl Server {
    /// Runs once the first test asks for it. The first time ever it is installed, which takes minutes.
    pub(crate) fn running() -> &'static Self {
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let start = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../localstack/start");
        let mut process = Command::new(start).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut setting = |name: &str| {
            let line = lines.next().and_then(Result::ok).unwrap_or_default();
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
            value.unwrap_or_else(|| panic!("localstack/start failed; stderr says why")).to_owned()
        };
        let (localstack, moto) = (setting("AWS_ENDPOINT_URL"), setting("MOTO_ENDPOINT_URL"));
        Self { localstack, moto, _process: process }
    }

    fn endpoint(&self, emulator: Emulator) -> &str {
        match emulator {
            Emulator::LocalStack => &self.localstack,
            Emulator::Moto => &self.moto,
        }
    }

    /// Leads a command there instead of to AWS.
    pub(crate) fn lead(&self, command: &mut Command, emulator: Emulator) {
        command.env("AWS_ENDPOINT_URL", self.endpoint(emulator));
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", KEY);
    }

    /// The same for the SDK.
    pub(crate) async fn sdk(&self, emulator: Emulator) -> SdkConfig {
        let credentials = Credentials::new(KEY, KEY, None, None, "localstack");
        aws_config::defaults(BehaviorVersion::latest())
            // Named, so that something can be laid before it.
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint(emulator))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await
    }
}
