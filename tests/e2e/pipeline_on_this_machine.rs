//! The pipeline on the embedded AWS: executions are run for real, by the definitions, scripts and functions of AWS.

use crate::{
    project::{Project, Ran},
    schemas::conforms,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const RUN: [&str; 4] = ["pipeline", "dev", "run", "--follow"];

/// A platform on the embedded AWS with the sample's data.
fn with_data() -> Project {
    brought_up(Project::new())
}

fn brought_up(project: Project) -> Project {
    project.local(&["up", "dev"]).ends_with(0);
    let none = project.local(&["pipeline", "dev", "status"]).ends_with(1);
    tells(&none.stderr, &["no execution yet", "pipeline dev run"]);
    project.local(&["pipeline", "dev", "upload", "pipeline/sample/churn.csv"]).ends_with(0);
    project
}

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// A followed execution, as soon as its step is under way.
fn under_way(project: &Project, step: &str) -> (Child, String) {
    let mut command = project.command(&[&RUN[..], &["--local"]].concat());
    std::fs::create_dir_all(temporary_files(project)).unwrap();
    command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", temporary_files(project));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(&format!("{step} started")) {
        assert!(lines.read_line(&mut said).unwrap() > 0, "it ended: {said}");
    }
    said += std::str::from_utf8(lines.buffer()).unwrap();
    assert!(!temporary_names(project).is_empty(), "the temporary files are somewhere else");
    child.stderr = Some(lines.into_inner());
    (child, said)
}

/// The folder for temporary files of [`under_way`].
fn temporary_files(project: &Project) -> PathBuf {
    project.path().join("temporary")
}

fn temporary_names(project: &Project) -> Vec<OsString> {
    let found = std::fs::read_dir(temporary_files(project)).unwrap();
    found.map(|entry| entry.unwrap().file_name()).collect()
}

