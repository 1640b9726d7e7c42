//! The runs of a platform, which end well, with refusals, or without a plan.

use super::Platform;
use app::{ApplyCondition, ChangeOptions, ChangeRequest, NotDone, Wanted};
use aws_config::SdkConfig;
use engine::{Applied, Claims, Refusal, StopMode};
use resource::{Stack, Tags};
use std::sync::Arc;
use tokio::sync::watch;

impl Platform {
    /// `mlopsctl up`.
    ///
    /// # Panics
    /// When the plan is refused.
    pub async fn up(&self, sdk: &SdkConfig) -> Applied {
        let applied = self.try_up(sdk).await;
        applied.unwrap_or_else(|refusals| panic!("refused: {}", in_words(&refusals)))
    }

    /// `mlopsctl up`, where the plan may be refused.
    ///
    /// # Errors
    /// The refusals of the plan.
    pub async fn try_up(&self, sdk: &SdkConfig) -> Result<Applied, Vec<Refusal>> {
        self.up_amid_faults(sdk).await.map_err(refusals)
    }

    /// `mlopsctl up` while AWS may not answer: the run may end before it has the lock or a plan.
    ///
    /// # Errors
    /// The reason why nothing was applied.
    pub async fn up_amid_faults(&self, sdk: &SdkConfig) -> Result<Applied, NotDone> {
        self.change(&self.stack, sdk).await
    }

    /// `mlopsctl destroy`.
    ///
    /// # Panics
    /// When the plan is refused.
    pub async fn destroy(&self, sdk: &SdkConfig) -> Applied {
        let applied = self.try_destroy(sdk).await;
        applied.unwrap_or_else(|refusals| panic!("refused: {}", in_words(&refusals)))
    }

    /// `mlopsctl destroy`, where the plan may be refused.
    ///
    /// # Errors
    /// The refusals of the plan.
    pub async fn try_destroy(&self, sdk: &SdkConfig) -> Result<Applied, Vec<Refusal>> {
        self.destroy_amid_faults(sdk).await.map_err(refusals)
    }

    /// `mlopsctl destroy` while AWS may not answer: the run may end before it has the lock or a plan.
    ///
    /// # Errors
    /// The reason why nothing was applied.
    pub async fn destroy_amid_faults(&self, sdk: &SdkConfig) -> Result<Applied, NotDone> {
        self.change(&Arc::new(Stack::new(self.identity.clone(), Tags::default())), sdk).await
    }

    /// Through the same library as `mlopsctl`.
    async fn change(&self, stack: &Arc<Stack>, sdk: &SdkConfig) -> Result<Applied, NotDone> {
        let workspace = self.workspace(sdk);
        let change = ChangeRequest {
            workspace: &workspace,
            wanted: Wanted::Given(stack.clone(), String::new()),
            operation: "up",
            targets: self.targets(stack),
            claims: Claims::new(),
            condition: ApplyCondition::Confirmed,
            options: ChangeOptions {
                is_confirmed: true,
                delete_data: self.globs_of_data(),
                unprotect: self.unprotected(),
                ..ChangeOptions::default()
            },
        };
        let done = Box::pin(change.run(watch::Sender::new(StopMode::Go))).await?;
        let mut applied = done.applied;
        match done.ended.result {
            Err(overtaken @ state::Error::MovedBy { .. }) => applied.stopped = Some(overtaken.to_string()),
            written => written.expect("the state can be written"),
        }
        Ok(applied)
    }
}

/// The refusals of a plan. Where every request is answered, nothing else keeps a run from being applied.
fn refusals(not_done: NotDone) -> Vec<Refusal> {
    match not_done {
        NotDone::Refused(refused) => refused.refusals,
        not_done => panic!("{not_done:?}"),
    }
}

fn in_words(refusals: &[Refusal]) -> String {
    let words = refusals.iter().map(|refusal| format!("{}: {}", refusal.address, refusal.failure));
    words.collect::<Vec<_>>().join("; ")
}
