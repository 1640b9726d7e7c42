//! SageMaker. Lifecycles, what forbids a deletion and what it leaves behind are laws; failures of AWS's
//! own are put in by rule, people's apps, spaces and model versions by hand.

use crate::{destroy, failure, first, last, logs::declared, times, up};
use aws_client::FailureKind;
use aws_sdk_sagemaker::{Client, types::AppType};
use config::environment::studio::{App, AuthMode, Mlflow, NetworkAccess, Space};
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

fn studio() -> Platform {
    Platform::named("dev").only("studio.user-data-scientist")
}

async fn domain(client: &Client) -> String {
    client.list_domains().send().await.unwrap().domains()[0].domain_id().unwrap().to_owned()
}

#[test]
fn a_domain_takes_minutes_and_one_that_fails_says_why() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 101);
    let failed = Fault::shown(|answer| {
        answer["Status"] = "Failed".into();
        answer["FailureReason"] = "Insufficient free IP addresses in subnet-1".into();
    });
    aws.strike(("sagemaker", "DescribeDomain"), 10, u64::MAX, failed);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let said = failure(&applied);
    assert!(said.contains("Insufficient free IP addresses in subnet-1"), "{said}");
    assert!(applied.skipped.iter().any(|skipped| skipped.address.as_str() == "studio.user-data-scientist"));
    aws.calm();
    let began = aws.now();
    up(&platform, &mut aws);
    assert!(aws.now() - began > Duration::from_secs(60), "it takes minutes");
}

#[test]
fn a_domain_that_is_led_through_its_vpc_is_told_which() {
    let past = Platform::with("dev", |environment| environment.studio.network = NetworkAccess::PublicInternetOnly);
    let mut aws = Aws::lawful(past.region(), 110);
    up(&past, &mut aws);
    let through = Platform::named("dev");
    up(&through, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "UpdateDomain"), 1);
    let again = aws.run(async |sdk| through.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn a_domain_finds_dns_and_a_group_whose_members_reach_each_other() {
    for environment in ["dev", "staging", "prod"] {
        let all = declared(&Platform::named(environment));
        let spec = |wanted: &str| &all.iter().find(|(address, _)| address == wanted).unwrap().1;
        assert_eq!(spec("network.vpc")["dns_support"], true);
        assert_eq!(spec("network.vpc")["dns_hostnames"], true);
        let group = spec("network.sagemaker-security-group");
        for way in ["ingress", "egress"] {
            for (from, to) in [(2049, 2049), (8192, 65535)] {
                let among = group[way].as_array().unwrap().iter().any(|rule| {
                    rule["from_port"] == from && rule["to_port"] == to && rule["peer"].to_string().contains("tself")
                });
                assert!(among, "{environment}: {way} {from}–{to} among members: {group}");
            }
        }
        let ways_out = all.iter().any(|(address, _)| address.starts_with("network.nat-1"));
        assert!(ways_out, "{environment} has a way to the interfaces of SageMaker, STS and logs");
    }
}

#[test]
fn a_domain_in_use_is_emptied_of_apps_then_spaces_then_profiles_and_then_deleted() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 102);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let client = Client::new(&sdk);
        let id = domain(&client).await;
        let call = client.create_user_profile().domain_id(&id).user_profile_name("guest");
        call.send().await.unwrap();
        let space = client.create_space().domain_id(&id).space_name("corner");
        space.send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let app = client.create_app().domain_id(&id).app_type(AppType::JupyterLab).app_name("default");
        app.clone().user_profile_name("guest").send().await.unwrap();
        app.space_name("corner").send().await.unwrap();
        let refused = client.delete_domain().domain_id(&id).send().await.unwrap_err().into_service_error();
        assert!(refused.is_resource_in_use(), "{refused:?}");
    });
    let keeping = studio().keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused), "{refusals:?}");
    let of_people = "the user profile guest of people that are not declared";
    assert!(refusals.iter().any(|refusal| refusal.failure.message.contains(of_people)), "{refusals:?}");
    destroy(&platform, &mut aws);
    let order = ["DeleteApp", "DeleteSpace", "DeleteUserProfile", "DeleteDomain"];
    let asked: Vec<_> = order.iter().map(|operation| last(&aws, "sagemaker", operation)).collect();
    assert!(asked.is_sorted(), "{order:?} {asked:?}");
    aws.wait(Duration::from_secs(600));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn an_app_that_is_listed_after_it_is_gone_or_failed_is_nobodys() {
    let platform = studio();
    for status in ["Deleted", "Failed"] {
        let mut aws = Aws::lawful(platform.region(), 103);
        up(&platform, &mut aws);
        let gone = Fault::shown(move |answer| {
            answer["Apps"] = serde_json::json!([{ "AppName": "default", "AppType": "JupyterLab", "Status": status }]);
        });
        aws.strike(("sagemaker", "ListApps"), 0, u64::MAX, gone);
        destroy(&platform, &mut aws);
        assert_eq!(times(&aws, "sagemaker", "DeleteApp"), 0, "{status}");
    }
}

