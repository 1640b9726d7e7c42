//! Refusals before anything is touched, and their messages.

use crate::{
    project::{Project, Ran},
    recorded::Recorded,
    served::ServedAws,
};
use std::sync::Arc;

#[test]
fn an_invalid_file_is_refused_with_every_problem_and_its_line() {
    let project = Project::new();
    project.edit("dev", "zones = 2", "zones = 9");
    project.edit("dev", "log_retention_days = 7", "log_retention_dayz = 7");
    let run = project.local(&["up", "dev"]).ends_with(64);
    for part in ["zones", "log_retention_dayz", "log_retention_days", "dev.toml:", "2 problems", "nothing was touched"]
    {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert!(!project.path().join("state/local").exists());
}

#[test]
fn code_of_a_function_that_does_not_parse_is_refused_with_file_and_line() {
    let project = Project::new();
    let function = "[[functions]]\nname = \"enrich\"\nruntime = \"python3.11\"\n";
    project.edit("dev", "[pipeline]\n", &format!("{function}\n[pipeline]\n"));
    let code = |text: &str| project.write("pipeline/functions/enrich/handler.py", text);
    code("def handler(event, context):\n    return event\n");
    project.run(&["validate", "dev"]).ends_with(0);
    code("def handler(event, context):\n    found = 1\n      return found\n");
    let refused = project.run(&["validate", "dev"]).ends_with(64);
    for part in ["name = \"enrich\"", "pipeline/functions/enrich/handler.py:3: unexpected indent"] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
}

#[test]
fn wrong_arguments_and_unknown_environments_end_with_64() {
    let project = Project::new();
    project.run(&["frobnicate"]).ends_with(64);
    project.run(&["plan", "dev", "--no-such-flag"]).ends_with(64);
    let unknown = project.local(&["plan", "qa"]).ends_with(64);
    assert!(unknown.stderr.contains("dev, prod, staging"), "{}", unknown.stderr);
    let unnamed = project.local(&["plan"]).ends_with(64);
    assert!(unnamed.stderr.contains("MLOPSCTL_ENV"), "{}", unnamed.stderr);
    project.run(&["--version"]).ends_with(0);
}

#[test]
fn a_profile_that_there_is_not_is_told_by_name() {
    let project = Project::new();
    project.write("config", "[default]\n[profile ours]\nregion = ap-south-1\n");
    let run = |file: &str| {
        let mut command = project.command(&["plan", "dev"]);
        command.env("AWS_PROFILE", "nobody").env("AWS_CONFIG_FILE", file);
        Ran::of(command.env("AWS_SHARED_CREDENTIALS_FILE", "none").output().unwrap()).ends_with(64)
    };
    let told = run("config");
    for part in ["no profile `nobody`", "config", "default, ours"] {
        assert!(told.stderr.contains(part), "{part} is not in {}", told.stderr);
    }
    let none = run("no-such-file");
    assert!(none.stderr.contains("no profile `nobody`"), "{}", none.stderr);
}

#[test]
fn settings_of_aws_that_never_end_are_refused_and_none_is_none() {
    let project = Project::new();
    let run = |variable: &str, file: &str| {
        let mut command = project.command(&["plan", "dev"]);
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        Ran::of(command.env(variable, file).output().unwrap())
    };
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"] {
        let refused = run(variable, "/dev/zero").ends_with(64);
        assert!(refused.stderr.contains(&format!("{variable} names /dev/zero")), "{}", refused.stderr);
        let asked = run(variable, "/dev/null").ends_with(1);
        assert!(asked.stderr.contains("the AWS account could not be determined"), "{}", asked.stderr);
    }
}

#[test]
fn the_name_of_an_environment_may_have_a_line_break_after_it() {
    let project = Project::new();
    let mut command = project.command(&["validate"]);
    let valid = Ran::of(command.env("MLOPSCTL_ENV", " dev\r\n").output().unwrap()).ends_with(0);
    assert!(!valid.stderr.contains("\\n"), "{}", valid.stderr);
    let mut command = project.command(&["plan", "--local"]);
    Ran::of(command.env("MLOPSCTL_ENV", "dev\n").output().unwrap()).ends_with(0);
}

