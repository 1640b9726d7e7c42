//! A project that `init` begins.

use crate::project::{Project, Ran};
use std::fs;

fn init(project: &Project, arguments: &[&str]) -> Ran {
    project.run(&[&["init", "new"], arguments].concat())
}

#[test]
fn new_project_has_the_given_name_and_region_in_valid_commented_files() {
    for region in ["eu-west-1", "ap-southeast-1"] {
        let project = Project::new();
        init(&project, &["--project", "churn", "--region", region]).ends_with(0);
        for name in ["dev", "staging", "prod"] {
            let text = fs::read_to_string(project.path().join(format!("new/environments/{name}.toml"))).unwrap();
            for part in ["project = \"churn\"\n", &format!("region = \"{region}\"\n"), "\n# "] {
                assert!(text.contains(part), "{part:?} is not in {text}");
            }
        }
        let valid = project.run(&["validate", "--environments", "new/environments"]).ends_with(0).stderr;
        assert_eq!(valid, "dev is valid\nprod is valid\nstaging is valid\n");
        project.run(&["fmt", "--check", "--environments", "new/environments"]).ends_with(0);
    }
}

#[test]
fn new_project_keeps_the_data_of_the_embedded_aws_out_of_its_repository() {
    let project = Project::new();
    let ignored = || fs::read_to_string(project.path().join("new/.gitignore")).unwrap();
    init(&project, &[]).ends_with(0);
    assert!(ignored().lines().any(|line| line == "state/local/"), "{}", ignored());
    for (before, is_added) in [("target", true), ("target\n", true), ("/state/local\n", false)] {
        fs::remove_dir_all(project.path().join("new")).unwrap();
        project.write("new/.gitignore", before);
        init(&project, &[]).ends_with(0);
        assert!(ignored().starts_with(before), "{}", ignored());
        assert_eq!(ignored().lines().any(|line| line == "state/local/"), is_added, "{}", ignored());
    }
}

#[test]
fn new_project_with_a_name_or_region_that_aws_refuses_is_not_begun() {
    let project = Project::new();
    for (arguments, says) in [
        (["--project", "My Project"], "did you mean `my-project`?"),
        (["--region", "us-east1"], "did you mean `us-east-1`?"),
    ] {
        let refused = init(&project, &arguments).ends_with(64).stderr;
        assert!(refused.contains(says) && refused.contains("nothing was written"), "{refused}");
        assert!(!project.path().join("new").exists());
    }
}
