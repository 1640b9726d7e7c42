//! Using what was built: data, executions, logs, approval, images.

use crate::{
    project::{Project, Ran},
    recorded::Recorded,
    schemas::conforms,
    served::ServedAws,
};
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_sagemaker::types::{ProductionVariant, Tag};
use serde_json::Value;
use std::{path::PathBuf, process::Command, sync::Arc};

/// A project that is up on an embedded AWS whose executions are recorded ones.
struct Platform {
    project: Project,
    aws: ServedAws,
}

impl Platform {
    fn with(recorded: Recorded) -> Self {
        let platform = Self { project: Project::new(), aws: ServedAws::behind(Arc::new(recorded)) };
        platform.run(&["up", "dev", "--yes"]).ends_with(0);
        platform
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.aws.command(&self.project, arguments)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn bring_data(&self) {
        self.run(&["pipeline", "dev", "upload", "pipeline/sample/churn.csv"]).ends_with(0);
    }

    fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        self.aws.behind_its_back(work)
    }

    /// Writes a log as a service does, so many seconds after the recorded executions started.
    fn log(&self, group: &str, stream: &str, seconds: i64, text: &str) {
        self.behind_its_back(async |sdk| {
            let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
            // The platform may have made the group already.
            let _ = logs.create_log_group().log_group_name(group).send().await;
            logs.create_log_stream().log_group_name(group).log_stream_name(stream).send().await.unwrap();
            let event =
                InputLogEvent::builder().timestamp(1_795_600_000_000 + seconds * 1000).message(text).build().unwrap();
            let call = logs.put_log_events().log_group_name(group).log_stream_name(stream).log_events(event);
            call.send().await.unwrap();
        });
    }
}

/// All parts, in this order.
#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is not in its place in:\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn before_the_platform_is_up_every_command_says_how_to_bring_it_up() {
    let project = Project::new();
    for command in [&["status"][..], &["run"], &["upload", "environments"], &["approve"], &["image"]] {
        let ran = project.local(&[&["pipeline", "dev"], command].concat()).ends_with(1);
        tells(&ran.stderr, &["dev has not been brought up yet", "mlopsctl up dev"]);
    }
}

#[test]
fn data_goes_where_the_pipeline_reads_it_and_goes_once() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let header = "customer_id,tenure_months,plan,payment,monthly_charge,support_calls,weekly_hours,autopay,churned\n";
    let rows = |row: &str| format!("{header}{row}\n");
    project.write("data/2026/january.csv", &rows("1,9,pro,card,9.5,0,2,true,0"));
    project.write("data/february.csv", &rows("2,8,pro,card,9.5,0,2,true,1"));
    let upload = ["pipeline", "dev", "upload", "data"];
    let early = project.local(&["pipeline", "dev", "run"]).ends_with(1);
    tells(
        &early.stderr,
        &["there is no data in s3://mlops-pipeline-dev-data-", "nothing was started", "pipeline dev upload"],
    );
    let first = project.local(&upload).ends_with(0);
    tells(&first.stderr, &["uploaded", "raw/2026/january.csv", "2 files"]);
    project.write("data/february.csv", &rows("2,8,pro,card,9.5,0,2,true,0"));
    let second = project.local(&[&upload[..], &["--json"]].concat()).ends_with(0).json();
    conforms("upload", &second);
    assert_eq!((&second["added"], &second["replaced"], &second["unchanged"]), (&0.into(), &1.into(), &1.into()));
    let missing = project.local(&["pipeline", "dev", "upload", "data/febuary.csv"]).ends_with(64);
    tells(&missing.stderr, &["there is no file or folder ", "/data/febuary.csv", "did you mean `data/february.csv`?"]);
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        let head = aws_s3::client(&sdk).head_object().bucket(bucket).key("raw/2026/january.csv");
        assert_eq!(head.send().await.unwrap().content_length(), Some(rows("1,9,pro,card,9.5,0,2,true,0").len() as i64));
    });
}

