//! The adoption of resources that Terraform, a person or another stack made.

use crate::{
    project::{Project, Ran},
    terraform,
};
use aws_config::SdkConfig;
use serde_json::Value;

/// A project whose cloud holds what Terraform built.
fn built_by_terraform() -> Project {
    let project = Project::new();
    terraform::build(project.path());
    std::fs::copy(terraform::state(), project.path().join("terraform.tfstate")).unwrap();
    project
}

fn adopt(project: &Project, what: &[&str]) -> Ran {
    project.local(&[&["adopt", "dev"], what].concat())
}

/// By address, the ids of what is remembered.
fn ids(project: &Project) -> Vec<(String, String)> {
    let list = project.local(&["state", "list", "dev", "--json"]).ends_with(0).json();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(|row| (text(row, "address"), text(row, "id"))).collect()
}

/// Nothing was remembered, so nothing was done.
fn nothing_is_remembered(project: &Project) {
    assert_eq!(ids(project), []);
}

#[test]
fn a_platform_that_terraform_built_is_taken_over_whole() {
    let project = built_by_terraform();
    let refused = project.local(&["up", "dev"]).ends_with(1);
    let said = |text: &str| refused.stderr.matches(text).count();
    assert!(said("exists already") > 30 && said("--from-tfstate FILE") == 1, "{}", refused.stderr);

    let adopted = adopt(&project, &["--from-tfstate", "terraform.tfstate", "--json"]).ends_with(0);
    let summary: Value = serde_json::from_str(adopted.stdout.lines().last().unwrap()).unwrap();
    // Terraform had one role for Studio and training, and no log groups of Glue 5.
    assert_eq!((&summary["updated"], &summary["created"], &summary["replaced"]), (&56.into(), &3.into(), &0.into()));

    // The state of Terraform has the resources' ids.
    let remembered: Value = serde_json::from_slice(&std::fs::read(terraform::state()).unwrap()).unwrap();
    let outputs = &remembered["outputs"];
    let made = |name: &str| outputs[name]["value"].as_str().unwrap().to_owned();
    let ids = ids(&project);
    for (address, output) in [
        ("network.vpc", "vpc_id"),
        ("studio.domain", "sagemaker_domain_id"),
        ("pipeline.training", "state_machine_arn"),
    ] {
        assert!(ids.contains(&(address.to_owned(), made(output))), "{address} is not {}", made(output));
    }
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    project.local(&["drift", "dev"]).ends_with(0);
    let again = adopt(&project, &["--from-tfstate", "terraform.tfstate"]).ends_with(0);
    assert!(again.stderr.contains("nothing to take over"), "{}", again.stderr);
    assert!(again.stderr.contains("56 are adopted already") && !again.stderr.contains("left: "), "{}", again.stderr);

    project.local(&["destroy", "dev", "--delete-data"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let roles = aws_sdk_iam::Client::new(&sdk).list_roles().send().await.unwrap();
        assert!(roles.roles().iter().all(|role| !role.role_name().contains("mlops-pipeline")));
    });
}

#[test]
fn adoption_is_saved_reviewed_and_applied_as_it_was_reviewed() {
    let project = Project::new();
    project.behind_its_back(make_role);
    let planned = adopt(&project, &["identity.glue", "--out", "role.plan"]).ends_with(0);
    assert!(planned.stdout.contains("because it is taken over"), "{}", planned.stdout);
    nothing_is_remembered(&project);
    let shown = project.local(&["plan", "--show", "role.plan"]).ends_with(0);
    assert!(shown.stdout.contains("because it is taken over"), "{}", shown.stdout);
    let document = project.local(&["plan", "dev", "--show", "role.plan", "--json"]).ends_with(0).json();
    assert_eq!(document["changes"][0]["address"], "identity.glue");
    let other = project.local(&["plan", "prod", "--show", "role.plan"]).ends_with(64);
    assert!(other.stderr.contains("is a plan of dev, and not of prod"), "{}", other.stderr);
    project.local(&["up", "dev", "--plan", "role.plan"]).ends_with(0);
    assert_eq!(ids(&project), [("identity.glue".to_owned(), "mlops-pipeline-dev-glue".to_owned())]);
    let again = adopt(&project, &["identity.glue", "--out", "again.plan"]).ends_with(0);
    assert!(again.stderr.contains("identity.glue is adopted already (mlops-pipeline-dev-glue)"), "{}", again.stderr);
}

