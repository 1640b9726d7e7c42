//! The settings for drift: notifications about it, and its repair.

use super::functions::Architecture;
use crate::check::{Place, Surroundings};
use crate::form::{AddressGlob, ProjectPath, Schedule, Text};
use crate::program::{Processor, Program};
use crate::project::inside;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Changes that were not made by mlopsctl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// Patterns of addresses (`*` stands for anything) whose differences are not reported.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
    /// The drift that `reconcile` repairs.
    #[serde(rename = "heal")]
    pub repair: DriftRepair,
    /// The number of differences at which `reconcile` repairs none of them: so many hardly come from one mistake.
    #[schemars(range(min = 1, max = 65535))]
    pub too_many: u16,
    /// `reconcile` on a schedule, on AWS. Left out, it runs only when you start it, for example in a CI system.
    pub job: Option<Job>,
}

/// A Lambda function that runs `mlopsctl reconcile`, with the permissions that this command needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The schedule on which it runs, in UTC: `rate(…)` or `cron(…)`.
    #[serde(default = "hourly")]
    #[schemars(with = "Text<Schedule>", example = &"rate(6 hours)")]
    pub schedule: String,
    /// mlopsctl itself, built for Linux on `architecture`: a file of the project. Left out, it is the mlopsctl that runs
    /// `up`.
    #[serde(default)]
    #[schemars(with = "Option<Text<ProjectPath>>", example = &"tools/mlopsctl")]
    pub binary: Option<String>,
    /// The processor.
    #[serde(default)]
    pub architecture: Architecture,
    /// Memory, with which the processor's share grows.
    #[serde(default = "gigabyte")]
    #[schemars(range(min = 256, max = 10_240))]
    pub memory_mb: u16,
    /// Minutes after which a run is ended. It stops a minute before, and the next one goes on.
    #[serde(default = "quarter_of_an_hour")]
    #[schemars(range(min = 2, max = 15))]
    pub timeout_minutes: u16,
    /// A job that repairs may make roles. Without a `permissions_boundary` no policy limits what those may do, so that
    /// the job can make itself administrator of the account. `true` accepts that.
    #[serde(default)]
    pub accept_administration: bool,
}

/// The name of the job's function, after `<project>-<environment>-`.
pub const JOB: &str = "drift-job";

fn hourly() -> String {
    "rate(1 hour)".to_owned()
}

fn gigabyte() -> u16 {
    1024
}

fn quarter_of_an_hour() -> u16 {
    15
}

/// The drift that `reconcile` repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriftRepair {
    /// All drift is reported, and none is repaired.
    Nothing,
    /// Drift that an update repairs, and resources that are missing. Nothing is deleted.
    #[default]
    Safely,
    /// Also drift that only a replacement repairs, unless the resource is protected or holds data.
    Everything,
}

impl Default for Drift {
    fn default() -> Self {
        Self { ignore: Vec::new(), repair: DriftRepair::default(), too_many: 20, job: None }
    }
}

impl Drift {
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>, bounded: bool) {
        super::protection::check_globs(&self.ignore, at.get("ignore"));
        self.job_is_limited(at, bounded);
        if let Some(job) = &self.job
            && at.get("job").sound(&["binary", "architecture"])
        {
            job.check_binary(at.get("job"), around);
        }
    }
}

impl Drift {
    /// An identity that creates roles and passes them to a service can do everything that those roles may.
    fn job_is_limited(&self, at: Place<'_>, bounded: bool) {
        let Some(job) = &self.job else { return };
        if self.repair != DriftRepair::Nothing
            && !bounded
            && !job.accept_administration
            && at.get("job").sound(&["binary"])
        {
            at.get("job").report(
                "the drift job may make roles, and no boundary limits them: it could make itself administrator of the \
                 account",
                "set `permissions_boundary` under [identity], or `heal = \"nothing\"` under [drift], or accept it with \
                 `accept_administration = true` under [drift.job]",
            );
        }
    }
}

/// The glibc of Amazon Linux 2023, on which Lambda runs programs of one's own.
/// <https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html>
const GLIBC: (u32, u32) = (2, 34);

const NAME_A_BUILD: &str = "name a build for Linux with `binary` under [drift.job]: each release has one without the \
                            embedded AWS (docs/drift.md)";

impl Job {
    /// Lambda starts what is built for its Linux, and says of anything else only that it ended.
    fn check_binary(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let Some(root) = around.root else { return };
        if let Some(binary) = &self.binary {
            let at = at.get("binary");
            at.exists(around.root, binary);
            let file = inside(root, Path::new(binary)).ok().filter(|file| file.is_file());
            if let Some(file) = file {
                let help = "a build of mlopsctl is: `cargo build --release --no-default-features -p mlopsctl` on such a \
                            machine";
                self.check_program(&at, &file, &format!("`{binary}`"), help);
            }
            return;
        }
        match std::env::current_exe() {
            Ok(file) => self.check_program(&at, &file, "the running mlopsctl", NAME_A_BUILD),
            Err(error) => at.report(format!("the file of the running mlopsctl is unknown: {error}"), NAME_A_BUILD),
        }
    }

    /// Reports a program that Lambda cannot start; `called` names it, and `help` says where another one comes from.
    fn check_program(&self, at: &Place<'_>, file: &Path, called: &str, help: &str) {
        let wanted = spelled(self.architecture);
        match Program::read(file) {
            Err(error) => at.report(format!("{called} cannot be read: {error}"), ""),
            Ok(None) => at.report(format!("{called} is no program for Linux on {wanted}"), help),
            Ok(Some(Program { processor, .. })) if architecture(processor) != self.architecture => {
                let built_for = spelled(architecture(processor));
                at.report(
                    format!("{called} is built for {built_for}, and the job runs on {wanted}"),
                    format!("set `architecture = \"{built_for}\"`, or name a build for {wanted} with `binary`"),
                );
            }
            Ok(Some(Program { glibc: Some(needed), .. })) if needed > GLIBC => at.report(
                format!("{called} needs glibc {}.{}; Lambda has {}.{}", needed.0, needed.1, GLIBC.0, GLIBC.1),
                "take the binary of a release, or build it on an older system, such as Amazon Linux 2023 or Debian 12",
            ),
            Ok(Some(_)) => {}
        }
    }
}

fn architecture(processor: Processor) -> Architecture {
    match processor {
        Processor::X86 => Architecture::X86,
        Processor::Arm64 => Architecture::Arm64,
    }
}

fn spelled(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86 => "x86_64",
        Architecture::Arm64 => "arm64",
    }
}
