//! The content of a lock, which describes its holder.

use crate::{LivenessFile, Process};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The holder of a lock, which is at work on a stack. Fields that this version does not know are passed over, so that
/// versions can meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The id that `unlock` needs.
    pub id: String,
    /// The AWS identity with `user@host`, or with the run of a CI system.
    pub who: String,
    /// For example `up`.
    pub operation: String,
    /// When the work began.
    pub started: Timestamp,
    /// When the holder was last known to be alive, by its own clock.
    pub renewed: Timestamp,
    /// The process, if its host can tell processes apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// Set by `unlock`: the lease is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
}

/// The end of a lease by `unlock`. The lock stays, marked, so that the next holder knows that this one may not have
/// noticed, and fences it. Version 0.1 reads it as a lock that is not renewed, and takes it over in a minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// `user@host` of the person who ran `unlock`.
    pub by: String,
    /// When, by their clock.
    pub at: Timestamp,
    /// Seconds from then, by the store's clock, until the holder has surely stopped.
    pub usable_after_seconds: u64,
}

impl Holder {
    /// This process, about to run `operation`. `caller` is the ARN of its AWS identity, if known.
    pub fn new(operation: &str, caller: Option<&str>) -> Self {
        let now = Timestamp::now();
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            who: who(caller),
            operation: operation.to_owned(),
            started: now,
            renewed: now,
            process: Process::current(),
            removed: None,
        }
    }

    /// True if its process has provably ended: it was of this machine, is not found here, and keeps its
    /// [`LivenessFile`] no more.
    pub fn has_died(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_dead) && LivenessFile::is_abandoned(&self.id)
    }

    /// True if the holder is at work according to its lock: not removed, not dead, and renewed within the last minute.
    pub fn is_at_work(&self, now: Timestamp) -> bool {
        const EXPIRES_AFTER_SECONDS: i64 = 60;
        let silent = now.duration_since(self.renewed).as_secs();
        self.removed.is_none() && !self.has_died() && silent <= EXPIRES_AFTER_SECONDS
    }

    /// True if its process is alive on this machine, as far as is known.
    pub fn is_alive_here(&self) -> bool {
        LivenessFile::is_held(&self.id) || self.process.as_ref().is_some_and(Process::is_alive_here)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, running `{}` since {:.0} (lock {}", self.who, self.operation, self.started, self.id)?;
        match &self.removed {
            Some(removed) => write!(f, ", removed by {} at {:.0})", removed.by, removed.at),
            None => f.write_str(")"),
        }
    }
}

/// The name of this process for people. In a CI system it is the run, because user and host identify no person there.
/// Elsewhere it is user and host. The AWS identity comes first, if known.
pub(crate) fn who(caller: Option<&str>) -> String {
    let run = CI_RUNS.iter().find_map(|name| std::env::var(name).ok().map(|run| format!("{name} {run}")));
    match (caller, run) {
        (Some(caller), Some(run)) => format!("{caller} ({run})"),
        (Some(caller), None) => format!("{} as {caller}", user_and_host()),
        (None, Some(run)) => format!("{} ({run})", user_and_host()),
        (None, None) => user_and_host(),
    }
}

fn user_and_host() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::fs::read_to_string("/etc/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    format!("{}@{}", user.as_deref().unwrap_or("unknown-user"), host.as_deref().unwrap_or("unknown-host"))
}

/// The variables in which GitHub, GitLab, CodeBuild, CircleCI and Jenkins identify the run.
const CI_RUNS: [&str; 6] =
    ["GITHUB_RUN_ID", "CI_JOB_URL", "CI_JOB_ID", "CODEBUILD_BUILD_ID", "CIRCLE_WORKFLOW_ID", "BUILD_URL"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holder_names_the_aws_identity() {
        let arn = "arn:aws:sts::123456789012:assumed-role/deploy/run-7";
        assert!(Holder::new("up", Some(arn)).who.contains(arn));
        assert!(!Holder::new("up", None).who.contains("arn:"));
    }

    #[test]
    fn lock_of_another_version_is_read_with_fields_that_are_not_known() {
        let of_0_1 = r#"{"id": "1", "who": "ann@laptop", "operation": "up", "started": "2026-01-01T00:00:00Z",
            "renewed": "2026-01-01T00:00:00Z", "process": {"boot": "b", "pid": 1, "start": 2, "later": 3}}"#;
        let holder: Holder = serde_json::from_str(of_0_1).unwrap();
        assert!(holder.removed.is_none() && holder.process.is_some());
        let later = of_0_1.replace("\"who\"", "\"region\": {\"of\": 1}, \"who\"");
        assert_eq!(serde_json::from_str::<Holder>(&later).unwrap(), holder);
        // The fields that 0.1 reads are all present.
        let written = serde_json::to_value(&holder).unwrap();
        assert!(["id", "who", "operation", "started", "renewed"].iter().all(|field| written[*field].is_string()));
    }
}
