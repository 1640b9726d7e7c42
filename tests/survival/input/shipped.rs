//! The files that an environment file names and mlopsctl ships: scripts, functions, definitions.

use crate::{project::Project, served::Served};
use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    process::Command,
};

/// The fault of the project's files, the function that causes it, and the message for it.
type Case = (&'static str, fn(&Path), &'static str);

const FUNCTION: &str = "pipeline/functions/data-validation";
const CASES: &[Case] = &[
    (
        "a link that leads out",
        |root| symlink("/etc/passwd", root.join(FUNCTION).join("passwords.py")).unwrap(),
        "passwords.py leads out of the folder, to /etc/passwd",
    ),
    (
        "a link to the folder above",
        |root| symlink("../..", root.join(FUNCTION).join("above")).unwrap(),
        "above leads out of the folder",
    ),
    (
        "a link round in a circle",
        |root| symlink(".", root.join(FUNCTION).join("again")).unwrap(),
        "again leads round in a circle",
    ),
    ("a link to itself", |root| symlink("me.py", root.join(FUNCTION).join("me.py")).unwrap(), "me.py cannot be read"),
    (
        "a pipe that nobody writes to",
        |root| {
            let made = Command::new("mkfifo").arg(root.join(FUNCTION).join("pipe.py")).status().unwrap();
            assert!(made.success());
        },
        "pipe.py is neither a file nor a folder",
    ),
    (
        "a name that is no text",
        |root| {
            use std::os::unix::ffi::OsStrExt;
            let name = std::ffi::OsStr::from_bytes(b"\xff.py");
            fs::write(root.join(FUNCTION).join(name), "").unwrap();
        },
        "is not valid UTF-8",
    ),
    (
        "a file beyond what Lambda takes",
        |root| File::create(root.join(FUNCTION).join("model.bin")).unwrap().set_len(10 << 30).unwrap(),
        "holds more than 50 MiB",
    ),
    (
        "a folder for a function that is a file",
        |root| {
            fs::remove_dir_all(root.join(FUNCTION)).unwrap();
            fs::write(root.join(FUNCTION), "").unwrap();
        },
        "is not a folder",
    ),
    (
        "a script that is a folder",
        |root| {
            fs::remove_file(root.join("pipeline/glue/etl.py")).unwrap();
            fs::create_dir(root.join("pipeline/glue/etl.py")).unwrap();
        },
        "pipeline/glue/etl.py",
    ),
    (
        "a script without end",
        |root| {
            fs::remove_file(root.join("pipeline/glue/etl.py")).unwrap();
            symlink("/dev/zero", root.join("pipeline/glue/etl.py")).unwrap();
        },
        "pipeline/glue/etl.py",
    ),
    (
        "a script that is a link to a file of the machine",
        |root| link_out(root, "pipeline/glue/etl.py"),
        "`pipeline/glue/etl.py` leads out of the project, to /",
    ),
    (
        "a definition that is a link to a file of the machine",
        |root| link_out(root, "pipeline/training.asl.json"),
        "`pipeline/training.asl.json` leads out of the project, to /",
    ),
    (
        "a folder of a function that is a folder of the machine",
        |root| link_out(root, FUNCTION),
        "`pipeline/functions/data-validation` leads out of the project, to /",
    ),
    (
        "a schema that is a link to a file of the machine",
        |root| link_out(root, "pipeline/sample/schema.json"),
        "`pipeline/sample/schema.json` leads out of the project, to /",
    ),
    ("a folder on the way that leads elsewhere", |root| link_out(root, "pipeline"), "leads out of the project, to /"),
    (
        "an environment file that is a link to a file of the machine",
        |root| link_out(root, "environments/dev.toml"),
        "the file leads out of the project, to /",
    ),
    (
        "a definition cut short",
        |root| fs::write(root.join("pipeline/training.asl.json"), "{\"StartAt\": ").unwrap(),
        "training.asl.json: it is not JSON: EOF",
    ),
    (
        "a definition that nests without end",
        |root| fs::write(root.join("pipeline/training.asl.json"), "[".repeat(1_000_000)).unwrap(),
        "training.asl.json: it is not JSON: recursion limit",
    ),
    (
        "a schema that is a page",
        |root| fs::write(root.join("pipeline/sample/schema.json"), "<html></html>").unwrap(),
        "schema.json",
    ),
];

/// Puts a link to this repository's own file in the place of the project's copy.
fn link_out(root: &Path, name: &str) {
    let (copy, repository) = (root.join(name), Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    if copy.is_dir() {
        fs::remove_dir_all(&copy).unwrap();
    } else {
        fs::remove_file(&copy).unwrap();
    }
    symlink(repository.join(name), copy).unwrap();
}

#[test]
fn what_cannot_be_shipped_is_named_before_anything_is_made() {
    let served = Served::start();
    for (what, spoil, says) in CASES {
        let project = Project::new();
        spoil(project.path());
        let run = served.run(&project, &["up", "dev", "--yes"]);
        run.ends_with(64).says(&[says]);
        assert_eq!(served.door().changes(), [""; 0], "{what}");
    }
}

#[test]
fn names_that_meet_are_told_with_the_address_that_both_would_have() {
    let (project, served) = (Project::new(), Served::start());
    project.append(
        "dev",
        "\n[[functions]]\nname = \"logs-data-validation\"\nsource = \"pipeline/functions/data-validation\"\n",
    );
    let run = served.run(&project, &["up", "dev", "--yes"]).ends_with(64);
    run.says(&["two settings both produce the resource functions.logs-data-validation"]);
    assert_eq!(served.door().changes(), [""; 0]);
}
