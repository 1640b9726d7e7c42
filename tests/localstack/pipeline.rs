//! Using a platform on LocalStack, whose Step Functions interpret the definition and whose S3 keeps checksums.

use crate::platform::Platform;
use serde_json::Value;

/// moto knows a Glue job's name and not its work, so the execution fails; its history is told as LocalStack gives it.
#[test]
fn data_is_uploaded_once_and_an_execution_followed_to_its_end() {
    let platform = Platform::new("use", "dev");
    platform.run("up", &[]).ends_with(0);
    let upload = || platform.pipeline(&["upload", "pipeline/sample/churn.csv", "--json"]).ends_with(0).json();
    assert_eq!((&upload()["added"], &upload()["unchanged"]), (&1.into(), &1.into()));
    let followed = platform.pipeline(&["run", "--follow", "--json"]).ends_with(1);
    let lines: Vec<Value> = followed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_etl = lines.iter().filter(|line| line["step"] == "ExtractTransformLoad");
    let phases: Vec<&str> = of_etl.clone().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(phases[..2], ["started", "submitted"], "{phases:?}");
    assert!(of_etl.clone().any(|line| line["job"].as_str().is_some_and(|job| job.starts_with("jr_"))));
    let status = platform.pipeline(&["status", "--json"]).ends_with(1).json();
    let summary = lines.last().unwrap();
    assert_eq!((&status["arn"], &status["status"]), (&summary["arn"], &"FAILED".into()));
    assert_eq!(status["steps"][0]["step"], "Defaults");
    platform.run("destroy", &["--delete-data"]).ends_with(0);
}