#[test]
fn a_renamed_project_hears_of_the_platform_that_its_old_name_has() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "project = \"mlops-pipeline\"", "project = \"scoring\"");
    let plan = project.local(&["plan", "dev"]).ends_with(0);
    assert!(plan.stderr.contains("project `mlops-pipeline` has an environment dev"), "{}", plan.stderr);
    project.edit("dev", "project = \"scoring\"", "project = \"mlops-pipeline\"");
    let plan = project.local(&["plan", "dev"]).ends_with(0);
    assert!(!plan.stderr.contains("has an environment"), "{}", plan.stderr);
}

#[test]
fn a_region_that_is_edited_after_up_is_told_with_both() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "region = \"ap-south-1\"", "region = \"eu-west-1\"");
    for command in [["plan", "dev"], ["up", "dev"], ["drift", "dev"], ["destroy", "dev"]] {
        let run = project.local(&command).ends_with(64);
        for part in ["ap-south-1", "eu-west-1", "no platform can be moved"] {
            assert!(run.stderr.contains(part), "{command:?}: {part} is not in {}", run.stderr);
        }
    }
}

#[test]
fn protected_resources_and_data_are_refused_by_name() {
    let project = Project::new();
    project.local(&["up", "prod"]).ends_with(0);
    let destroy = project.local(&["destroy", "prod", "--delete-data"]).ends_with(1);
    assert!(destroy.stderr.contains("storage.data") && destroy.stderr.contains("--unprotect"), "{}", destroy.stderr);
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-prod-models-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("model.tar.gz");
        call.body(b"weights".to_vec().into()).send().await.unwrap();
    });
    let destroy = project.local(&["destroy", "prod", "--unprotect", "*"]).ends_with(1);
    assert!(
        destroy.stderr.contains("storage.models") && destroy.stderr.contains("--delete-data"),
        "{}",
        destroy.stderr
    );
    let plan = project.local(&["plan", "prod", "--exit-code"]).ends_with(0);
    assert!(plan.stdout.contains("Nothing to do"), "{}", plan.stdout);
}

#[test]
fn a_pattern_of_unprotect_that_matches_nothing_is_told() {
    let project = Project::new();
    const WARNING: &str = "warning: no resource matches --unprotect 'storge.data'";
    for command in ["plan", "up", "destroy"] {
        let run =
            project.local(&[command, "dev", "--delete-data", "--unprotect", "storge.data", "--unprotect", "storage.*"]);
        let said = run.ends_with(0).stderr;
        assert_eq!(said.matches("no resource matches").count(), said.matches(WARNING).count(), "{said}");
        assert_eq!(said.matches(WARNING).count(), 1, "{said}");
    }
}

#[test]
fn another_account_than_the_allowed_ones_is_refused() {
    let project = Project::new();
    project.edit("dev", "# allowed_accounts = [\"123456789012\"]", "allowed_accounts = [\"999999999999\"]");
    let aws = ServedAws::behind(Arc::new(Recorded::new("registered")));
    let run = aws.run(&project, &["up", "dev", "--yes"]).ends_with(64);
    assert!(run.stderr.contains("999999999999") && run.stderr.contains(local::ACCOUNT), "{}", run.stderr);
    // The embedded AWS has an account of its own, and costs nothing.
    project.local(&["up", "dev"]).ends_with(0);
}

#[test]
fn the_embedded_aws_refuses_regions_of_other_partitions() {
    for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        let project = Project::new();
        project.edit("dev", "region = \"ap-south-1\"", &format!("region = \"{region}\""));
        let run = project.local(&["up", "dev"]).ends_with(64);
        assert!(run.stderr.contains(partition) && run.stderr.contains(region), "{}", run.stderr);
    }
}

#[test]
fn a_saved_plan_is_refused_when_anything_moved() {
    let project = Project::new();
    project.local(&["plan", "dev", "--out", "saved.json"]).ends_with(0);
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    let moved = project.local(&["up", "dev", "--plan", "saved.json"]).ends_with(1);
    assert!(moved.stderr.contains("the saved plan cannot be applied"), "{}", moved.stderr);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(2);
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    let project = Project::new();
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        iam.create_role().role_name("mlops-pipeline-dev-glue").assume_role_policy_document(trust).send().await.unwrap();
    });
    let run = project.local(&["up", "dev"]).ends_with(1);
    assert!(run.stderr.contains("identity.glue") && run.stderr.contains("exists already"), "{}", run.stderr);
    project.behind_its_back(async |sdk| {
        let vpcs = aws_sdk_ec2::Client::new(&sdk).describe_vpcs().send().await.unwrap();
        assert!(vpcs.vpcs().iter().all(|vpc| vpc.is_default() == Some(true)));
    });
}

