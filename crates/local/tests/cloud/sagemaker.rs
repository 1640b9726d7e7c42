//! SageMaker domains, feature groups and model packages.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{
    AppNetworkAccessType, AppType, AuthMode, DomainStatus, FeatureDefinition, FeatureGroupStatus, FeatureType,
    ModelApprovalStatus, ModelPackageSortBy, OfflineStoreConfig, OnlineStoreConfig, OnlineStoreConfigUpdate,
    S3StorageConfig, SortOrder, Tag, TtlDuration, TtlDurationUnit, UserSettings,
};

use crate::{ACCOUNT, REGION, cloud, code};

const ROLE: &str = "arn:aws:iam::123456789012:role/studio";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

async fn domain(sagemaker: &Client) -> String {
    sagemaker
        .create_domain()
        .domain_name("ml")
        .auth_mode(AuthMode::Iam)
        .vpc_id("vpc-1")
        .subnet_ids("subnet-1")
        .subnet_ids("subnet-2")
        .app_network_access_type(AppNetworkAccessType::VpcOnly)
        .default_user_settings(UserSettings::builder().execution_role(ROLE).security_groups("sg-1").build())
        .tags(tag("Project", "p"))
        .send()
        .await
        .unwrap()
        .domain_id
        .unwrap()
}

#[tokio::test]
async fn a_domain_reads_back_as_it_was_created_and_updated() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let id = domain(&sagemaker).await;
    let described = sagemaker.describe_domain().domain_id(&id).send().await.unwrap();
    assert_eq!(described.status(), Some(&DomainStatus::InService));
    assert_eq!(described.domain_name(), Some("ml"));
    assert_eq!(described.auth_mode(), Some(&AuthMode::Iam));
    assert_eq!(described.vpc_id(), Some("vpc-1"));
    assert_eq!(described.subnet_ids(), ["subnet-1", "subnet-2"]);
    assert_eq!(described.app_network_access_type(), Some(&AppNetworkAccessType::VpcOnly));
    assert!(described.url().unwrap().contains(&id));
    assert!(described.creation_time().is_some());
    let settings = described.default_user_settings().unwrap();
    assert_eq!(settings.execution_role(), Some(ROLE));
    assert_eq!(settings.security_groups(), ["sg-1"]);
    let arn = described.domain_arn().unwrap();
    assert_eq!(arn, format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/{id}"));

    sagemaker
        .update_domain()
        .domain_id(&id)
        .default_user_settings(UserSettings::builder().security_groups("sg-2").build())
        .send()
        .await
        .unwrap();
    let described = sagemaker.describe_domain().domain_id(&id).send().await.unwrap();
    let settings = described.default_user_settings().unwrap();
    assert_eq!(settings.execution_role(), Some(ROLE), "what the update left out stays");
    assert_eq!(settings.security_groups(), ["sg-2"]);
}

#[tokio::test]
async fn tags_given_at_creation_are_there_and_can_be_changed() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let id = domain(&sagemaker).await;
    let domain = sagemaker.describe_domain().domain_id(&id).send().await.unwrap();
    let arn = domain.domain_arn().unwrap();
    sagemaker.add_tags().resource_arn(arn).tags(tag("Owner", "o")).send().await.unwrap();
    let tags = sagemaker.list_tags().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag("Owner", "o"), tag("Project", "p")]);
    sagemaker.delete_tags().resource_arn(arn).tag_keys("Project").send().await.unwrap();
    let tags = sagemaker.list_tags().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag("Owner", "o")]);
}

#[tokio::test]
async fn a_domain_is_in_use_until_its_apps_spaces_and_profiles_are_gone() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let id = domain(&sagemaker).await;
    let profile = sagemaker.create_user_profile().domain_id(&id).user_profile_name("ann");
    profile.clone().send().await.unwrap();
    assert_eq!(code(profile.send().await), "ResourceInUse");
    sagemaker.create_space().domain_id(&id).space_name("team").send().await.unwrap();
    sagemaker
        .create_app()
        .domain_id(&id)
        .user_profile_name("ann")
        .app_type(AppType::JupyterServer)
        .app_name("default")
        .send()
        .await
        .unwrap();
    let delete = || sagemaker.delete_domain().domain_id(&id).send();
    let delete_ann = || sagemaker.delete_user_profile().domain_id(&id).user_profile_name("ann").send();
    assert_eq!(code(delete().await), "ResourceInUse");
    assert_eq!(code(delete_ann().await), "ResourceInUse");
    let apps = sagemaker.list_apps().domain_id_equals(&id).send().await.unwrap();
    assert_eq!(apps.apps()[0].user_profile_name(), Some("ann"));
    sagemaker
        .delete_app()
        .domain_id(&id)
        .user_profile_name("ann")
        .app_type(AppType::JupyterServer)
        .app_name("default")
        .send()
        .await
        .unwrap();
    delete_ann().await.unwrap();
    assert_eq!(code(delete().await), "ResourceInUse");
    sagemaker.delete_space().domain_id(&id).space_name("team").send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(sagemaker.describe_domain().domain_id(&id).send().await), "ResourceNotFound");
}