#[test]
fn raw_data_is_listed_removed_and_restored() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let data = |arguments: &[&str]| project.local(&[&["pipeline", "dev", "data"], arguments].concat());
    tells(
        &data(&[]).ends_with(0).stderr,
        &["there is no data in s3://", "`mlopsctl pipeline dev upload DATA… --local`"],
    );
    let header = "customer_id,tenure_months,plan,payment,monthly_charge,support_calls,weekly_hours,autopay,churned\n";
    let row = "1,9,pro,card,9.5,0,2,true,0\n";
    project.write("data/2026/january.csv", &format!("{header}{row}"));
    project.write("data/february.csv", &format!("{header}{row}{}", row.replace("1,9", "2,9")));
    project.write("data/notes.md", "# Customers");
    project.local(&["pipeline", "dev", "upload", "data"]).ends_with(0);
    tells(
        &data(&[]).ends_with(0).stdout,
        &["s3://mlops-pipeline-dev-data-", "/raw/\n", "2026/january.csv  ", "february.csv  ", "notes.md  "],
    );
    let listed = data(&["--json"]).ends_with(0).json();
    conforms("raw-data", &listed);
    let files = listed["files"].as_array().unwrap();
    let of = |name: &str, field: &str| files.iter().find(|file| file["key"] == name).unwrap()[field].clone();
    assert_eq!((files.len(), &listed["rows"]), (3, &3.into()), "{listed:#}");
    assert_eq!((of("raw/february.csv", "rows"), of("raw/notes.md", "rows")), (2.into(), Value::Null));
    assert_eq!((of("raw/february.csv", "is_read"), of("raw/notes.md", "is_read")), (true.into(), false.into()));

    let slip = data(&["--remove", "febuary.csv"]).ends_with(64);
    tells(&slip.stderr, &["there is no raw file `febuary.csv`; nothing was removed", "did you mean `february.csv`?"]);
    tells(&data(&["--remove"]).ends_with(64).stderr, &["either the files to remove or --all is needed"]);
    assert_eq!(data(&["--json"]).json()["files"].as_array().unwrap().len(), 3);
    let removed = data(&["--remove", "february.csv", "2026/", "--json"]).ends_with(0);
    tells(
        &removed.stderr,
        &[
            "This removes 2 of 3 files",
            "in account ",
            "raw/2026/january.csv",
            "raw/february.csv",
            "they can be restored",
            "Data sets, models and feature records that were made of them stay",
            "2 files removed",
        ],
    );
    let removed = removed.json();
    conforms("raw-data-removal", &removed);
    assert!(removed["restorable_until"].is_string(), "{removed:#}");
    let left = data(&["--json"]).ends_with(0).json();
    assert_eq!(left["files"].as_array().unwrap().len(), 1, "{left:#}");
    project.behind_its_back(async |sdk| {
        let bucket = removed["bucket"].as_str().unwrap();
        for file in removed["removed"].as_array().unwrap() {
            let call = aws_s3::client(&sdk).delete_object().bucket(bucket).key(file["key"].as_str().unwrap());
            call.version_id(file["delete_marker"].as_str().unwrap()).send().await.unwrap();
        }
    });
    assert_eq!(data(&["--json"]).json()["files"].as_array().unwrap().len(), 3);
    project.write("data/february.csv", &format!("{header}{row}"));
    let again = project.local(&["pipeline", "dev", "upload", "data"]).ends_with(0);
    tells(&again.stderr, &["1 file (", "1 in place of another of the same name", "2 there already"]);
    data(&["--remove", "--all"]).ends_with(0);
    tells(&project.local(&["pipeline", "dev", "run"]).ends_with(1).stderr, &["there is no data in"]);
}

#[test]
fn raw_data_is_removed_only_with_consent_and_without_versions_only_by_an_option() {
    let platform = Platform::with(Recorded::new("registered"));
    platform.bring_data();
    let remove = ["pipeline", "dev", "data", "--remove", "churn.csv"];
    tells(&platform.run(&remove).ends_with(64).stderr, &["raw/churn.csv", "pass --yes"]);
    let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
    platform.behind_its_back(async |sdk| {
        let suspended = aws_sdk_s3::types::VersioningConfiguration::builder()
            .status(aws_sdk_s3::types::BucketVersioningStatus::Suspended)
            .build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(&bucket).versioning_configuration(suspended);
        call.send().await.unwrap();
    });
    let refused = platform.run(&[&remove[..], &["--yes"]].concat()).ends_with(64);
    tells(&refused.stderr, &["keeps no versions", "nothing was removed", "--delete-data"]);
    let rows = |platform: &Platform| platform.run(&["pipeline", "dev", "data", "--json"]).ends_with(0).json();
    assert_eq!(rows(&platform)["files"].as_array().unwrap().len(), 1);
    let gone = platform.run(&[&remove[..], &["--yes", "--delete-data"]].concat()).ends_with(0);
    tells(&gone.stderr, &["nothing brings these files back", "1 file removed"]);
    assert_eq!(rows(&platform)["files"].as_array().unwrap().len(), 0);
}