#[test]
fn a_name_alone_makes_nobody_an_owner() {
    let project = Project::new();
    let name = "mlops-pipeline-dev";
    let body = r#"{"widgets":[]}"#;
    let put = async |sdk: aws_config::SdkConfig| {
        let dashboards = aws_sdk_cloudwatch::Client::new(&sdk);
        dashboards.put_dashboard().dashboard_name(name).dashboard_body(body).send().await.unwrap();
    };
    project.behind_its_back(put);
    let refused = project.local(&["up", "dev"]).ends_with(1);
    for part in
        ["monitoring.dashboard", "has no tags that prove whose it is", "mlopsctl adopt dev monitoring.dashboard"]
    {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    let kept = project.behind_its_back(async |sdk| {
        let dashboards = aws_sdk_cloudwatch::Client::new(&sdk);
        dashboards.get_dashboard().dashboard_name(name).send().await.unwrap().dashboard_body().unwrap().to_owned()
    });
    assert_eq!(kept, body);
    project.local(&["adopt", "dev", "monitoring.dashboard"]).ends_with(0);
    project.local(&["up", "dev"]).ends_with(0);
}

/// Checks that a plan shows the same refusals in text and in JSON as `up`.
#[track_caller]
fn refused_alike(project: &Project, address: &str, words: &str, help: &str) {
    let text = project.local(&["plan", "dev"]).ends_with(1);
    assert!(text.stdout.contains("`mlopsctl up dev` refuses this plan:"), "{}", text.stdout);
    let json = project.local(&["plan", "dev", "--json"]).ends_with(1).json();
    let refusals = json["refusals"].as_array().unwrap();
    let refusal = refusals.iter().find(|refusal| refusal["address"] == address);
    let refusal = refusal.unwrap_or_else(|| panic!("{address} is not in {refusals:#?}"));
    let reason = refusal["reason"].as_str().unwrap();
    assert!(reason.contains(words) && refusal["help"].is_string(), "{refusal:#}");
    let with_code = project.local(&["plan", "dev", "--exit-code"]).ends_with(1);
    let up = project.local(&["up", "dev"]).ends_with(1);
    let way_out = json["way_out"].as_str().unwrap();
    assert!(way_out.contains(help), "{way_out}");
    for said in [&text.stdout, &with_code.stdout, &up.stderr] {
        assert!(said.contains(reason) && said.contains(way_out), "{reason} is not in {said}");
    }
    assert!(up.stderr.contains("nothing was touched"), "{}", up.stderr);
}

#[test]
fn plan_shows_what_up_refuses_in_text_and_json_and_ends_as_up_does() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let serial = || project.local(&["state", "pull", "dev"]).ends_with(0).json()["serial"].clone();
    // A new type of a feature replaces its group, and so deletes the records of the online store.
    let (whole, text) =
        ("name = \"support_calls\", type = \"Integral\"", "name = \"support_calls\", type = \"String\"");
    let before = serial();
    project.edit("dev", whole, text);
    refused_alike(&project, "studio.features-customers", "it holds the records of an online store", "--delete-data");
    project.local(&["plan", "dev", "--exit-code", "--delete-data"]).ends_with(2);
    project.edit("dev", text, whole);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    assert_eq!(serial(), before);
    // A change that replaces a protected resource.
    let file = project.path().join("environments/dev.toml");
    let declared = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{declared}\n[protection]\nprotect = [\"network.vpc\"]\n")).unwrap();
    project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.1.0.0/16\"");
    refused_alike(&project, "network.vpc", "it is protected, and this would replace it", "--unprotect network.vpc");
    assert_eq!(serial(), before);
}

