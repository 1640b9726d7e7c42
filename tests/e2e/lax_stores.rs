//! Stores of a state that are not as S3: they ignore a condition, or name no versions.

use crate::{
    project::{Project, Ran},
    served::ServedAws,
};
use local::{Call, Layer, LostAnswer, Next, Response};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A store that is as S3 until it is switched.
#[derive(Default)]
struct Store {
    is_lax: AtomicBool,
    /// The condition that it ignores.
    ignored: Option<&'static str>,
    /// True if no answer has an ETag.
    hides_versions: bool,
}

#[async_trait::async_trait]
impl Layer for Store {
    async fn answer(&self, mut call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.service != "s3" || !self.is_lax.load(Ordering::SeqCst) {
            return next.run(call).await;
        }
        if let Some(condition) = self.ignored {
            call.request.headers.remove(condition);
        }
        let mut answer = next.run(call).await?;
        if self.hides_versions {
            answer.headers.remove("etag");
        }
        Ok(answer)
    }
}

fn served(store: Store) -> (Project, ServedAws, Arc<Store>) {
    let store = Arc::new(store);
    (Project::new(), ServedAws::behind(store.clone()), store)
}

/// `up` of a first platform ends with these words, and makes nothing but the state bucket.
#[track_caller]
fn up_is_refused(store: Store, words: &[&str]) {
    let (project, aws, store) = served(store);
    store.is_lax.store(true, Ordering::SeqCst);
    let refused = aws.run(&project, &["up", "dev", "--yes"]).ends_with(1);
    for part in words {
        assert!(refused.stderr.contains(part), "{part:?} is not in {}", refused.stderr);
    }
    aws.behind_its_back(async |sdk| {
        let buckets = aws_s3::client(&sdk).list_buckets().send().await.unwrap();
        let names: Vec<_> = buckets.buckets().iter().filter_map(|bucket| bucket.name()).collect();
        assert!(names.iter().all(|name| name.contains("mlopsctl-state")), "{names:?}");
        let roles = aws_sdk_iam::Client::new(&sdk).list_roles().send().await.unwrap();
        assert!(roles.roles().iter().all(|role| !role.role_name().contains("mlops-pipeline")));
    });
}

/// `doctor` of a platform that was built while the store was as S3.
fn doctor(store: Store, code: i32) -> Ran {
    let (project, aws, store) = served(store);
    aws.run(&project, &["up", "dev", "--yes", "--target", "monitoring.alerts"]).ends_with(0);
    store.is_lax.store(true, Ordering::SeqCst);
    aws.run(&project, &["doctor", "dev"]).ends_with(code)
}

#[test]
fn store_that_ignores_conditions_is_refused_by_up_before_anything_is_made() {
    for (header, name) in [("if-match", "If-Match"), ("if-none-match", "If-None-Match")] {
        let says = format!("the store ignores {name} on PUT, so a lock there keeps nobody out");
        let store = Store { ignored: Some(header), ..Store::default() };
        up_is_refused(store, &[&says, "S3-compatible store that honours If-Match and If-None-Match"]);
    }
}

#[test]
fn store_that_ignores_conditions_is_a_problem_for_doctor() {
    let found = doctor(Store { ignored: Some("if-match"), ..Store::default() }, 1);
    let says = "the store ignores If-Match on PUT, so a lock there keeps nobody out";
    assert!(found.stdout.contains(says), "{}", found.stdout);
}

#[test]
fn store_that_names_no_versions_is_refused_with_what_is_missing() {
    let store = Store { hides_versions: true, ..Store::default() };
    up_is_refused(store, &["lock.json: PutObject: the answer carries no ETag"]);
}