#[test]
fn an_input_that_is_no_object_starts_nothing() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.write("list.json", "[1]");
    for (input, complaint) in
        [("{\"split\":", "--input"), ("list.json", "not a JSON object"), ("none.json", "there is no file")]
    {
        let refused = project.local(&["pipeline", "dev", "run", "--input", input]).ends_with(64);
        tells(&refused.stderr, &[complaint]);
    }
}

#[test]
fn an_input_is_checked_and_merged_into_the_deployed_defaults() {
    let recorded = Recorded::new("registered");
    let started = recorded.started();
    let platform = Platform::with(recorded);
    platform.bring_data();
    let misspelt = "{\"hyperparameter\": {\"num_round\": 200}, \"treshold\": 1}";
    let refused = platform.run(&["pipeline", "dev", "run", "--input", misspelt]).ends_with(64);
    tells(&refused.stderr, &["did you mean `hyperparameters`?", "did you mean `thresholds`?"]);
    let refused = platform.run(&["pipeline", "dev", "run", "--set", "training.num_rounds=200"]).ends_with(64);
    tells(&refused.stderr, &["SageMaker's XGBoost has no hyperparameter `num_rounds`", "did you mean `num_round`?"]);
    assert_eq!(*started.lock().unwrap(), Vec::<Value>::new());
    platform.run(&["pipeline", "dev", "run", "--set", "training.num_round=200"]).ends_with(0);
    let input = started.lock().unwrap().pop().unwrap();
    let expected = serde_json::json!({"objective": "binary:logistic", "eval_metric": "auc", "num_round": "200"});
    assert_eq!(input["hyperparameters"], expected);
}

#[test]
fn container_newer_than_all_known_ones_is_warned_of_and_not_refused() {
    let recorded = Recorded::new("registered");
    let started = recorded.started();
    let platform = Platform::with(recorded);
    platform.bring_data();
    platform.project.edit("dev", "[pipeline]\n", "[pipeline]\nimage = \"aws/sagemaker-xgboost:99.0-1\"\n");
    let is_newer = "warning: `aws/sagemaker-xgboost:99.0-1` is newer than";
    tells(&platform.run(&["validate", "dev"]).ends_with(0).stderr, &["dev is valid", is_newer]);
    let verdict = platform.run(&["validate", "dev", "--json"]).ends_with(0).json();
    conforms("validate", &verdict);
    assert_eq!(verdict["environments"][0]["warnings"].as_array().map(Vec::len), Some(1), "{verdict}");
    tells(&platform.run(&["plan", "dev"]).ends_with(0).stderr, &[is_newer]);
    tells(&platform.run(&["up", "dev", "--yes"]).ends_with(0).stderr, &[is_newer]);
    let ran = platform.run(&["pipeline", "dev", "run", "--set", "training.max_cat_threshold=64"]).ends_with(0);
    tells(&ran.stderr, &["warning: up to the newest container", "has no hyperparameter `max_cat_threshold`"]);
    let input = started.lock().unwrap().pop().unwrap();
    assert_eq!(input["hyperparameters"]["max_cat_threshold"], "64");
}

#[test]
fn a_failed_execution_is_resumed_at_its_step_with_what_it_knew() {
    let recorded = Recorded::new("training-failed");
    let started = recorded.started();
    let platform = Platform::with(recorded);
    let resumed = platform.run(&["pipeline", "dev", "resume"]).ends_with(0);
    tells(&resumed.stderr, &["resumes training-failed at Train"]);
    let input = started.lock().unwrap().pop().unwrap();
    assert_eq!(input["resume"]["failure"], serde_json::json!({"step": "Train", "count": 0}));
    assert_eq!(input["resume"]["load"]["dataset"], "snapshot-9b2c");
    // The recording says nothing of what this step was given.
    let unknown = platform.run(&["pipeline", "dev", "resume", "--from", "ValidateData"]).ends_with(64);
    tells(
        &unknown.stderr,
        &["cannot be resumed at `ValidateData`", "it went through ExtractTransformLoad, ValidateData"],
    );
    assert!(started.lock().unwrap().is_empty());
}