#[test]
fn what_mlopsctl_shipped_itself_is_nobodys_data() {
    let project = Project::new();
    project.edit("dev", "ttl = { value = 30, unit = \"Days\" }", "online = false");
    project.local(&["up", "dev"]).ends_with(0);
    let destroyed = project.local(&["destroy", "dev"]).ends_with(0).stderr;
    let (_, end) = destroyed.split_once(" deleted in ").unwrap_or_else(|| panic!("{destroyed}"));
    for leftover in [
        "pipeline.training is deleted: the logs of its jobs stay in /aws/sagemaker/TrainingJobs and \
         /aws/sagemaker/TransformJobs, which the whole account shares",
        "studio.domain is deleted: the logs of its apps stay in /aws/sagemaker/studio",
        "and its table in Glue's database sagemaker_featurestore until `aws glue delete-table` removes it",
    ] {
        assert!(end.contains(leftover), "{leftover:?} is not in {end}");
    }
}

#[test]
fn consent_to_lose_the_data_of_some_resources_leaves_the_keys_of_all_others() {
    let project = Project::new();
    project.edit("dev", "kms = false", "kms = true");
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "kms = true", "kms = false");
    let refused = project.local(&["plan", "dev", "--json"]).ends_with(1).json();
    let way_out = refused["way_out"].as_str().unwrap();
    let consent = way_out.split(' ').find(|word| word.starts_with("--delete-data=")).unwrap();
    assert!(consent.contains("studio.features-customers"), "{way_out}");
    let deleted = |plan: &serde_json::Value| -> Vec<String> {
        let changes = plan["changes"].as_array().unwrap().iter().filter(|change| change["action"] == "delete");
        changes.map(|change| change["address"].as_str().unwrap().to_owned()).collect()
    };
    let some = project.local(&["plan", "dev", "--json", consent]).ends_with(0).json();
    assert!(deleted(&some).iter().all(|address| !address.starts_with("encryption.")), "{some:#}");
    assert!(some["kept"].as_array().unwrap().iter().any(|kept| kept["address"] == "encryption.data"), "{some:#}");
    let all = project.local(&["plan", "dev", "--json", "--delete-data"]).ends_with(0).json();
    assert!(deleted(&all).iter().any(|address| address == "encryption.data"), "{all:#}");
    let page = project.local(&["plan", "dev", "--delete-data"]).ends_with(0).stdout;
    let says = "what was ever encrypted with it can be read no more; for 30 days `aws kms cancel-key-deletion` brings \
                the key back";
    assert_eq!(page.matches(says).count(), 2, "{page}");
}

#[test]
fn saved_plan_needs_the_consent_that_it_was_made_with() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "name = \"support_calls\", type = \"Integral\"", "name = \"support_calls\", type = \"String\"");
    let refused = project.local(&["plan", "dev", "--out", "saved.plan"]).ends_with(1);
    assert!(refused.stderr.contains("not saved to saved.plan"), "{}", refused.stderr);
    assert!(!project.path().join("saved.plan").exists());
    let saved = project.local(&["plan", "dev", "--delete-data", "--out", "saved.plan"]).ends_with(0);
    let apply = "`mlopsctl up dev --plan saved.plan --delete-data --local`";
    assert!(saved.stderr.contains(apply), "{}", saved.stderr);
    let shown = project.local(&["plan", "--show", "saved.plan"]).ends_with(0).stdout;
    assert!(shown.contains("Planned with --delete-data") && shown.contains("USD a month"), "{shown}");
    let without = project.local(&["up", "dev", "--plan", "saved.plan"]).ends_with(64);
    assert!(
        without.stderr.contains("was planned with --delete-data") && without.stderr.contains(apply),
        "{}",
        without.stderr
    );
    project.local(&["up", "dev", "--plan", "saved.plan", "--delete-data"]).ends_with(0);
}

#[test]
fn name_that_another_account_has_is_a_refusal_within_the_plan() {
    let project = Project::new();
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        iam.create_role().role_name("mlops-pipeline-dev-glue").assume_role_policy_document(trust).send().await.unwrap();
    });
    let plan = project.local(&["plan", "dev"]).ends_with(1);
    for part in ["`mlopsctl up dev` refuses this plan:", "identity.glue (role): ", "+ vpc (VPC)", "Plan for dev: "] {
        assert!(plan.stdout.contains(part), "{part} is not in {}", plan.stdout);
    }
}
