//! The training pipeline on the embedded AWS of `--local`: from an upload to a registered model.

use crate::{
    goals::{ROWS_PEAK_BYTES, ROWS_WITHIN, SAMPLE_WITHIN},
    process::{self, Job, Usage},
    project::Project,
    table,
};
use std::{path::Path, time::Duration};

const SAMPLE: &str = "pipeline/sample/churn.csv";
const GENERATED: &str = "generated.csv";

/// The page with the costs of training on the sample, or on that many generated rows, and true if they are within the
/// goals. An execution that is not measured comes first: it makes the Python environment where there is none yet.
pub(crate) fn report(binary: &Path, rows: Option<u64>) -> Result<(String, bool), String> {
    measure(binary, None)?;
    let measured = measure(binary, rows)?;
    let page = table::usages("dev, on this machine", &measured);
    let (verdicts, well) = verdicts(&measured, rows);
    Ok((format!("{page}\n{verdicts}"), well))
}

/// In a project of its own, so that no model is there to compare with.
fn measure(binary: &Path, rows: Option<u64>) -> Result<Vec<(&'static str, Usage)>, String> {
    let project = Project::new()?;
    let data = match rows {
        Some(rows) => {
            without_ingestion(&project)?;
            generate(&project, rows)?
        }
        None => SAMPLE,
    };
    process::run(&Job::new(binary, &["up", "dev", "--local"], project.path()))?;
    let commands: [(&str, &[&str]); 2] = [("upload", &["upload", data]), ("run --follow", &["run", "--follow"])];
    let measured = commands.iter().map(|(name, command)| {
        let arguments = [&["pipeline", "dev"], *command, &["--local"]].concat();
        let (usage, _) = process::run(&Job::new(binary, &arguments, project.path()))?;
        Ok((*name, usage))
    });
    measured.collect()
}

/// Generated rows are written to no feature group: its online store takes records one by one, so that a call for each of
/// millions would be all that is measured.
fn without_ingestion(project: &Project) -> Result<(), String> {
    project.edit("dev", "ingest = true", "ingest = false")
}

/// Has the sample's own program write more rows of the same kind. Returns the name of the file.
fn generate(project: &Project, rows: u64) -> Result<&'static str, String> {
    let rows = rows.to_string();
    let arguments = ["pipeline/sample/generate.py", "--rows", rows.as_str(), GENERATED];
    process::run(&Job::new(Path::new("python3"), &arguments, project.path()))?;
    Ok(GENERATED)
}

/// The whole time, and for generated rows the peak memory, beside the goals.
fn verdicts(measured: &[(&str, Usage)], rows: Option<u64>) -> (String, bool) {
    let total: Duration = measured.iter().map(|(_, usage)| usage.wall).sum();
    let peak = measured.iter().map(|(_, usage)| usage.peak_bytes).max().unwrap_or_default();
    let within = if rows.is_some() { ROWS_WITHIN } else { SAMPLE_WITHIN };
    let verdict = |well| if well { "met" } else { "MISSED" };
    let fast = total <= within;
    let mut page = format!(
        "upload to registered model: {:.0} s, goal {} s, {}\n",
        total.as_secs_f64(),
        within.as_secs(),
        verdict(fast)
    );
    let Some(rows) = rows else { return (page, fast) };
    let small = peak <= ROWS_PEAK_BYTES;
    page += &format!(
        "peak memory with {rows} rows: {} MB, goal {} MB, {}\n",
        peak / 1_000_000,
        ROWS_PEAK_BYTES / 1_000_000,
        verdict(small)
    );
    (page, fast && small)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(seconds: u64, peak_bytes: u64) -> Usage {
        Usage { wall: Duration::from_secs(seconds), cpu: Duration::ZERO, peak_bytes }
    }

    #[test]
    fn time_and_memory_of_all_commands_are_held_to_the_goals() {
        let measured = [("upload", usage(10, 100_000_000)), ("run --follow", usage(55, 2_500_000_000))];
        let (page, well) = verdicts(&measured, None);
        assert_eq!((page.as_str(), well), ("upload to registered model: 65 s, goal 60 s, MISSED\n", false));
        let (page, well) = verdicts(&measured, Some(5_000_000));
        assert!(well && page.contains("65 s, goal 600 s, met"), "{page}");
        assert!(page.contains("peak memory with 5000000 rows: 2500 MB, goal 4000 MB, met"), "{page}");
        let (page, well) = verdicts(&[("run --follow", usage(1, 5_000_000_000))], Some(10));
        assert!(!well && page.contains("5000 MB, goal 4000 MB, MISSED"), "{page}");
    }

    #[test]
    fn generated_rows_are_written_to_no_feature_group() {
        let project = Project::new().unwrap();
        without_ingestion(&project).unwrap();
        let file = std::fs::read_to_string(project.path().join("environments/dev.toml")).unwrap();
        assert!(file.contains("ingest = false") && !file.contains("ingest = true"));
    }

    #[test]
    fn as_many_rows_are_generated_as_asked_for() {
        let project = Project::new().unwrap();
        let file = project.path().join(generate(&project, 250).unwrap());
        assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 251);
    }
}