#[test]
fn a_followed_execution_tells_each_step_once_and_ends_with_its_metrics() {
    let platform = Platform::with(Recorded::in_stages("registered", 2));
    platform.bring_data();
    let run = platform.run(&["pipeline", "dev", "run", "--follow"]).ends_with(0);
    tells(
        &run.stderr,
        &[
            "ExtractTransformLoad started",
            "ExtractTransformLoad is job jr_5d1e",
            "ExtractTransformLoad done in 4 min 12 s",
            "Train failed: SageMaker.ResourceLimitExceededException: The account-level service limit",
            "Train is tried again, retry 1",
            "Train done in 3 min",
            "NotifySuccess done",
        ],
    );
    assert_eq!(run.stderr.matches("ValidateData done").count(), 1, "{}", run.stderr);
    assert!(!run.stderr.contains("ChooseLoad"), "{}", run.stderr);
    tells(
        &run.stdout,
        &["succeeded", "auc 0.9133", "model-package/mlops-pipeline-dev-models/1", "pipeline dev approve"],
    );
}

#[test]
fn programs_get_one_event_per_line_and_a_summary() {
    let platform = Platform::with(Recorded::in_stages("training-failed", 1));
    platform.bring_data();
    let run = platform.run(&["pipeline", "dev", "run", "--follow", "--json"]).ends_with(1);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, events) = lines.split_last().unwrap();
    lines.iter().for_each(|line| conforms("execution-events", line));
    let of_training =
        events.iter().filter(|event| event["step"] == "Train").map(|event| event["phase"].as_str().unwrap());
    let phases: Vec<&str> = of_training.collect();
    assert_eq!(
        phases,
        ["started", "submitted", "failed", "retried", "submitted", "failed", "retried", "submitted", "failed"]
    );
    assert_eq!((&summary["event"], &summary["status"]), (&"summary".into(), &"FAILED".into()));
    assert_eq!(summary["error"]["step"], "Train");
    let status = platform.run(&["pipeline", "dev", "status", "--json"]).ends_with(1).json();
    conforms("execution", &status);
    assert_eq!(status["steps"][6]["retries"], 2, "{status:#}");
}

#[test]
fn the_step_in_which_an_execution_was_stopped_is_shown_as_interrupted() {
    let platform = Platform::with(Recorded::new("stopped"));
    let status = platform.run(&["pipeline", "dev", "status"]).ends_with(1);
    tells(&status.stdout, &["was stopped after", "  ✗ WaitForEndpoint", "  interrupted\n"]);
    tells(&status.stdout, &["error: WaitForEndpoint: Stopped: enough\n"]);
    let document = platform.run(&["pipeline", "dev", "status", "--json"]).ends_with(1).json();
    conforms("execution", &document);
    assert_eq!(document["error"]["step"], "WaitForEndpoint");
    let steps = document["steps"].as_array().unwrap();
    let statuses: Vec<_> = steps.iter().map(|step| (step["step"].as_str(), step["status"].as_str())).collect();
    assert!(statuses.contains(&(Some("WaitForEndpoint"), Some("interrupted"))), "{statuses:?}");
}

#[test]
fn the_status_of_a_failed_execution_names_the_step_and_its_reason() {
    let platform = Platform::with(Recorded::new("data-refused"));
    let status = platform.run(&["pipeline", "dev", "status"]).ends_with(1);
    let expected = "\
Execution data-refused failed after 4 min 14 s, started 2026-11-25 09:46:40 UTC
  ✓ ExtractTransformLoad   4 min 12 s
  ✗ ValidateData                2.0 s
      DataRejected: column monthly_charge: 31.0% missing, at most 20.0% allowed
  ✗ NotifyFailure               0.3 s
      SNS.AuthorizationErrorException: User is not authorized to perform: SNS:Publish (Service: Sns, Status Code: 403)
error: ValidateData: DataRejected: column monthly_charge: 31.0% missing, at most 20.0% allowed
";
    assert_eq!(status.stdout, expected);
}