#[test]
fn app_that_goes_or_fails_between_its_listing_and_its_deletion_blocks_no_domain() {
    let platform = studio();
    for words in ["App default has already been deleted", "App default previously failed and was automatically deleted"]
    {
        let mut aws = Aws::lawful(platform.region(), 111);
        up(&platform, &mut aws);
        let open = Fault::shown(|answer| {
            answer["Apps"] =
                serde_json::json!([{ "AppName": "default", "AppType": "JupyterLab", "Status": "InService" }]);
        });
        aws.strike(("sagemaker", "ListApps"), 0, u64::MAX, open);
        aws.strike(("sagemaker", "DeleteApp"), 0, u64::MAX, Fault::refused("ValidationException", words));
        destroy(&platform, &mut aws);
        assert!(times(&aws, "sagemaker", "DeleteApp") > 0);
    }
}

#[test]
fn space_is_planned_and_deleted_although_aws_calls_a_missing_one_a_validation_error() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 112);
    up(&platform, &mut aws);
    let more = Platform::with("dev", |dev| {
        let owner = dev.studio.user_profiles[0].clone();
        dev.studio.spaces.push(Space { name: "shared".into(), owner, app: App::JupyterLab, volume_gb: 5 });
    });
    up(&more, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "CreateSpace"), 1);
    destroy(&more, &mut aws);
    assert_eq!(more.left(&aws), Vec::<String>::new());
}

#[test]
fn profile_names_its_user_where_people_sign_in_with_identity_center() {
    let platform = Platform::with("dev", |dev| dev.studio.auth_mode = AuthMode::Sso).only("studio.user-*");
    let mut aws = Aws::lenient(platform.region());
    up(&platform, &mut aws);
    assert!(times(&aws, "sagemaker", "CreateUserProfile") > 0);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn the_groups_and_mount_targets_that_sagemaker_leaves_are_removed_and_the_vpc_goes() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 104);
    up(&platform, &mut aws);
    let groups = || platform.inventory(&aws).to_string().matches("security-group-for-").count();
    assert!(groups() > 0, "SageMaker has made groups of its own");
    destroy(&platform, &mut aws);
    assert!(times(&aws, "ec2", "RevokeSecurityGroupIngress") > 0, "they named each other");
    assert!(first(&aws, "sagemaker", "DeleteDomain") < last(&aws, "ec2", "DeleteSecurityGroup"));
    assert!(last(&aws, "ec2", "DeleteSubnet") < last(&aws, "ec2", "DeleteVpc"));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn a_home_with_peoples_files_is_kept_and_only_its_mount_targets_go() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 105);
    up(&platform, &mut aws);
    let full = Fault::shown(|answer| answer["FileSystems"][0]["SizeInBytes"]["Value"] = (7 << 20).into());
    aws.strike(("elasticfilesystem", "DescribeFileSystems"), 0, u64::MAX, full);
    let keeping = studio().keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals[0].failure.to_string().contains("home directories of 7 MiB"), "{}", refusals[0].failure);
    assert_eq!(times(&aws, "sagemaker", "DeleteDomain"), 0, "nothing was touched");
}

#[test]
fn a_few_notebooks_in_a_home_are_data_at_risk() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 113);
    up(&platform, &mut aws);
    let notebooks = Fault::shown(|answer| answer["FileSystems"][0]["SizeInBytes"]["Value"] = (90 << 10).into());
    aws.strike(("elasticfilesystem", "DescribeFileSystems"), 0, u64::MAX, notebooks);
    let keeping = studio().keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals[0].failure.to_string().contains("home directories of 90 KiB"), "{}", refusals[0].failure);
}

