//! Many things of a kind read by one call, where Glue takes their names together.

use aws_client::{Attempt, Loader, Result};
use aws_sdk_glue::{
    Client,
    types::{Crawler, Job, Trigger},
};
use resource::Context;
use std::{collections::HashMap, future::Future};

/// The number of names that the describe call of every kind takes.
const AT_ONCE: usize = 25;

/// A kind of resource that a `BatchGet…` call reads by a list of names. Glue leaves out names that do not exist.
pub(crate) trait BatchGet: Clone + Send + Sync + 'static {
    fn name(&self) -> Option<&str>;
    fn list(client: &Client, names: &[String]) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

/// Reads that are made at the same time.
struct Batches<T>(Loader<String, T>);

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self(Loader::default())
    }
}

/// The one of this name.
pub(crate) async fn load<T: BatchGet>(name: &str, cx: &Context) -> Result<Option<T>> {
    let client = cx.client(Client::new);
    let read = |names: Vec<String>| async move {
        let mut found = HashMap::new();
        for names in names.chunks(AT_ONCE) {
            let listed = T::list(&client, names).await?;
            found.extend(listed.into_iter().filter_map(|one| Some((one.name()?.to_owned(), one))));
        }
        Ok(found)
    };
    cx.shared::<Batches<T>>().0.load(name.to_owned(), read).await
}

impl BatchGet for Crawler {
    fn name(&self) -> Option<&str> {
        self.name()
    }

    async fn list(client: &Client, names: &[String]) -> Result<Vec<Self>> {
        let call = client.batch_get_crawlers().set_crawler_names(Some(names.to_vec()));
        Ok(call.send().await.during("BatchGetCrawlers")?.crawlers.unwrap_or_default())
    }
}

impl BatchGet for Job {
    fn name(&self) -> Option<&str> {
        self.name()
    }

    async fn list(client: &Client, names: &[String]) -> Result<Vec<Self>> {
        let call = client.batch_get_jobs().set_job_names(Some(names.to_vec()));
        Ok(call.send().await.during("BatchGetJobs")?.jobs.unwrap_or_default())
    }
}

impl BatchGet for Trigger {
    fn name(&self) -> Option<&str> {
        self.name()
    }

    async fn list(client: &Client, names: &[String]) -> Result<Vec<Self>> {
        let call = client.batch_get_triggers().set_trigger_names(Some(names.to_vec()));
        Ok(call.send().await.during("BatchGetTriggers")?.triggers.unwrap_or_default())
    }
}
