//! An embedded AWS on a port, behind a layer that answers first.

use crate::project::{Project, Ran};
use aws_config::SdkConfig;
use local::{Cloud, Layer};
use std::{process::Command, sync::Arc};
use tokio::runtime::Runtime;

const REGION: &str = "ap-south-1";

pub(crate) struct ServedAws {
    cloud: Cloud,
    endpoint: String,
    runtime: Runtime,
}

impl ServedAws {
    pub(crate) fn behind(layer: Arc<dyn Layer>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let cloud = Cloud::open(None, REGION, local::ACCOUNT).unwrap().with_layer(layer);
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let served = cloud.clone();
        runtime.spawn(async move { served.serve(listener, std::future::pending()).await });
        Self { cloud, endpoint, runtime }
    }

    pub(crate) fn command(&self, project: &Project, arguments: &[&str]) -> Command {
        let mut command = project.command(arguments);
        command.env("AWS_ENDPOINT_URL", &self.endpoint);
        command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
        command
    }

    pub(crate) fn run(&self, project: &Project, arguments: &[&str]) -> Ran {
        Ran::of(self.command(project, arguments).output().unwrap())
    }

    pub(crate) fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        self.runtime.block_on(work(self.cloud.sdk_config()))
    }
}
