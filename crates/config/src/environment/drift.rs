//! What was changed by others: what is told of it, and what is put right.

use super::functions::Architecture;
use crate::check::{Place, Surroundings};
use crate::form::{AddressGlob, ProjectPath, Schedule, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fs::File, io::Read as _, path::Path};

/// Changes that were not made by mlopsctl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// Patterns of addresses (`*` stands for anything) whose differences are not reported.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
    /// How far `reconcile` goes.
    pub heal: Heal,
    /// At how many differences `reconcile` heals none of them, because so many are hardly a slip.
    #[schemars(range(min = 1, max = 65535))]
    pub too_many: u16,
    /// `reconcile` on a schedule, on AWS. Left out, whoever wants it runs it elsewhere.
    pub job: Option<Job>,
}

/// A Lambda function that runs `mlopsctl reconcile`, with the rights that takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// When, in UTC.
    #[serde(default = "hourly")]
    #[schemars(with = "Text<Schedule>")]
    pub schedule: String,
    /// mlopsctl itself, built for Linux on `architecture`: a file of the project.
    #[schemars(with = "Text<ProjectPath>")]
    pub binary: String,
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

/// How far healing goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Heal {
    /// Everything is told and nothing is healed.
    Nothing,
    /// What can be put back in place, or made anew where it is gone. Nothing is deleted.
    #[default]
    Safely,
    /// Also what only a replacement can put right, unless it is protected or holds data.
    Everything,
}

impl Default for Drift {
    fn default() -> Self {
        Self { ignore: Vec::new(), heal: Heal::default(), too_many: 20, job: None }
    }
}

impl Drift {
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        super::protection::check_globs(&self.ignore, at.get("ignore"));
        if let Some(job) = &self.job
            && at.get("job").sound(&["binary", "architecture"])
        {
            job.check_binary(at.get("job").get("binary"), around);
        }
    }
}

impl Job {
    /// Lambda starts what is built for its processor and says of anything else only that it ended.
    fn check_binary(&self, at: Place<'_>, around: &Surroundings<'_>) {
        at.exists(around.root, &self.binary);
        let Some(file) = around.root.map(|root| root.join(&self.binary)).filter(|file| file.is_file()) else { return };
        let processor = |architecture| match architecture {
            Architecture::X86 => "x86_64",
            Architecture::Arm64 => "arm64",
        };
        let wanted = processor(self.architecture);
        match built_for(&file) {
            Err(error) => at.report(format!("`{}` cannot be read: {error}", self.binary), ""),
            Ok(Some(architecture)) if architecture == self.architecture => {}
            Ok(Some(other)) => at.report(
                format!("`{}` is built for {}, and the job runs on {wanted}", self.binary, processor(other)),
                format!("set `architecture = \"{}\"`, or build it for {wanted}", processor(other)),
            ),
            Ok(None) => at.report(
                format!("`{}` is no program for Linux on {wanted}", self.binary),
                "build mlopsctl for the target that Lambda runs, such as x86_64-unknown-linux-musl",
            ),
        }
    }
}

/// The processor that a program is for, by the head of its file.
/// <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>
fn built_for(file: &Path) -> std::io::Result<Option<Architecture>> {
    let mut head = Vec::new();
    File::open(file)?.take(20).read_to_end(&mut head)?;
    // Of 64 bits, the least significant byte first.
    let is_elf = head.starts_with(b"\x7fELF\x02\x01");
    Ok(match head.get(18..20) {
        Some([62, 0]) if is_elf => Some(Architecture::X86),
        Some([183, 0]) if is_elf => Some(Architecture::Arm64),
        _ => None,
    })
}