#[test]
fn id_of_a_single_resource_may_be_a_word_of_its_own() {
    let project = Project::new();
    let vpc = project.behind_its_back(async |sdk| make_vpc(&sdk, "10.0.0.0/16", &[]).await);
    adopt(&project, &["network.vpc", &vpc, "--out", "vpc.plan"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let tag = aws_sdk_ec2::types::Tag::builder().key("Owner").value("somebody").build();
        aws_sdk_ec2::Client::new(&sdk).create_tags().resources(&vpc).tags(tag).send().await.unwrap();
    });
    let stale = project.local(&["up", "dev", "--plan", "vpc.plan"]).ends_with(1);
    let says = "the cloud has changed: network.vpc (tags.Owner is \"somebody\" in AWS, and was (none))";
    assert!(stale.stderr.contains(says), "{}", stale.stderr);
    nothing_is_remembered(&project);
}

#[test]
fn what_terraform_knows_and_nobody_declares_is_named_and_left() {
    let project = built_by_terraform();
    project.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = [\"analyst\"]");
    let adopted = adopt(&project, &["--from-tfstate", "terraform.tfstate"]).ends_with(0);
    let says = "left: aws_sagemaker_user_profile.data_scientist (no sagemaker:user-profile of the environment file is";
    assert!(adopted.stderr.contains(says), "{}", adopted.stderr);
    assert!(ids(&project).iter().all(|(address, _)| address != "studio.user-analyst"), "{:?}", ids(&project));
}

#[test]
fn one_thing_is_taken_over_by_its_name() {
    let project = Project::new();
    project.behind_its_back(make_role);
    let refused = project.local(&["up", "dev"]).ends_with(1);
    assert!(
        refused.stderr.contains("take it over with `mlopsctl adopt dev identity.glue --local`"),
        "{}",
        refused.stderr
    );
    let adopted = adopt(&project, &["identity.glue"]).ends_with(0);
    assert!(adopted.stderr.contains("because it is taken over"), "{}", adopted.stderr);
    assert_eq!(ids(&project), [("identity.glue".to_owned(), "mlops-pipeline-dev-glue".to_owned())]);
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

async fn make_role(sdk: SdkConfig) {
    let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let call = aws_sdk_iam::Client::new(&sdk).create_role().role_name("mlops-pipeline-dev-glue");
    call.assume_role_policy_document(trust).send().await.unwrap();
}

/// Makes a network with this range and these tags, and returns its id.
async fn make_vpc(sdk: &SdkConfig, cidr: &str, tags: &[(&str, &str)]) -> String {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    let vpc = ec2.create_vpc().cidr_block(cidr).send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    for (key, value) in tags {
        let tag = aws_sdk_ec2::types::Tag::builder().key(*key).value(*value).build();
        ec2.create_tags().resources(&vpc).tags(tag).send().await.unwrap();
    }
    vpc
}

#[test]
fn a_network_is_taken_over_by_its_id_and_the_rest_is_built_in_it() {
    let project = Project::new();
    let vpc = project.behind_its_back(async |sdk| make_vpc(&sdk, "10.0.0.0/16", &[("Team", "data")]).await);
    adopt(&project, &[&format!("network.vpc={vpc}")]).ends_with(0);
    project.local(&["up", "dev"]).ends_with(0);
    let output = project.local(&["output", "dev", "vpc_id"]).ends_with(0);
    assert_eq!(output.stdout.trim(), vpc);
    project.behind_its_back(async |sdk| {
        let found = aws_sdk_ec2::Client::new(&sdk).describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
        let tags = found.vpcs()[0].tags();
        assert!(tags.iter().any(|tag| tag.key() == Some("Team")), "a stranger's tag is gone: {tags:?}");
    });
}

#[test]
fn resource_with_all_tags_but_the_lineage_is_taken_over_only_by_its_id() {
    let project = Project::new();
    let tags = [
        ("Project", "mlops-pipeline"),
        ("Environment", "dev"),
        ("ManagedBy", "mlopsctl"),
        ("mlopsctl:address", "network.vpc"),
    ];
    let vpc = project.behind_its_back(async |sdk| make_vpc(&sdk, "10.0.0.0/16", &tags).await);
    let says = format!("{vpc} exists already, is not as declared");
    for command in ["plan", "up"] {
        let refused = project.local(&[command, "dev"]).ends_with(1);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        for part in [&says, "no tags that prove whose it is", "mlopsctl adopt dev network.vpc"] {
            assert!(said.contains(part), "{command}: {part} is not in {said}");
        }
    }
    project.behind_its_back(async |sdk| {
        let found = aws_sdk_ec2::Client::new(&sdk).describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
        assert_eq!(found.vpcs()[0].tags().len(), tags.len());
    });
    adopt(&project, &[&format!("network.vpc={vpc}")]).ends_with(0);
    project.local(&["up", "dev"]).ends_with(0);
    assert_eq!(project.local(&["output", "dev", "vpc_id"]).ends_with(0).stdout.trim(), vpc);
}

#[test]
fn what_does_not_fit_is_refused_and_left_as_it_is() {
    let project = Project::new();
    let (narrow, theirs) = project.behind_its_back(async |sdk| {
        let narrow = make_vpc(&sdk, "10.9.0.0/24", &[]).await;
        let tags = [("ManagedBy", "mlopsctl"), ("Project", "other"), ("Environment", "prod")];
        let theirs = make_vpc(&sdk, "10.0.0.0/16", &[&tags[..], &[("mlopsctl:address", "network.vpc")]].concat()).await;
        (narrow, theirs)
    });
    let refused = |what: &[&str], says: &str| {
        let run = adopt(&project, what).ends_with(1);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(says) && said.contains("nothing was touched"), "{said}");
        nothing_is_remembered(&project);
    };
    let claim = format!("network.vpc={narrow}");
    refused(&[&claim], "would have to be replaced: cidr is \"10.9.0.0/24\", and should be \"10.0.0.0/16\"");
    refused(&["network.vpc=vpc-00000000000000000"], "there is no VPC vpc-00000000000000000");
    refused(&[&format!("network.vpc={theirs}")], "belongs to network.vpc of other prod");
    refused(&["identity.glue"], "there is no role with its name to adopt");
    let subnet = project.behind_its_back(async |sdk| {
        let ec2 = aws_sdk_ec2::Client::new(&sdk);
        let made = ec2.create_subnet().vpc_id(&narrow).cidr_block("10.9.0.0/28").send().await.unwrap();
        made.subnet.unwrap().subnet_id.unwrap()
    });
    refused(&[&format!("network.private-1={subnet}")], "it belongs to something that is not there yet");
}

