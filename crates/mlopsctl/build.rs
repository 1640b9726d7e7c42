//! Tells the binary what it is built from, for `mlopsctl --version`.

#![allow(clippy::print_stdout, reason = "Cargo reads what a build script prints")]

use std::{env, path::Path, process::Command};

/// The digits of a commit that are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=MLOPSCTL_COMMIT");
    // A build for debugging names no commit, so that a new commit alone compiles nothing again.
    let is_debug = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let given = env::var("MLOPSCTL_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(|| if is_debug { None } else { head() }).unwrap_or_default();
    let commit: String = commit.chars().filter(char::is_ascii_alphanumeric).take(DIGITS).collect();
    let is_built = |feature: &&str| env::var_os(format!("CARGO_FEATURE_{}", feature.to_uppercase())).is_some();
    let features: Vec<&str> = ["local", "mcp"].into_iter().filter(is_built).collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let told = if commit.is_empty() { "unknown" } else { &commit };
    println!("cargo:rustc-env=MLOPSCTL_COMMIT={commit}");
    println!("cargo:rustc-env=MLOPSCTL_BUILD=commit {told}, features: {features}");
}

/// The commit of the checkout. `None` without Git, and in a source archive, also below a checkout of another project.
fn head() -> Option<String> {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join("../..");
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).ok()).flatten()
    };
    let told = git(&["rev-parse", "--show-prefix", "HEAD"])?;
    let (prefix, commit) = told.split_once('\n')?;
    if !prefix.is_empty() {
        return None;
    }
    // Each commit, checkout and merge appends to this file.
    if let Some(log) = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={}", log.trim_end());
    }
    Some(commit.trim_end().to_owned())
}
