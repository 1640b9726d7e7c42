//! States of Terraform that are none, or of something else.

use super::corpus::as_windows_writes;
use crate::{project::Project, served::Served};

const NO_STATES: [(&str, &str, &str); 12] = [
    ("nothing", "", "it is not a state of Terraform: EOF"),
    ("no JSON", "resource \"aws_vpc\" \"main\" {}", "it is not a state of Terraform: expected"),
    ("cut short", "{\"version\": 4, \"resources\": [{\"mode\": \"man", "it is not a state of Terraform: EOF"),
    ("a list", "[]", "it is not a state of Terraform: it is not a JSON object"),
    ("an empty object", "{}", "it is not a state of Terraform: it says no version"),
    ("a version that is none", "{\"version\": \"four\"}", "its version is not a number"),
    ("an old format", "{\"version\": 3, \"modules\": []}", "it has format 3, and only format 4"),
    ("a later format", "{\"version\": 5}", "it has format 5, and only format 4"),
    ("encrypted by OpenTofu", "{\"meta\": {}, \"encrypted_data\": \"c2VjcmV0\"}", "it is encrypted: `tofu state pull`"),
    ("resources that are none", "{\"version\": 4, \"resources\": 7}", "it is not a state of Terraform: invalid type"),
    ("a saved plan of Terraform's", "{\"format_version\": \"1.2\", \"resource_changes\": []}", "it says no version"),
    ("bytes", "\u{0}\u{1}\u{2}", "it is not a state of Terraform: expected"),
];

#[test]
fn what_is_no_state_of_terraform_takes_over_nothing() {
    let (project, served) = (Project::new(), Served::start());
    let refused = |says: &str| {
        let adopt = ["adopt", "dev", "--yes", "--from-tfstate", "broken.tfstate"];
        served.run(&project, &adopt).ends_with(64).says(&["broken.tfstate: ", says, "terraform state pull"]);
        assert_eq!(served.door().changes(), [""; 0]);
    };
    for (what, text, says) in NO_STATES {
        eprintln!("{what}");
        project.write("broken.tfstate", text);
        refused(says);
    }
    project.write("broken.tfstate", &format!("{{\"version\": 4, \"resources\": {}", "[".repeat(100_000)));
    refused("recursion limit");
    std::fs::File::create(project.path().join("broken.tfstate")).unwrap().set_len(10 << 30).unwrap();
    refused("larger than 64 MiB");
}

#[test]
fn state_of_terraform_that_a_shell_of_windows_wrote_is_read() {
    let (project, served) = (Project::new(), Served::start());
    let attributes = "{\"id\": \"vpc-1\", \"cidr_block\": \"172.16.0.0/12\"}";
    let state = format!(
        "{{\"version\":4,\"resources\":[{{\"mode\":\"managed\",\"type\":\"aws_vpc\",\"name\":\"x\",\
         \"instances\":[{{\"attributes\":{attributes}}}]}}]}}"
    );
    for (what, bytes) in as_windows_writes(&state) {
        std::fs::write(project.path().join("windows.tfstate"), bytes).unwrap();
        let run = served.run(&project, &["adopt", "dev", "--yes", "--from-tfstate", "windows.tfstate"]).ends_with(0);
        assert!(run.stderr.contains("left: aws_vpc.x (no ec2:vpc"), "{what}: {}", run.stderr);
    }
}

#[test]
fn a_state_of_something_else_holds_nothing_to_take_over() {
    let (project, served) = (Project::new(), Served::start());
    let attributes = "{\"id\": \"vpc-1\", \"cidr_block\": \"172.16.0.0/12\"}";
    let managed = |kind: &str| {
        format!(
            "{{\"mode\":\"managed\",\"type\":\"{kind}\",\"name\":\"x\",\"instances\":[{{\"attributes\":{attributes}}}]}}"
        )
    };
    let state = format!("{{\"version\": 4, \"resources\": [{}, {}]}}", managed("aws_vpc"), managed("aws_instance"));
    project.write("other.tfstate", &state);
    let run = served.run(&project, &["adopt", "dev", "--yes", "--from-tfstate", "other.tfstate"]).ends_with(0);
    for says in [
        "left: aws_vpc.x (no ec2:vpc of the environment file is like it)",
        "left: aws_instance.x (mlopsctl builds nothing of this type)",
        "There is nothing to take over.",
    ] {
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    assert_eq!(served.door().changes(), [""; 0]);
}