#[test]
fn a_model_that_is_not_good_enough_is_no_failure_but_told() {
    let platform = Platform::with(Recorded::new("not-good-enough"));
    let status = platform.run(&["pipeline", "dev", "status"]).ends_with(0);
    tells(
        &status.stdout,
        &["succeeded", "not good enough to be registered: auc is 0.913274, at least 0.95 is required"],
    );
}

#[test]
fn the_log_of_the_failing_step_is_shown_wherever_its_service_writes_it() {
    let platform = Platform::with(Recorded::new("training-failed"));
    platform.log(
        "/aws/sagemaker/TrainingJobs",
        "mlops-pipeline-dev-9b2c-2/algo-1-17",
        500,
        "label 2.0 is out of range",
    );
    platform.log("/aws/sagemaker/TrainingJobs", "mlops-pipeline-dev-9b2c-1/algo-1-16", 300, "an earlier attempt");
    let logs = platform.run(&["pipeline", "dev", "logs"]).ends_with(0);
    tells(
        &logs.stdout,
        &[
            "Train is tried again, retry 2",
            "error: Train: AlgorithmError",
            "Train: log /aws/sagemaker/TrainingJobs",
            "label 2.0",
        ],
    );
    assert!(!logs.stdout.contains("an earlier attempt"), "{}", logs.stdout);
    // The job's own log groups, as its declaration in the state says.
    platform.log("/aws-glue/mlops-pipeline-dev/etl/output", "jr_5d1e-driver", 90, "412 rows quarantined");
    let etl = platform.run(&["pipeline", "dev", "logs", "--step", "ExtractTransformLoad"]).ends_with(0);
    tells(&etl.stdout, &["/aws-glue/mlops-pipeline-dev/etl/output", "412 rows quarantined"]);
    let unknown = platform.run(&["pipeline", "dev", "logs", "--step", "Deploy"]).ends_with(64);
    tells(&unknown.stderr, &["not reach a step `Deploy`", "ExtractTransformLoad, ValidateData, Train, NotifyFailure"]);
}

#[test]
fn the_log_of_a_function_is_what_it_wrote_during_the_call() {
    let platform = Platform::with(Recorded::new("data-refused"));
    let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
    let called = 254;
    platform.log(group, "2026/11/25/[$LATEST]1", called + 600, "another call, long after");
    let silent = platform.run(&["pipeline", "dev", "logs"]).ends_with(0);
    tells(&silent.stdout, &["ValidateData has written nothing to /aws/lambda/mlops-pipeline-dev-data-validation"]);
    platform.log(group, "2026/11/25/[$LATEST]2", called, "monthly_charge: 1277 of 4117 rows");
    let logs = platform.run(&["pipeline", "dev", "logs", "--json"]).ends_with(0).json();
    conforms("execution-log", &logs);
    assert_eq!((&logs["step"], logs["lines"].as_array().unwrap().len()), (&"ValidateData".into(), 1));
    assert_eq!(logs["lines"][0]["text"], "monthly_charge: 1277 of 4117 rows");
}

#[test]
fn the_newest_pending_model_is_approved_beside_the_one_approved_before() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let none = project.local(&["pipeline", "dev", "approve"]).ends_with(1);
    tells(&none.stderr, &["no model awaits approval", "there is none yet"]);
    let register = |auc: &str| {
        project.behind_its_back(async |sdk| {
            let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
            let call = call.model_package_group_name("mlops-pipeline-dev-models");
            let call = call.customer_metadata_properties("metric_auc", auc);
            let call = call.customer_metadata_properties("training_job", "mlops-pipeline-dev-9b2c-0");
            call.send().await.unwrap();
        });
    };
    register("0.81");
    register("0.92");
    let newest = project.local(&["pipeline", "dev", "approve", "--json"]).ends_with(0).json();
    conforms("model-package", &newest);
    assert_eq!((&newest["version"], &newest["approval"]), (&2.into(), &"approved".into()));
    assert_eq!(
        (&newest["metrics"]["auc"], &newest["lineage"]["training_job"]),
        (&0.92.into(), &"mlops-pipeline-dev-9b2c-0".into())
    );
    register("0.95");
    let beside = project.local(&["pipeline", "dev", "approve"]).ends_with(0);
    tells(&beside.stderr, &["Version 3", "beside version 2", "auc", "0.9500  (now 0.9200)", "version 3 is approved"]);
    let first = project.local(&["pipeline", "dev", "approve", "1"]).ends_with(0);
    tells(&first.stderr, &["Version 1"]);
    let again = project.local(&["pipeline", "dev", "approve", "1"]).ends_with(0);
    tells(&again.stderr, &["approved already"]);
    let unknown = project.local(&["pipeline", "dev", "approve", "9"]).ends_with(64);
    tells(&unknown.stderr, &["no model package `9`"]);
}

