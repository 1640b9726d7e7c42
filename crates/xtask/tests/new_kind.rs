//! `cargo xtask new-kind` on a copy of the files that it changes and reads. That its skeleton compiles is for the compiler
//! to say: `skeleton/new_thing.rs` is an example of this crate.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// The parts of the repository that the command changes or reads.
const PARTS: &[&str] = &[
    "rustfmt.toml",
    "crates/aws-sns/src",
    "crates/aws-sagemaker/src",
    "crates/blueprint/src",
    "crates/resource/src/contract.rs",
    "crates/testkit/src/iam/services",
    "crates/testkit/tests/hostile",
    "docs/reference/kinds.md",
    "tests/e2e/upgrade.rs",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

fn clone() -> TempDir {
    let clone = TempDir::new().unwrap();
    for part in PARTS {
        copy(&repository().join(part), &clone.path().join(part));
    }
    clone
}

fn new_kind(root: &Path, arguments: [&str; 2]) -> Output {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.arg("new-kind").args(arguments).current_dir(root.join("crates")).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The files that differ from those of the repository.
fn changed(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root).unwrap();
        if path.is_dir() {
            found.extend(changed(root, &path));
        } else if fs::read(repository().join(relative)).ok() != Some(fs::read(&path).unwrap()) {
            found.push(relative.display().to_string());
        }
    }
    found.sort();
    found
}

#[test]
fn new_kind_writes_formatted_stubs_and_registers_them() {
    let clone = clone();
    let root = clone.path();
    let page = stdout(&new_kind(root, ["aws-sns", "platform-application"]));
    let reconciler = "crates/aws-sns/src/platform_application.rs";
    let files = [reconciler, "crates/aws-sns/src/lib.rs", "tests/e2e/upgrade.rs"];
    for file in files {
        assert!(page.contains(&format!("wrote {file}\n")), "{page}");
        let text = fs::File::open(root.join(file)).unwrap();
        let check =
            Command::new("rustfmt").args(["--edition", "2024", "--check"]).current_dir(root).stdin(text).output();
        let check = check.unwrap();
        assert!(check.status.success(), "{file}: {}", String::from_utf8_lossy(&check.stdout));
    }
    let mut expected = files.map(str::to_owned);
    expected.sort();
    assert_eq!(changed(root, root), expected);

    let text = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let lib = text("crates/aws-sns/src/lib.rs");
    for line in [
        "mod platform_application;",
        "pub use platform_application::{PlatformApplication, PlatformApplicationOutputs};",
        ".with::<PlatformApplication>()",
    ] {
        assert_eq!(lib.matches(line).count(), 1, "{line} in {lib}");
    }
    assert!(text("tests/e2e/upgrade.rs").contains("\"sns:platform-application\""));
    let stub = text(reconciler);
    assert!(stub.starts_with("//! Reconciler for platform applications.\n"), "{stub}");
    assert!(stub.contains("const KIND: &'static str = \"sns:platform-application\";"), "{stub}");
    let skeleton = fs::read_to_string(repository().join("crates/xtask/skeleton/new_thing.rs")).unwrap();
    assert_eq!(stub.matches("Err(unwritten())").count(), skeleton.matches("Err(unwritten())").count());
    for rest in ["new_thing", "NewThing", "new thing", "new-thing"] {
        assert!(!stub.contains(rest), "{rest} in {stub}");
    }
}

#[test]
fn new_kind_lists_the_places_that_still_lack_it() {
    let clone = clone();
    let root = clone.path();
    let first = stdout(&new_kind(root, ["aws-sns", "platform-application"]));
    let places = [
        "crates/aws-sns/src/platform_application.rs",
        "crates/blueprint/src",
        "crates/testkit/src/iam/services",
        "crates/testkit/tests/hostile",
        "docs/reference/kinds.md",
    ];
    for place in places {
        assert!(first.contains(&format!("  [ ] {place}: ")), "{place}: {first}");
        assert!(repository().join(place).exists() || place.ends_with("application.rs"), "{place}");
    }
    for place in first.lines().filter_map(|line| line.strip_prefix("  [?] ")?.split_once(':')) {
        assert!(repository().join(place.0).exists(), "{}", place.0);
    }

    let page = root.join("docs/reference/kinds.md");
    fs::write(&page, fs::read_to_string(&page).unwrap() + "- Kind: `sns:platform-application`\n").unwrap();
    let before = changed(root, root);
    let again = stdout(&new_kind(root, ["aws-sns", "platform-application"]));
    assert!(!again.contains("docs/reference/kinds.md") && again.contains("[ ] crates/blueprint/src"), "{again}");
    assert_eq!(changed(root, root), before, "the second run writes nothing");
}

#[test]
fn new_kind_that_is_complete_lacks_nothing() {
    let clone = clone();
    let page = stdout(&new_kind(clone.path(), ["aws-sagemaker", "mlflow-app"]));
    assert!(page.starts_with("sagemaker:mlflow-app is in every place that each kind needs.\n"), "{page}");
    assert_eq!(changed(clone.path(), clone.path()), Vec::<String>::new());
}

#[test]
fn new_kind_refuses_names_and_crates_that_are_none() {
    let clone = clone();
    for (arguments, says) in [
        (["aws-sns", "PlatformApplication"], "is no name in lower case with hyphens"),
        (["aws-sns", "a--b"], "is no name in lower case with hyphens"),
        (["aws-kinesis", "stream"], "there is no service crate crates/aws-kinesis"),
        (["resource", "thing"], "there is no service crate crates/resource"),
    ] {
        let refused = new_kind(clone.path(), arguments);
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && stderr.contains(says), "{stderr}");
    }
    assert_eq!(changed(clone.path(), clone.path()), Vec::<String>::new());
}
