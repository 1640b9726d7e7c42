//! Files that are no files, and names of environments that are none.

use crate::{project::Project, served::Served};
use std::{
    fs::{self, File},
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
};

/// The kind of object in the place of an environment file, the function that makes it, and the message for it.
type Case = (&'static str, fn(&Path), &'static str);

const CASES: &[Case] = &[
    ("nothing", |_| (), "dev.toml does not exist"),
    ("a folder", |file| fs::create_dir(file).unwrap(), "dev.toml is not a file"),
    ("a link to nothing", |file| symlink("nowhere.toml", file).unwrap(), "dev.toml is not a file"),
    ("a link to itself", |file| symlink("dev.toml", file).unwrap(), "dev.toml is not a file"),
    ("a link to a folder", |file| symlink("..", file).unwrap(), "dev.toml is not a file"),
    ("a device without end", |file| symlink("/dev/zero", file).unwrap(), "dev.toml is not a file"),
    ("a pipe nobody writes to", pipe, "dev.toml is not a file"),
    ("a socket", |file| drop(UnixListener::bind(file).unwrap()), "dev.toml is not a file"),
    (
        "a file that cannot be read",
        |file| symlink("/proc/self/mem", file).unwrap(),
        "the file leads out of the project",
    ),
    ("a file of ten gigabytes", |file| File::create(file).unwrap().set_len(10 << 30).unwrap(), "larger than 1 MiB"),
];

fn pipe(file: &Path) {
    assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    for (what, make, says) in CASES {
        let project = Project::new();
        let file = project.path().join("environments/dev.toml");
        fs::remove_file(&file).unwrap();
        make(&file);
        eprintln!("{what}");
        for command in ["validate", "plan", "up"] {
            project.local(&[command, "dev"]).ends_with(64).says(&[says]);
        }
        assert!(!project.path().join("state").exists(), "{what}");
    }
}

#[test]
fn a_name_that_is_no_environments_leads_nowhere() {
    let project = Project::new();
    let long = "x".repeat(10_000);
    for name in ["Dev", "dеv", " dev", "dev\n", "*", "", &long] {
        let plan = project.local(&["plan", name]).ends_with(64);
        plan.says(&["there is no environment", "there are: dev, prod, staging"]);
    }
    for name in ["../dev", "/etc/passwd", "dev.toml"] {
        let plan = project.local(&["plan", name]).ends_with(64);
        plan.says(&["is no name of an environment", "name the environment, not its file"]);
    }
    for name in ["dеv", &long] {
        // Without a file its state is looked for, in vain.
        project.local(&["destroy", name, "--delete-data"]).ends_with(64).says(&["has no state of this environment"]);
    }
}

#[test]
fn folders_without_environments_are_said_to_be_empty() {
    let project = Project::new();
    fs::write(project.path().join("file"), "").unwrap();
    symlink("circle", project.path().join("circle")).unwrap();
    for folder in ["nowhere", "file", "circle", "pipeline/glue"] {
        let run = project.run(&["validate", "--environments", folder]);
        run.ends_with(64).says(&["there are no environment files in", folder]);
    }
}

#[test]
fn region_of_another_partition_is_refused_by_the_embedded_aws_on_a_port() {
    let (project, served) = (Project::new(), Served::start());
    for (before, region) in [("ap-south-1", "cn-north-1"), ("cn-north-1", "us-gov-west-1")] {
        project.edit("dev", &format!("region = \"{before}\""), &format!("region = \"{region}\""));
        let says = format!("The embedded AWS has only regions of the partition aws, and not {region}");
        served.run(&project, &["up", "dev", "--yes"]).ends_with(1).says(&[&says]);
        assert_eq!(served.door().changing_calls(), 0);
    }
}