#[test]
fn a_model_that_takes_other_features_is_approved_only_by_somebody_who_says_so() {
    let project = Project::new();
    project.local(&["up", "staging"]).ends_with(0);
    for features in ["a", "b"] {
        project.behind_its_back(async |sdk| {
            let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
            let call = call.model_package_group_name("mlops-pipeline-staging-models");
            call.customer_metadata_properties("features_digest", features).send().await.unwrap();
        });
    }
    project.local(&["pipeline", "staging", "approve", "1"]).ends_with(0);
    let refused = project.local(&["pipeline", "staging", "approve", "2"]).ends_with(1);
    tells(&refused.stderr, &["version 2 takes other features than version 1", "--allow-changed-features"]);
    let allowed = ["pipeline", "staging", "approve", "2", "--allow-changed-features", "--json"];
    let package = project.local(&allowed).ends_with(0).json();
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_sagemaker::Client::new(&sdk).describe_model_package();
        let told = call.model_package_name(package["model_package"].as_str().unwrap()).send().await.unwrap();
        // The deployment reads it; what the package said before stays.
        let properties = told.customer_metadata_properties().unwrap();
        assert_eq!((properties["features_may_differ"].as_str(), properties["features_digest"].as_str()), ("true", "b"));
    });
}

#[test]
fn status_says_how_the_registered_model_was_judged_since() {
    let platform = Platform::with(Recorded::new("registered"));
    platform.behind_its_back(async |sdk| {
        let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
        call.model_package_group_name("mlops-pipeline-dev-models").send().await.unwrap();
    });
    let status = |more: &[&str]| platform.run(&[&["pipeline", "dev", "status"], more].concat()).ends_with(0);
    tells(
        &status(&[]).stdout,
        &["model-package/mlops-pipeline-dev-models/1", "`mlopsctl pipeline dev approve` approves it"],
    );
    platform.run(&["pipeline", "dev", "approve", "1", "--yes"]).ends_with(0);
    let after = status(&[]).stdout;
    tells(&after, &["model-package/mlops-pipeline-dev-models/1\n         approved"]);
    assert!(!after.contains("approves it"), "{after}");
    assert_eq!(status(&["--json"]).json()["approval"], "approved");
    platform.run(&["pipeline", "dev", "reject", "1", "--yes"]).ends_with(0);
    tells(&status(&[]).stdout, &["         rejected"]);
}

#[test]
fn without_a_terminal_nothing_is_approved_unasked() {
    let platform = Platform::with(Recorded::new("registered"));
    platform.behind_its_back(async |sdk| {
        let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
        call.model_package_group_name("mlops-pipeline-dev-models").send().await.unwrap();
    });
    let unasked = platform.run(&["pipeline", "dev", "approve"]).ends_with(64);
    tells(&unasked.stderr, &["Version 1", "pass --yes"]);
    platform.run(&["pipeline", "dev", "approve", "--yes"]).ends_with(0);
}