#[tokio::test]
async fn a_feature_group_keeps_its_features_and_gains_new_ones() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let feature =
        |name: &str, kind: FeatureType| FeatureDefinition::builder().feature_name(name).feature_type(kind).build();
    sagemaker
        .create_feature_group()
        .feature_group_name("customers")
        .record_identifier_feature_name("id")
        .event_time_feature_name("at")
        .feature_definitions(feature("id", FeatureType::String))
        .feature_definitions(feature("at", FeatureType::Fractional))
        .role_arn(ROLE)
        .online_store_config(OnlineStoreConfig::builder().enable_online_store(true).build())
        .offline_store_config(
            OfflineStoreConfig::builder()
                .s3_storage_config(S3StorageConfig::builder().s3_uri("s3://data/features").build())
                .build(),
        )
        .send()
        .await
        .unwrap();
    sagemaker
        .update_feature_group()
        .feature_group_name("customers")
        .feature_additions(feature("age", FeatureType::Integral))
        .online_store_config(
            OnlineStoreConfigUpdate::builder()
                .ttl_duration(TtlDuration::builder().unit(TtlDurationUnit::Days).value(7).build())
                .build(),
        )
        .send()
        .await
        .unwrap();
    let group = sagemaker.describe_feature_group().feature_group_name("customers").send().await.unwrap();
    assert_eq!(group.feature_group_status(), Some(&FeatureGroupStatus::Created));
    assert_eq!(group.record_identifier_feature_name(), Some("id"));
    assert_eq!(group.event_time_feature_name(), Some("at"));
    assert_eq!(group.role_arn(), Some(ROLE));
    assert_eq!(
        group.feature_definitions(),
        [
            feature("id", FeatureType::String),
            feature("at", FeatureType::Fractional),
            feature("age", FeatureType::Integral),
        ]
    );
    let online = group.online_store_config().unwrap();
    assert_eq!(online.enable_online_store(), Some(true));
    assert_eq!(online.ttl_duration().unwrap().value(), Some(7));
    let offline = group.offline_store_config().unwrap();
    assert_eq!(offline.s3_storage_config().unwrap().s3_uri(), Some("s3://data/features"));
    assert_eq!(offline.data_catalog_config().unwrap().table_name(), Some("customers"));
}

#[tokio::test]
async fn a_model_package_group_holds_numbered_versions_and_cannot_go_before_them() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let group = "churn";
    sagemaker
        .create_model_package_group()
        .model_package_group_name(group)
        .model_package_group_description("models")
        .send()
        .await
        .unwrap();
    let package = || sagemaker.create_model_package().model_package_group_name(group).send();
    let first = package().await.unwrap().model_package_arn.unwrap();
    let second = package().await.unwrap().model_package_arn.unwrap();
    assert!(first.ends_with("/churn/1") && second.ends_with("/churn/2"), "{first} {second}");
    sagemaker
        .update_model_package()
        .model_package_arn(&second)
        .model_approval_status(ModelApprovalStatus::Approved)
        .send()
        .await
        .unwrap();
    let described = sagemaker.describe_model_package().model_package_name(&second).send().await.unwrap();
    assert_eq!(described.model_package_version(), Some(2));
    assert_eq!(described.model_approval_status(), Some(&ModelApprovalStatus::Approved));
    let delete = || sagemaker.delete_model_package_group().model_package_group_name(group).send();
    assert_eq!(code(delete().await), "ConflictException");
    let versions = sagemaker.list_model_packages().model_package_group_name(group).send().await.unwrap();
    for version in versions.model_package_summary_list() {
        let arn = version.model_package_arn().unwrap();
        sagemaker.delete_model_package().model_package_name(arn).send().await.unwrap();
    }
    delete().await.unwrap();
    let gone = sagemaker.describe_model_package_group().model_package_group_name(group);
    let error = gone.send().await.expect_err("the group is gone").into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
    assert!(error.meta().message().unwrap().contains("does not exist"));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let id = domain(&sagemaker).await;
    for name in ["a", "b", "c"] {
        sagemaker.create_user_profile().domain_id(&id).user_profile_name(name).send().await.unwrap();
    }
    let mut pages = sagemaker.list_user_profiles().domain_id_equals(&id).into_paginator().page_size(2).send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.push(page.unwrap().user_profiles().len());
    }
    assert_eq!(names, [2, 1]);
}

#[tokio::test]
async fn the_newest_package_comes_first_when_that_is_asked_for() {
    let sagemaker = Client::new(&cloud().sdk_config());
    let group = "churn";
    sagemaker.create_model_package_group().model_package_group_name(group).send().await.unwrap();
    for _ in 0..11 {
        sagemaker.create_model_package().model_package_group_name(group).send().await.unwrap();
    }
    let listed = sagemaker.list_model_packages().model_package_group_name(group);
    let listed = listed.sort_by(ModelPackageSortBy::CreationTime).sort_order(SortOrder::Descending).max_results(3);
    let page = listed.send().await.unwrap();
    let versions: Vec<_> =
        page.model_package_summary_list().iter().filter_map(|package| package.model_package_version()).collect();
    assert_eq!(versions, [11, 10, 9]);
}