/// Waits until the execution's programs have ended, and finds that they left no temporary file.
#[track_caller]
fn leaves_nothing(project: &Project) {
    let begun = Instant::now();
    while !temporary_names(project).is_empty() {
        assert!(begun.elapsed().as_secs() < 20, "temporary files are left: {:?}", temporary_names(project));
        sleep(Duration::from_millis(100));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn the_sample_becomes_a_model_in_service_while_another_command_waits() {
    let project = Project::new();
    project.append("dev", "\n[pipeline.deploy]\ninstance_type = \"ml.m5.large\"\ninstance_count = 1\n");
    let project = brought_up(project);
    let nothing = project.local(&["pipeline", "dev", "invoke", "pipeline/sample/churn.csv"]).ends_with(1);
    tells(&nothing.stderr, &["no model is in service yet", "`mlopsctl pipeline dev approve --local`"]);
    let (mut child, mut said) = under_way(&project, "ExtractTransformLoad");
    let waiting = project.local(&["pipeline", "dev", "status"]);
    tells(&waiting.stderr, &["waiting: the local cloud", &format!("process {}", child.id())]);
    tells(&waiting.ends_with(0).stdout, &["succeeded"]);
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let run = Ran { stderr: said, ..Ran::of(child.wait_with_output().unwrap()) }.ends_with(0);
    let steps = ["ExtractTransformLoad", "ValidateData", "Train", "Predict", "Evaluate", "Register", "NotifySuccess"];
    for step in steps {
        tells(&run.stderr, &[&format!("{step} started"), &format!("{step} done")]);
    }
    tells(&run.stdout, &["succeeded", "auc 0.", "model-package/mlops-pipeline-dev-models/1"]);
    leaves_nothing(&project);
    let status = project.local(&["pipeline", "dev", "status", "--json"]).ends_with(0).json();
    assert_eq!(status["status"], "SUCCEEDED", "{status:#}");
    let log = |step: &str| project.local(&["pipeline", "dev", "logs", "--step", step]).ends_with(0).stdout;
    tells(&log("ExtractTransformLoad"), &["/aws-glue/mlops-pipeline-dev/etl", "\"accepted\""]);
    tells(&log("ValidateData"), &["/aws/lambda/mlops-pipeline-dev-data-validation"]);
    tells(&log("Train"), &["/aws/sagemaker/TrainingJobs", "validation-auc"]);
    let approved: Value = project.local(&["pipeline", "dev", "approve", "--json"]).ends_with(0).json();
    assert_eq!((&approved["version"], &approved["approval"]), (&1.into(), &"approved".into()), "{approved:#}");
    assert!(approved["metrics"]["auc"].as_f64().unwrap() > 0.7, "{approved:#}");
    predicts(&project);
    let unknown = project.local(&["pipeline", "dev", "status", "tuesday"]).ends_with(64);
    tells(&unknown.stderr, &["no execution `tuesday`", "the latest are:"]);
}

/// The model in service answers raw rows, and knows churned customers from others.
#[track_caller]
fn predicts(project: &Project) {
    let invoke = ["pipeline", "dev", "invoke"];
    let sample = project.local(&[&invoke[..], &["pipeline/sample/churn.csv", "--first", "250", "--json"]].concat());
    let answer = sample.ends_with(0).json();
    conforms("predictions", &answer);
    let predictions = answer["predictions"].as_array().unwrap();
    assert_eq!((predictions.len(), &predictions[249]["row"]), (250, &250.into()), "{answer:#}");
    let raw = std::fs::read_to_string(project.path().join("pipeline/sample/churn.csv")).unwrap();
    let mean = |label: &str| {
        let rows = predictions.iter().zip(raw.lines().skip(1)).filter(|(_, line)| line.ends_with(label));
        let probabilities: Vec<f64> = rows.map(|(answer, _)| answer["probability"].as_f64().unwrap()).collect();
        probabilities.iter().sum::<f64>() / probabilities.len() as f64
    };
    assert!(mean(",1") > mean(",0") + 0.1, "churned {}, others {}", mean(",1"), mean(",0"));

    let header = raw.lines().next().unwrap();
    project.write("rows.csv", &format!("{header}\nx,2024-03-21,9,gold,card,18.64,1,7.7,true,\n"));
    let unfit = project.local(&[&invoke[..], &["rows.csv"]].concat()).ends_with(1);
    tells(&unfit.stderr, &["rows.csv, row 1: plan: value not allowed", "1 of 1 rows got no prediction"]);
    project.write("rows.csv", "plan,tenure_months\nbasic,9\n");
    let lacking = project.local(&[&invoke[..], &["rows.csv"]].concat()).ends_with(64);
    tells(&lacking.stderr, &["rows.csv: it has no column `payment`, `monthly_charge`"]);
}

#[test]
fn ctrl_c_stops_the_execution_and_all_its_programs() {
    let project = with_data();
    let (mut child, _) = under_way(&project, "ExtractTransformLoad");
    signal(&child, Signal::INT);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    tells(&said, &["was stopped"]);
    let status = project.local(&["pipeline", "dev", "status"]).ends_with(1);
    tells(&status.stdout, &["was stopped", "✗ ExtractTransformLoad", "interrupted", "stopped by Ctrl-C"]);
    // Each program names the endpoint or a folder of its execution, which no other test has.
    let execution = status.stdout.split_whitespace().nth(1).unwrap().to_owned();
    let begun = Instant::now();
    while running(&execution) {
        assert!(begun.elapsed().as_secs() < 20, "a program of {execution} is still at work");
        sleep(Duration::from_millis(100));
    }
    leaves_nothing(&project);
    let data = project.local(&["pipeline", "dev", "data"]).ends_with(0);
    tells(&data.stdout, &["churn.csv"]);
}

/// True if the process that works on an execution exists.
fn running(execution: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(execution))
}

#[test]
fn a_killed_command_is_told_of_by_the_next_one() {
    let project = with_data();
    let (mut child, _) = under_way(&project, "ExtractTransformLoad");
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let status = project.local(&["pipeline", "dev", "status"]).ends_with(1);
    tells(&status.stdout, &["failed", "WorkerEnded", "Start another one"]);
    leaves_nothing(&project);
}

#[test]
fn a_killed_runner_leaves_no_program() {
    let project = with_data();
    let (mut child, _) = under_way(&project, "ExtractTransformLoad");
    let all = programs(&project);
    let (runner, _) = all.iter().find(|(_, line)| line.contains("runner\0--endpoint")).expect("a runner works");
    assert!(all.iter().any(|(_, line)| line.contains("java")), "Spark works: {all:?}");
    kill_process(*runner, Signal::KILL).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    let status = project.local(&["pipeline", "dev", "status"]).ends_with(1);
    let reason = "error: ExtractTransformLoad: WorkerFailed: the runner ended with signal: 9 (SIGKILL)\n";
    tells(&status.stdout, &["failed", "✗ ExtractTransformLoad", "interrupted", reason]);
    leaves_nothing(&project);
    let left: Vec<_> = programs(&project).into_iter().filter(|(_, line)| !line.contains("cleaner.py")).collect();
    assert!(left.is_empty(), "programs are left: {left:?}");
}

/// The command lines of the processes of [`under_way`] that have a folder for temporary files.
fn programs(project: &Project) -> Vec<(Pid, String)> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let folder = temporary_files(project).into_os_string().into_string().unwrap();
    let read = |id: i32, file: &str| {
        let bytes = std::fs::read(format!("/proc/{id}/{file}")).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let of_project = numbers.filter(|id| read(*id, "environ").is_some_and(|text| text.contains(&folder)));
    of_project.filter_map(|id| Some((Pid::from_raw(id)?, read(id, "cmdline")?))).collect()
}

#[test]
fn without_python_nothing_is_started() {
    let project = with_data();
    let cache = tempfile::tempdir().unwrap();
    let mut command = project.command(&["pipeline", "dev", "run", "--local"]);
    command.env("MLOPSCTL_CACHE", cache.path()).env("PATH", "").env("PYENV_ROOT", cache.path());
    let output = command.output().unwrap();
    let refused = Ran::of(output).ends_with(1);
    tells(&refused.stderr, &["needs uv, or Python 3.12; neither was found", "install uv"]);
    project.local(&["pipeline", "dev", "status"]).ends_with(1);
}
