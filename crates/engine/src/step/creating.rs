//! Making a resource, and finding it again where the answer was lost.

use super::{Applying, Made, Sent};
use crate::{
    Action,
    clock::Clock,
    patience::{SURFACES_WITHIN, Unbearable},
    refresh::find,
    removing::Doomed,
};
use aws_client::FailureKind;
use resource::{Cx, Reconciler};
use state::Entry;
use tokio::time::Instant;

impl Applying<'_> {
    /// What AWS has left of what somebody else has deleted is in the way sooner or later.
    pub(super) async fn clear_remnants(
        &self,
        reconciler: &dyn Reconciler,
        clock: &Clock<'_>,
    ) -> Result<(), Unbearable> {
        match &self.vanished {
            Some(entry @ Entry { id: Some(id), .. }) if reconciler.remnants() => {
                let cx = self.run.workshop.cx_of(&self.address, entry);
                let doomed = Doomed { spec: &entry.spec, id, cx: &cx, interrupted: false, may_be_left: false };
                self.run.delete(reconciler, doomed, clock).await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn create(
        &self,
        reconciler: &dyn Reconciler,
        cx: &Cx,
        clock: &Clock<'_>,
    ) -> Result<Made, Unbearable> {
        // The intents of plain creates are durable since the run began.
        if self.action == Action::Replace && !self.run.writer.flush().await {
            return Err(Unbearable::Stopped);
        }
        let mut patience = clock.patience();
        // What an earlier run sent, it sent before this run began; what this step sent, just now.
        let mut lost = self.find_first.then_some(self.run.began);
        loop {
            if let Some(sent) = lost
                && let Some(id) = self.surface(sent, reconciler, cx, clock).await?
            {
                return Ok(Made { id, now: false });
            }
            let failure = match reconciler.create(&self.spec, cx).await {
                Ok(id) => return Ok(Made { id, now: true }),
                Err(failure) => failure,
            };
            lost = (failure.kind == FailureKind::Ambiguous).then(Instant::now);
            if failure.kind == FailureKind::Exists {
                return match self.surface(Instant::now(), reconciler, cx, clock).await? {
                    Some(id) => Ok(Made { id, now: false }),
                    None => Err(failure.into()),
                };
            }
            self.bear(&mut patience, failure, clock).await?;
        }
    }

    /// Looks for what a lost create may have made, for as long as AWS may hide it. Looks at least once.
    async fn surface(
        &self,
        sent: Instant,
        reconciler: &dyn Reconciler,
        cx: &Cx,
        clock: &Clock<'_>,
    ) -> Result<Option<String>, Unbearable> {
        let mut patience = clock.patience();
        loop {
            match find(reconciler, &self.spec, cx).await {
                Ok(Some(found)) => return Ok(Some(found.id)),
                Ok(None) if sent.elapsed() >= SURFACES_WITHIN => return Ok(None),
                Ok(None) => patience.wait().await?,
                Err(failure) => {
                    clock.waits_for(&failure);
                    patience.bear(failure).await?;
                }
            }
        }
    }

    /// Sends what only an update can set to what was just made, where it is known without looking. Whatever goes
    /// wrong shows when it is looked at.
    pub(super) async fn complete(&mut self, reconciler: &dyn Reconciler, cx: &Cx, id: &str, sent: &mut Sent) {
        let Some(live) = reconciler.as_created(&self.spec) else { return };
        let diff = reconciler.compare(&self.spec, None, &live);
        if diff.is_empty() || reconciler.replacement(&self.spec, &live, &diff).is_some() {
            return;
        }
        match reconciler.update(&self.spec, id, &live, &diff, cx).await {
            Ok(()) => {
                sent.note(&diff);
                self.applied(reconciler);
            }
            Err(failure) => tracing::debug!(%failure, address = %self.address, "not to be completed without looking"),
        }
    }
}
