//! A project on the embedded AWS.

use crate::project::{Project, Ran};
use aws_config::SdkConfig;

impl Project {
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The binary on the embedded AWS.
    pub(crate) fn local(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--local"]].concat())
    }

    /// Works on the embedded AWS behind mlopsctl's back.
    pub(crate) fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cloud =
                local::Cloud::open(Some(&self.path().join("state/local")), "ap-south-1", local::ACCOUNT).unwrap();
            let done = work(cloud.sdk_config()).await;
            cloud.save().await.unwrap();
            done
        })
    }
}
