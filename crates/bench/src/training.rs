//! The training pipeline on the embedded AWS of `--local`: from the sample's upload to a registered model.

use crate::{
    goals::SAMPLE_WITHIN,
    process::{self, Job, Usage},
    project::Project,
    table,
};
use std::{path::Path, time::Duration};

const COMMANDS: [(&str, &[&str]); 2] =
    [("upload", &["upload", "pipeline/sample/churn.csv"]), ("run --follow", &["run", "--follow"])];

/// What it took, and whether that is within the goal. An execution that is not measured comes first: it makes the Python
/// environment where there is none yet.
pub(crate) fn report(binary: &Path) -> Result<(String, bool), String> {
    measure(binary)?;
    let measured = measure(binary)?;
    let total: Duration = measured.iter().map(|(_, usage)| usage.wall).sum();
    let well = total <= SAMPLE_WITHIN;
    let (seconds, goal) = (total.as_secs_f64(), SAMPLE_WITHIN.as_secs());
    let verdict = if well { "met" } else { "MISSED" };
    let page = table::usages("dev, on this machine", &measured);
    Ok((format!("{page}\nupload to registered model: {seconds:.0} s, goal {goal} s, {verdict}\n"), well))
}

/// In a project of its own, so that no model is there to compare with.
fn measure(binary: &Path) -> Result<Vec<(&'static str, Usage)>, String> {
    let project = Project::new()?;
    process::run(&Job::new(binary, &["up", "dev", "--local"], project.path()))?;
    let measured = COMMANDS.iter().map(|(name, command)| {
        let arguments = [&["pipeline", "dev"], *command, &["--local"]].concat();
        let (usage, _) = process::run(&Job::new(binary, &arguments, project.path()))?;
        Ok((*name, usage))
    });
    measured.collect()
}