#[test]
fn home_directories_that_nobody_has_used_go_with_their_domain() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 114);
    up(&platform, &mut aws);
    let directories = Fault::shown(|answer| answer["FileSystems"][0]["SizeInBytes"]["Value"] = (12 << 10).into());
    aws.strike(("elasticfilesystem", "DescribeFileSystems"), 0, u64::MAX, directories);
    let keeping = studio().keeping_data();
    let id = aws.run(async |sdk| {
        let client = Client::new(&sdk);
        let call = client.describe_domain().domain_id(domain(&client).await);
        call.send().await.unwrap().home_efs_file_system_id().unwrap().to_owned()
    });
    destroy(&keeping, &mut aws);
    aws.calm();
    aws.wait(Duration::from_secs(600));
    aws.run(async |sdk| {
        let call = aws_sdk_efs::Client::new(&sdk).describe_file_systems().file_system_id(&id);
        assert!(call.send().await.unwrap_err().into_service_error().is_file_system_not_found());
    });
}

#[test]
fn home_used_within_the_last_day_is_data_at_risk_because_efs_measures_late() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 107);
    up(&platform, &mut aws);
    let gone = Fault::shown(|answer| {
        answer["Apps"] = serde_json::json!([{ "AppName": "default", "AppType": "JupyterLab", "Status": "Deleted" }]);
    });
    aws.strike(("sagemaker", "ListApps"), 0, u64::MAX, gone);
    let keeping = studio().keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals[0].failure.to_string().contains("used within the last day"), "{}", refusals[0].failure);
}

#[test]
fn a_home_that_filled_up_since_the_plan_is_retained_and_the_vpc_goes_all_the_same() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 106);
    up(&platform, &mut aws);
    let full = Fault::shown(|answer| answer["FileSystems"][0]["SizeInBytes"]["Value"] = (7 << 20).into());
    // The plan sees it empty.
    aws.strike(("elasticfilesystem", "DescribeFileSystems"), 1, u64::MAX, full);
    let keeping = studio().keeping_data();
    destroy(&keeping, &mut aws);
    assert!(times(&aws, "elasticfilesystem", "DeleteMountTarget") > 1);
    assert_eq!(times(&aws, "elasticfilesystem", "DELETE /2015-02-01/file-systems"), 0);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn what_a_domain_leaves_is_removed_even_if_the_deletion_was_interrupted_and_another_was_made() {
    let platform = studio();
    let mut aws = Aws::lawful(platform.region(), 107);
    up(&platform, &mut aws);
    // The domain goes, and before anything it left is removed, the process dies.
    let gone = first_search_for_leftovers(&platform, &aws);
    let killed = aws.run_until(Some(testkit::Kill::Before(gone)), async |sdk| platform.destroy(&sdk).await);
    assert!(killed.is_none());
    up(&platform, &mut aws);
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

/// The number of the call by which a destruction first searches for the leftovers of the domain.
fn first_search_for_leftovers(platform: &Platform, aws: &Aws) -> usize {
    let mut rehearsal = aws.copy();
    destroy(platform, &mut rehearsal);
    let domain = rehearsal.made().iter().rposition(|made| made.operation == "DescribeDomain").unwrap();
    domain + 2
}

#[test]
fn not_founds_that_are_validation_exceptions_are_told_by_their_words() {
    let platform = Platform::named("dev").only("studio.*");
    for words in
        ["Feature Group mlops does not exist", "UserProfile not found", "Unable to find the model package group"]
    {
        let mut aws = Aws::lenient(platform.region());
        for operation in ["DescribeModelPackageGroup", "DescribeFeatureGroup"] {
            aws.strike(("sagemaker", operation), 0, 1, Fault::refused("ValidationException", words));
        }
        up(&platform, &mut aws);
    }
}

#[test]
fn name_that_is_taken_is_found_whatever_words_aws_has_for_it() {
    let platform = Platform::named("dev").only("studio.features-customers");
    let mut aws = Aws::lenient(platform.region());
    // It is made, and AWS says so in words that nobody has seen yet.
    let refusal = testkit::Refusal::new("ResourceInUse", "The name belongs to another resource.");
    aws.strike(("sagemaker", "CreateFeatureGroup"), 0, 1, Fault::RefusedAfter(refusal));
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "CreateFeatureGroup"), 1);
}