#[test]
fn resource_with_another_name_is_not_adopted_by_any_id() {
    let project = built_by_terraform();
    let other = "mlops-pipeline-dev-sagemaker";
    let run = adopt(&project, &[&format!("identity.glue={other}")]).ends_with(1);
    let says = format!("the resource with its name or tags is mlops-pipeline-dev-glue, and not {other}");
    assert!(run.stderr.contains(&says), "{}", run.stderr);
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        for policy in ["catalog", "data", "features", "logs"] {
            iam.delete_role_policy().role_name("mlops-pipeline-dev-glue").policy_name(policy).send().await.unwrap();
        }
        iam.delete_role().role_name("mlops-pipeline-dev-glue").send().await.unwrap();
    });
    let run = adopt(&project, &[&format!("identity.glue={other}")]).ends_with(1);
    let says = format!("would have to be replaced: name is {other:?}");
    assert!(run.stderr.contains(&says) && run.stderr.contains("nothing was touched"), "{}", run.stderr);
    nothing_is_remembered(&project);
}

#[test]
fn what_is_remembered_is_not_taken_for_something_else() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let before = ids(&project);
    let other = project.behind_its_back(async |sdk| make_vpc(&sdk, "10.0.0.0/16", &[]).await);
    let run = adopt(&project, &[&format!("network.vpc={other}")]).ends_with(1);
    assert!(run.stderr.contains("is what stands there already"), "{}", run.stderr);
    adopt(&project, &["network.vpc", "storage.data"]).ends_with(0);
    assert_eq!(ids(&project), before);
}

#[test]
fn senseless_arguments_are_refused_before_any_read() {
    let project = Project::new();
    let refused = |what: &[&str], says: &str| {
        let run = adopt(&project, what).ends_with(64);
        assert!(run.stderr.contains(says), "{}", run.stderr);
    };
    refused(&[], "no resource to adopt is named");
    refused(&["network.vpc="], "`network.vpc=` is not ADDRESS or ADDRESS=ID");
    refused(&["vpc=vpc-1"], "`vpc=vpc-1` is not ADDRESS or ADDRESS=ID");
    refused(&["network.lake=vpc-1"], "the file of dev declares no network.lake");
    refused(&["network.vpc=vpc-1", "network.vpc=vpc-2"], "network.vpc is named twice");
    let same = ["network.private-1=subnet-1", "network.private-2=subnet-1"];
    refused(&same, "subnet-1 is named for network.private-1 and for network.private-2");
    refused(&["--from-tfstate", "nowhere.tfstate"], "nowhere.tfstate: ");
    refused(&["--from-tfstate", "environments/dev.toml"], "it is not a state of Terraform");
    nothing_is_remembered(&project);
}