/// Deploys as the state machine does, with or without the tags that its definition gives.
fn deploy(project: &Project, tagged: bool) {
    let machine = project.local(&["state", "show", "pipeline.deploy", "staging"]).ends_with(0).json();
    let parameters = &machine["spec"]["definition"]["States"]["CreateEndpoint"]["Parameters"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let endpoint = text(&parameters["EndpointName"]);
    let tags = parameters["Tags"].as_array().unwrap().iter().filter(|_| tagged);
    let tags = tags.map(|tag| Tag::builder().key(text(&tag["Key"])).value(text(&tag["Value"])).build());
    let tags: Vec<Tag> = tags.collect();
    project.behind_its_back(async |sdk| {
        let sagemaker = aws_sdk_sagemaker::Client::new(&sdk);
        let made = "mlops-pipeline-staging-0f3a-0";
        let variant = ProductionVariant::builder().variant_name("AllTraffic").model_name(made).build();
        sagemaker.create_model().model_name(made).execution_role_arn("arn:role").send().await.unwrap();
        let call = sagemaker.create_endpoint_config().endpoint_config_name(made).production_variants(variant);
        call.send().await.unwrap();
        let call = sagemaker.create_endpoint().endpoint_name(&endpoint).endpoint_config_name(made);
        call.set_tags(Some(tags)).send().await.unwrap();
    });
}

/// Endpoints, configurations and models there are.
fn served(project: &Project) -> [usize; 3] {
    project.behind_its_back(async |sdk| {
        let sagemaker = aws_sdk_sagemaker::Client::new(&sdk);
        let endpoints = sagemaker.list_endpoints().send().await.unwrap().endpoints().len();
        let configurations = sagemaker.list_endpoint_configs().send().await.unwrap().endpoint_configs().len();
        [endpoints, configurations, sagemaker.list_models().send().await.unwrap().models().len()]
    })
}

#[test]
fn deployments_are_shown_apart_from_training() {
    let project = Project::new();
    project.local(&["up", "staging"]).ends_with(0);
    let none = project.local(&["pipeline", "staging", "status", "--deploy"]).ends_with(1);
    tells(&none.stderr, &["nothing has been deployed yet", "pipeline staging approve"]);
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
        call.model_package_group_name("mlops-pipeline-staging-models").send().await.unwrap();
    });
    // The approval starts the deployment, which the command works on.
    let approved = project.local(&["pipeline", "staging", "approve"]).ends_with(0);
    tells(&approved.stderr, &["version 1 is approved", "CreateEndpoint done", "NotifySuccess done"]);
    let succeeded = project.local(&["pipeline", "staging", "status", "--deploy"]).ends_with(0);
    tells(&succeeded.stdout, &["succeeded", "CreateEndpoint"]);
    let machine = project.local(&["output", "staging", "deploy_state_machine_arn"]).ends_with(0).stdout;
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_sfn::Client::new(&sdk).start_execution().state_machine_arn(machine.trim());
        call.input("{}").send().await.unwrap();
    });
    let deployed = project.local(&["pipeline", "staging", "status", "--deploy"]).ends_with(1);
    tells(&deployed.stdout, &["failed", "NothingRunsHere", "pipeline run --local"]);
    let training = project.local(&["pipeline", "staging", "status"]).ends_with(1);
    tells(&training.stderr, &["there has been no execution yet", "pipeline staging run"]);
    project.local(&["up", "dev"]).ends_with(0);
    let never = project.local(&["pipeline", "dev", "logs", "--deploy"]).ends_with(1);
    tells(
        &never.stderr,
        &[
            "dev has no [pipeline.deploy]",
            "add `[pipeline.deploy]` with `instance_type = \"ml.m5.large\"` to environments/dev.toml",
        ],
    );
}

#[test]
fn what_was_deployed_goes_with_the_platform() {
    let project = Project::new();
    project.local(&["up", "staging"]).ends_with(0);
    deploy(&project, true);
    project.local(&["plan", "staging", "--exit-code"]).ends_with(0);
    project.local(&["destroy", "staging", "--delete-data"]).ends_with(0);
    assert_eq!(served(&project), [0, 0, 0]);
}

#[test]
fn an_endpoint_of_somebody_else_under_our_name_stays() {
    let project = Project::new();
    project.local(&["up", "staging"]).ends_with(0);
    deploy(&project, false);
    let refused = project.local(&["destroy", "staging", "--delete-data"]).ends_with(1);
    tells(&refused.stderr, &["pipeline.endpoint", "has none of this environment's tags"]);
    assert_eq!(served(&project), [1, 1, 1]);
    // Refused before anything is touched, and not once its turn comes.
    project.local(&["plan", "staging", "--exit-code"]).ends_with(0);
    let deployments =
        "[pipeline.deploy]\ninstance_type = \"ml.m5.large\"\ninstance_count = 1\ndata_capture_percent = 100\n";
    project.edit("staging", deployments, "");
    let refused = project.local(&["plan", "staging", "--delete-data"]).ends_with(1);
    tells(&refused.stdout, &["pipeline.endpoint", "has none of this environment's tags"]);
}