#[test]
fn a_feature_group_takes_a_minute_and_one_that_fails_says_why_and_is_made_again() {
    let platform = Platform::named("dev").only("studio.features-customers");
    let mut aws = Aws::lawful(platform.region(), 108);
    let failed = Fault::shown(|answer| {
        answer["FeatureGroupStatus"] = "CreateFailed".into();
        answer["FailureReason"] = "The role may not write to the offline store".into();
    });
    aws.strike(("sagemaker", "DescribeFeatureGroup"), 5, 2, failed);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("The role may not write to the offline store"), "{}", failure(&applied));
    up(&platform, &mut aws);
    let (deleted, made) = ("DeleteFeatureGroup", "CreateFeatureGroup");
    assert!(last(&aws, "sagemaker", deleted) < last(&aws, "sagemaker", made), "the broken one went first");
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn a_feature_is_added_in_place_and_waited_for() {
    let platform = Platform::named("dev").only("studio.features-customers");
    let mut aws = Aws::lawful(platform.region(), 109);
    up(&platform, &mut aws);
    let more = Platform::with("dev", |dev| {
        let mut feature = dev.feature_groups[0].features[0].clone();
        feature.name = "age".into();
        dev.feature_groups[0].features.push(feature);
    });
    let more = more.only("studio.features-customers");
    let began = aws.now();
    up(&more, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "UpdateFeatureGroup"), 1);
    assert_eq!(times(&aws, "sagemaker", "DeleteFeatureGroup"), 0);
    assert!(aws.now() - began > Duration::from_secs(10));
}

#[test]
fn a_model_package_group_is_deleted_after_its_versions_and_only_when_that_is_allowed() {
    let platform = Platform::named("dev").only("studio.model-package-group");
    let mut aws = Aws::lawful(platform.region(), 110);
    up(&platform, &mut aws);
    let group = "mlops-pipeline-dev-models";
    aws.run(async |sdk| {
        let client = Client::new(&sdk);
        for _ in 0..2 {
            client.create_model_package().model_package_group_name(group).send().await.unwrap();
        }
        let refused = client.delete_model_package_group().model_package_group_name(group).send().await;
        assert!(refused.is_err(), "AWS refuses while there are versions");
    });
    let keeping = Platform::named("dev").only("studio.model-package-group").keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals[0].failure.to_string().contains("it holds 2 model versions"), "{}", refusals[0].failure);
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "DeleteModelPackage"), 2);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

/// The number of MLflow apps.
fn mlflow_apps(aws: &mut Aws) -> usize {
    let listed = aws.run(async |sdk| Client::new(&sdk).list_mlflow_apps().send().await.unwrap());
    listed.summaries().len()
}

/// dev with MLflow.
fn with_mlflow(maintenance_window: Option<&str>) -> Platform {
    let window = maintenance_window.map(str::to_owned);
    Platform::with("dev", |dev| dev.studio.mlflow = Some(Mlflow { maintenance_window: window })).only("studio.mlflow")
}

#[test]
fn an_mlflow_app_takes_minutes_and_is_changed_in_place() {
    let platform = with_mlflow(None);
    let mut aws = Aws::lawful(platform.region(), 112);
    let began = aws.now();
    up(&platform, &mut aws);
    assert!(aws.now() - began > Duration::from_secs(60));
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "AWS's choice of the time is no difference: {:#?}", again.plan.changes);
    let edited = with_mlflow(Some("Sun:04:00"));
    up(&edited, &mut aws);
    assert_eq!(times(&aws, "sagemaker", "UpdateMlflowApp"), 1);
    assert_eq!(mlflow_apps(&mut aws), 1);
    let again = aws.run(async |sdk| edited.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn mlflow_app_whose_creation_got_no_answer_is_found_among_namesakes_by_its_tags() {
    let platform = with_mlflow(None);
    let mut aws = Aws::lenient(platform.region());
    aws.run(async |sdk| {
        let call = Client::new(&sdk).create_mlflow_app().name("mlops-pipeline-dev-mlflow");
        call.artifact_store_uri("s3://theirs/mlflow").role_arn("arn:aws:iam::123456789012:role/theirs").send().await
    })
    .unwrap();
    aws.strike(("sagemaker", "CreateMlflowApp"), 0, 1, Fault::LostAnswer);
    up(&platform, &mut aws);
    assert_eq!(mlflow_apps(&mut aws), 2, "theirs and ours");
    destroy(&platform, &mut aws);
    assert_eq!(mlflow_apps(&mut aws), 1, "theirs");
}

#[test]
fn experiments_in_mlflow_are_data_at_risk_because_aws_does_not_count_them() {
    let platform = with_mlflow(None);
    let mut aws = Aws::lawful(platform.region(), 114);
    up(&platform, &mut aws);
    let keeping = with_mlflow(None).keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    let told = refusals[0].failure.to_string();
    assert!(told.contains("it holds the experiments, runs and metrics that were logged to it"), "{told}");
    assert_eq!(times(&aws, "sagemaker", "DeleteMlflowApp"), 0);
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}
