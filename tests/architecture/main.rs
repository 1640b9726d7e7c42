//! Checks the statements of ARCHITECTURE.md on the crates: dependencies point down only, only the binary prints, and no
//! file of the core imports one that imports it. Checks the rules of CONTRIBUTING.md on files and words.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod build_script;
mod circles;
mod command_lines;
mod supply_chain;
mod tidy;

use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::Command};

/// The crates of this workspace in `cargo metadata`.
fn packages() -> Vec<Value> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let mut metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

/// The dependencies of each crate on crates of this workspace. Tests may depend on any crate.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let packages = packages();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let ours: Vec<String> = packages.iter().map(name).collect();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        let built_on = all.iter().filter(|dependency| dependency["kind"].is_null());
        built_on.map(name).filter(|dependency| ours.contains(dependency)).collect()
    };
    packages.iter().map(|package| (name(package), of(package))).collect()
}

/// The folder of a crate. The name of its package begins with that of the project, since other projects may have a `config` or a `state`.
fn folder(package: &str) -> &str {
    if package == "mlopsctl" {
        return package;
    }
    package.strip_prefix("mlopsctl-").unwrap_or_else(|| panic!("the package {package} needs the prefix mlopsctl-"))
}

/// A crate builds only on crates of a lower layer. Service crates are one layer, so none knows another.
fn layer(name: &str) -> usize {
    match folder(name) {
        "workspace-hack" | "states-language" | "usage" | "vocabulary" => 0,
        "aws-client" | "config" | "cost" | "package" | "report" | "local" => 1,
        "resource" => 2,
        "state" | "tfstate" => 3,
        name if name.starts_with("aws-") => 3,
        "engine" | "permissions" | "runs" | "checkup" => 4,
        "blueprint" | "review" => 5,
        "app" => 6,
        "mlopsctl" => 7,
        // Tools for developers, which nothing builds on.
        "bench" | "testkit" | "xtask" => 8,
        name => panic!("{name} has no place in the layers: give it one here and in ARCHITECTURE.md"),
    }
}

#[test]
fn dependencies_point_down_only() {
    for (name, dependencies) in dependencies() {
        for dependency in dependencies {
            assert!(layer(&dependency) < layer(&name), "{name} builds on {dependency}");
        }
    }
}

#[test]
fn the_engine_knows_no_aws_service() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert!(!manifest.contains("aws-sdk-"), "{manifest}");
}

#[test]
fn every_crate_takes_the_lints_that_forbid_printing_and_unsafe_code() {
    for name in dependencies().into_keys() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../{}/Cargo.toml", folder(&name)));
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} does not take the workspace's lints");
    }
}

/// The features of each crate that a command builds. A crate of this workspace has its path behind its name.
fn features(arguments: &[&str]) -> BTreeMap<String, String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{f}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).unwrap();
    let crates = lines.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    crates.map(|(name, features)| (name.to_owned(), features.to_owned())).collect()
}

/// A crate with other features is another crate to Cargo, and so is everything built on it: one feature that only one
/// command asks for would compile the whole SDK again.
#[test]
fn every_crate_of_the_sdk_has_one_set_of_features_in_every_command() {
    let everything = features(&["--workspace"]);
    let all = dependencies();
    let on_the_sdk =
        all.iter().filter(|(_, on)| on.iter().any(|on| on == "mlopsctl-workspace-hack" || on == "mlopsctl-resource"));
    let mut commands: Vec<Vec<&str>> = on_the_sdk.map(|(name, _)| vec!["--package", name]).collect();
    assert!(commands.len() > 20, "{commands:?}");
    commands.push(vec!["--package", "mlopsctl", "--edges", "no-dev"]);
    for command in commands {
        for (name, features) in features(&command).into_iter().filter(|(name, _)| !name.contains('/')) {
            assert_eq!(
                everything[&name], features,
                "{name} for {command:?}: ask for the features of the whole workspace in crates/workspace-hack/Cargo.toml"
            );
        }
    }
}

/// `tests/run` builds the whole workspace once, and then tests mlopsctl apart from all others.
#[test]
fn tests_without_mlopsctl_build_no_crate_anew() {
    let everything = features(&["--workspace"]);
    for (name, features) in features(&["--workspace", "--exclude", "mlopsctl"]) {
        assert_eq!(everything[&name], features, "{name}: ask for the same features without mlopsctl");
    }
}

/// `tests/run` runs some test programs of mlopsctl beside the others, so it names each of them.
#[test]
fn tests_run_names_every_test_program_of_mlopsctl() {
    let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/run")).unwrap();
    let packages = packages();
    let mlopsctl = packages.iter().find(|package| package["name"] == "mlopsctl").unwrap();
    let targets = mlopsctl["targets"].as_array().unwrap();
    let tests = targets.iter().filter(|target| target["kind"] == serde_json::json!(["test"]));
    let names: Vec<&str> = tests.map(|target| target["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let argument = format!(" --test {name} ");
        assert!(script.contains(&argument), "tests/run does not run{argument}");
    }
}

/// Every Rust file of a folder.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

#[test]
fn every_s3_client_of_the_product_names_the_account_that_must_own_the_bucket() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in dependencies().into_keys().filter(|name| !["testkit", "bench"].contains(&folder(name))) {
        let files = sources(&crates.join(folder(&name)).join("src"));
        assert!(!files.is_empty() || name == "mlopsctl-workspace-hack", "no files of {name} were found");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for call in ["aws_s3::client(", "aws_sdk_s3::Client::new"] {
                assert!(!text.contains(call), "{} calls {call}: use aws_s3::client_for", file.display());
            }
        }
    }
}
