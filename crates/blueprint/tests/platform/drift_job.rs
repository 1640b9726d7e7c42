//! The drift job: what it carries, and what it may do.

use crate::{ACCOUNT, Project, copy, repository};
use config::{
    Environment,
    environment::{DriftRepair, drift::Job},
};
use permissions::{LARGEST, size};
use resource::{Declaration, Stack};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{Cursor, Read as _},
    path::Path,
};
use tempfile::TempDir;
use zip::ZipArchive;

const PROGRAM: &str = "tools/mlopsctl";

/// A project with a program in it, and one of its environments with the job.
fn project(name: &str) -> (TempDir, Environment) {
    let root = tempfile::tempdir().unwrap();
    copy(&repository().join("pipeline"), &root.path().join("pipeline"));
    fs::create_dir(root.path().join("tools")).unwrap();
    fs::write(root.path().join(PROGRAM), "a program".repeat(1000)).unwrap();
    let mut environment = config::load(&repository().join(format!("environments/{name}.toml")), &repository()).unwrap();
    environment.drift.job = Some(Job {
        schedule: "rate(1 hour)".into(),
        binary: Some(PROGRAM.into()),
        architecture: config::environment::functions::Architecture::X86,
        memory_mb: 1024,
        timeout_minutes: 15,
        accept_administration: true,
    });
    (root, environment)
}

fn stack(root: &Path, environment: &Environment) -> (Stack, Vec<Declaration>) {
    let project = Project::of(root, environment.clone());
    let stack = blueprint::stack(&project.inputs()).unwrap();
    let declarations = stack.declarations(&blueprint::registry(), &project.place).unwrap();
    (stack, declarations)
}

fn shipped(stack: &Stack) -> ZipArchive<Cursor<Vec<u8>>> {
    let asset = stack.assets().iter().find(|asset| asset.origin == PROGRAM).unwrap();
    ZipArchive::new(Cursor::new(asset.bytes.to_vec())).unwrap()
}

fn spec<'a>(declared: &'a [Declaration], address: &str) -> &'a Value {
    &declared.iter().find(|one| one.address.as_str() == address).unwrap().spec
}

/// The actions that the job's policies allow.
fn actions(declared: &[Declaration]) -> BTreeSet<String> {
    let documents = declared.iter().filter(|one| one.kind == "iam:policy").map(|one| &one.spec["document"]);
    let statements = documents.flat_map(|document| document["Statement"].as_array().unwrap());
    let listed = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    });
    listed.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_lambda_unpacks_is_a_project_that_declares_the_same() {
    for name in ["dev", "staging", "prod"] {
        let (root, environment) = project(name);
        let (stack_here, here) = stack(root.path(), &environment);
        let unpacked = tempfile::tempdir().unwrap();
        shipped(&stack_here).extract(unpacked.path()).unwrap();
        let file = unpacked.path().join(format!("environments/{name}.toml"));
        let read = config::parse(name, &fs::read_to_string(file).unwrap(), None).unwrap();
        assert_eq!(read, environment);
        let (_, there) = stack(unpacked.path(), &read);
        assert_eq!(here.len(), there.len());
        for (one, other) in here.iter().zip(&there) {
            assert_eq!((&one.address, &one.spec), (&other.address, &other.spec));
        }
    }
}

#[test]
fn what_starts_the_job_is_a_program_and_starts_the_project_s_own() {
    let (root, environment) = project("dev");
    let (stack, declared) = stack(root.path(), &environment);
    let mut archive = shipped(&stack);
    for name in ["bootstrap", PROGRAM] {
        assert_eq!(archive.by_name(name).unwrap().unix_mode().unwrap() & 0o777, 0o755, "{name}");
    }
    let mut script = String::new();
    archive.by_name("bootstrap").unwrap().read_to_string(&mut script).unwrap();
    assert!(script.starts_with("#!/bin/sh\n"), "{script}");
    assert!(script.ends_with("cd \"$LAMBDA_TASK_ROOT\" && exec ./tools/mlopsctl job dev\n"), "{script}");
    let function = spec(&declared, "operations.drift-job");
    assert_eq!(function["handler"], "bootstrap");
    assert_eq!(function["asynchronous"]["retries"], 0, "the next run comes by the schedule");
}

#[test]
fn its_role_has_every_policy_and_each_fits() {
    let (root, environment) = project("prod");
    let (_, declared) = stack(root.path(), &environment);
    let policies: Vec<&Declaration> = declared.iter().filter(|one| one.kind == "iam:policy").collect();
    assert!(policies.len() <= 10, "IAM attaches no more to a role: {}", policies.len());
    assert!(policies.len() > 1 && policies.iter().all(|one| size(&one.spec["document"]) <= LARGEST));
    let attached = spec(&declared, "identity.drift-job")["managed_policies"].as_array().unwrap();
    let arn = |one: &&Declaration| {
        Value::from(format!("arn:aws:iam::{ACCOUNT}:policy/{}", one.spec["name"].as_str().unwrap()))
    };
    assert_eq!(attached, &policies.iter().map(arn).collect::<Vec<_>>());
}