#[test]
fn the_docker_commands_are_printed_and_the_same_files_give_the_same_tag() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let image = project.local(&["pipeline", "dev", "image"]).ends_with(0);
    tells(
        &image.stdout,
        &[
            "docker build --platform linux/amd64 --provenance=false --tag 123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev:",
            "pipeline/image\n",
            "aws ecr get-login-password --region ap-south-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr",
            "docker push 123456789012.dkr.ecr",
        ],
    );
    let name = |ran: Ran| {
        let document = ran.ends_with(0).json();
        conforms("image", &document);
        document["image"].as_str().unwrap().to_owned()
    };
    let before = name(project.local(&["pipeline", "dev", "image", "--json"]));
    project.append_to("pipeline/image/train.py", "# changed\n");
    let after = name(project.local(&["pipeline", "dev", "image", "--json"]));
    assert_ne!(before, after);
    assert!(
        name(project.local(&["pipeline", "dev", "image", "--tag", "1.4", "--json"]))
            .ends_with("mlops-pipeline-dev:1.4")
    );
    let refused = project.local(&["pipeline", "dev", "image", "--push"]).ends_with(64);
    tells(&refused.stderr, &["keeps no images"]);
    for tag in ["", "1.4; rm -rf ~", "$(id)", "-rm", "a b", "a:b"] {
        let tag = format!("--tag={tag}");
        tells(
            &project.local(&["pipeline", "dev", "image", &tag]).ends_with(64).stderr,
            &["a tag has up to 128 letters"],
        );
    }
}

#[test]
fn the_docker_commands_can_be_pasted_whatever_the_folder_is_called() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let odd = project.path().join("it's $HOME");
    std::fs::create_dir(&odd).unwrap();
    for name in ["environments", "pipeline", "state"] {
        std::fs::rename(project.path().join(name), odd.join(name)).unwrap();
    }
    let environments = odd.join("environments");
    let image = ["pipeline", "dev", "image", "--environments", environments.to_str().unwrap()];
    let image = project.local(&image).ends_with(0);
    let echo = format!("docker() {{ for word; do echo \"$word\"; done; }}\n{}", image.stdout.lines().next().unwrap());
    let said = std::process::Command::new("sh").arg("-c").arg(echo).output().unwrap();
    let words = String::from_utf8(said.stdout).unwrap();
    assert_eq!(words.lines().last(), odd.join("pipeline/image").to_str(), "{words}");
}

#[cfg(unix)]
#[test]
fn an_image_is_built_and_pushed_with_a_login_that_no_argument_shows() {
    let platform = Platform::with(Recorded::new("registered"));
    let (folder, told) = stand_in_for_docker(&platform.project);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let push = ["pipeline", "dev", "image", "--push", "--tag", "1.4"];
    let pushed = Ran::of(platform.command(&push).env("PATH", &path).output().unwrap()).ends_with(0);
    assert_eq!(pushed.stdout, "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev:1.4\n");
    tells(&pushed.stderr, &["image = \"images:1.4\""]);
    let told = std::fs::read_to_string(told).unwrap();
    tells(
        &told,
        &["build --platform", "login --username AWS --password-stdin 123456789012.dkr.ecr", "with a password", "push "],
    );
    let gone = Ran::of(platform.command(&push).env("PATH", "/nowhere").output().unwrap()).ends_with(1);
    tells(&gone.stderr, &["docker is not there"]);
}

/// A `docker` that writes down what it is told; and where.
#[cfg(unix)]
fn stand_in_for_docker(project: &Project) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (folder, told) = (project.path().join("bin"), project.path().join("told"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {0}\nif [ \"$1\" = login ] && [ -n \"$(cat)\" ]; then echo with a password >> {0}; fi\n",
        told.display()
    );
    project.write("bin/docker", &script);
    std::fs::set_permissions(folder.join("docker"), std::fs::Permissions::from_mode(0o755)).unwrap();
    (folder, told)
}