#[test]
fn drift_job_may_change_only_resources_that_it_may_repair() {
    let (root, mut environment) = project("prod");
    let repairing = actions(&stack(root.path(), &environment).1);
    environment.drift.repair = DriftRepair::Nothing;
    let reading = actions(&stack(root.path(), &environment).1);
    assert!(reading.is_subset(&repairing));
    // The job looks after itself as well.
    for action in ["iam:GetPolicyVersion", "lambda:GetFunction", "s3:GetObject"] {
        assert!(reading.contains(action), "{action} is not in {reading:?}");
    }
    for action in ["iam:CreatePolicyVersion", "lambda:UpdateFunctionCode", "s3:PutObject", "ec2:CreateVpc"] {
        assert!(repairing.contains(action) && !reading.contains(action), "{action}");
    }
    let reads = |action: &&String| {
        let name = action.split(':').nth(1).unwrap();
        ["BatchGet", "Describe", "Get", "List", "View"].iter().any(|read| name.starts_with(read))
    };
    // Reading encrypted objects needs the key.
    assert_eq!(reading.iter().filter(|action| !reads(action)).collect::<Vec<_>>(), ["kms:Decrypt"]);
}

#[test]
fn a_program_that_lambda_does_not_take_is_refused_with_what_helps() {
    let (root, environment) = project("dev");
    // Bytes that cannot be compressed.
    let mut seed = 1_u64;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed.to_be_bytes()[0]
    });
    fs::write(root.path().join(PROGRAM), noise.take(51 * 1024 * 1024).collect::<Vec<_>>()).unwrap();
    let project = Project::of(root.path(), environment);
    let error = blueprint::stack(&project.inputs()).err().unwrap().to_string();
    assert!(error.contains("tools/mlopsctl") && error.contains("without default features"), "{error}");
}

#[test]
fn drift_job_without_a_binary_ships_the_running_program() {
    let (root, mut environment) = project("dev");
    environment.drift.job.as_mut().unwrap().binary = None;
    let stack_with = |root: &Path, environment: &Environment, program: &Path| {
        let project = Project { program: Some(program.to_owned()), ..Project::of(root, environment.clone()) };
        let stack = blueprint::stack(&project.inputs()).unwrap();
        let code = stack.assets().iter().find(|asset| asset.origin == "mlopsctl").unwrap().bytes.to_vec();
        (code, stack.declarations(&blueprint::registry(), &project.place).unwrap())
    };
    // As a person has it who runs `uvx mlopsctl`: not in the project.
    let elsewhere = tempfile::tempdir().unwrap();
    let running = elsewhere.path().join("some-other-name");
    fs::write(&running, "the running program").unwrap();
    let (code, here) = stack_with(root.path(), &environment, &running);
    let unpacked = tempfile::tempdir().unwrap();
    let mut archive = ZipArchive::new(Cursor::new(&code)).unwrap();
    assert_eq!(archive.by_name("mlopsctl").unwrap().unix_mode().unwrap() & 0o777, 0o755);
    archive.extract(unpacked.path()).unwrap();
    let there = |name: &str| fs::read_to_string(unpacked.path().join(name)).unwrap();
    assert_eq!(there("mlopsctl"), "the running program");
    assert!(there("bootstrap").ends_with("exec ./mlopsctl job dev\n"), "{}", there("bootstrap"));
    // On Lambda it finds nothing changed, itself included.
    let read = config::parse("dev", &there("environments/dev.toml"), None).unwrap();
    assert_eq!(read, environment);
    let (again, declared) = stack_with(unpacked.path(), &read, &unpacked.path().join("mlopsctl"));
    assert!(again == code, "it packs another archive than it came in");
    assert_eq!(spec(&declared, "operations.drift-job"), spec(&here, "operations.drift-job"));
}

#[test]
fn drift_job_refuses_a_build_for_debugging_before_it_packs_it() {
    let (root, mut environment) = project("dev");
    environment.drift.job.as_mut().unwrap().binary = None;
    let running = root.path().join("debug");
    fs::File::create(&running).unwrap().set_len(250 * 1024 * 1024 + 1).unwrap();
    let project = Project { program: Some(running), ..Project::of(root.path(), environment) };
    let error = blueprint::stack(&project.inputs()).err().unwrap().to_string();
    assert!(error.contains("debug: with it the drift job has 251 MiB, unpacked; Lambda takes 250"), "{error}");
    assert!(error.contains("`binary` under [drift.job]"), "{error}");
}
