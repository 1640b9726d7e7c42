//! Changes by people and services to a platform, which `reconcile` repairs, and data that is removed before its end.

use aws_config::SdkConfig;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter};
use aws_sdk_s3::types::{CreateBucketConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use aws_sdk_sagemaker::types::{AppType, ContainerDefinition, ProductionVariant, Tag, UserSettings};
use serde_json::json;

const ACCOUNT: &str = "123456789012";
const ANYBODY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}"#;

/// Changes settings that nobody would change in the file.
pub(crate) async fn with_settings(sdk: &SdkConfig, prefix: &str, region: &str) {
    roles(sdk, prefix).await;
    catalog(sdk, prefix).await;
    functions_and_logs(sdk, prefix, region).await;
    network(sdk, prefix).await;
    keys(sdk, prefix).await;
    monitoring(sdk, prefix).await;
    let bucket = format!("{prefix}-data-{ACCOUNT}");
    let rule =
        OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerPreferred).build().unwrap();
    let controls = OwnershipControls::builder().rules(rule).build().unwrap();
    let s3 = aws_s3::client(sdk);
    s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls).send().await.unwrap();
    let client = aws_sdk_sagemaker::Client::new(sdk);
    let domains = client.list_domains().send().await.unwrap();
    let mine = format!("arn:aws:iam::{ACCOUNT}:role/{prefix}-glue");
    let settings = UserSettings::builder().execution_role(mine).build();
    let call = client.update_user_profile().domain_id(domains.domains()[0].domain_id().unwrap());
    call.user_profile_name("data-scientist").user_settings(settings).send().await.unwrap();
    let topic = format!("arn:aws:sns:{region}:{ACCOUNT}:{prefix}-alerts");
    let sns = aws_sdk_sns::Client::new(sdk);
    let call = sns.set_topic_attributes().topic_arn(topic).attribute_name("DisplayName").attribute_value("mine");
    call.send().await.unwrap();
}

/// Changes nearly all of a role.
pub(super) async fn roles(sdk: &SdkConfig, prefix: &str) {
    let iam = aws_sdk_iam::Client::new(sdk);
    let role = format!("{prefix}-glue");
    iam.update_role().role_name(&role).description("mine").send().await.unwrap();
    iam.update_assume_role_policy().role_name(&role).policy_document(ANYBODY).send().await.unwrap();
    let made = iam.create_policy().policy_name(format!("{prefix}-of-mine")).policy_document(ANYBODY).send().await;
    let policy = made.unwrap().policy.unwrap().arn.unwrap();
    // By then IAM knows it.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    iam.attach_role_policy().role_name(&role).policy_arn(&policy).send().await.unwrap();
    iam.put_role_permissions_boundary().role_name(&role).permissions_boundary(&policy).send().await.unwrap();
}

async fn catalog(sdk: &SdkConfig, prefix: &str) {
    let glue = aws_sdk_glue::Client::new(sdk);
    let name = prefix.replace('-', "_");
    let input = aws_sdk_glue::types::DatabaseInput::builder().name(&name).description("mine").build().unwrap();
    glue.update_database().name(&name).database_input(input).send().await.unwrap();
    glue.update_workflow().name(format!("{prefix}-etl")).description("mine").send().await.unwrap();
    glue.stop_trigger().name(format!("{prefix}-publish")).send().await.unwrap();
    let update = aws_sdk_glue::types::TriggerUpdate::builder().description("mine").build();
    glue.update_trigger().name(format!("{prefix}-transform")).trigger_update(update).send().await.unwrap();
}

async fn functions_and_logs(sdk: &SdkConfig, prefix: &str, region: &str) {
    let lambda = aws_sdk_lambda::Client::new(sdk);
    let function = format!("{prefix}-data-validation");
    let call = lambda.put_function_concurrency().function_name(&function).reserved_concurrent_executions(1);
    call.send().await.unwrap();
    let zip = aws_sdk_lambda::primitives::Blob::new(b"PK\x05\x06".to_vec());
    lambda.update_function_code().function_name(&function).zip_file(zip).send().await.unwrap();
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    let key = format!("arn:aws:kms:{region}:{ACCOUNT}:key/mine");
    let group = format!("/aws/lambda/{function}");
    logs.associate_kms_key().log_group_name(group).kms_key_id(key).send().await.unwrap();
}

async fn network(sdk: &SdkConfig, prefix: &str) {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    let (_, environment) = prefix.rsplit_once('-').unwrap();
    let ours = Filter::builder().name("tag:Environment").values(environment).build();
    let on = || AttributeBooleanValue::builder().value(true).build();
    let subnets = ec2.describe_subnets().filters(ours.clone()).send().await.unwrap();
    let subnet = subnets.subnets()[0].subnet_id().unwrap();
    ec2.modify_subnet_attribute().subnet_id(subnet).map_public_ip_on_launch(on()).send().await.unwrap();
    let tables = ec2.describe_route_tables().filters(ours.clone()).send().await.unwrap();
    let public = |table: &&aws_sdk_ec2::types::RouteTable| {
        table.routes().iter().any(|route| route.gateway_id().is_some_and(|id| id.starts_with("igw-")))
    };
    let (public, private): (Vec<_>, Vec<_>) = tables.route_tables().iter().partition(public);
    // A route of one's own, a default route that leads elsewhere, a subnet that uses the wrong table.
    let gateway = public[0].routes().iter().find_map(|route| route.gateway_id().filter(|id| id.starts_with("igw-")));
    let call = ec2.create_route().route_table_id(public[0].route_table_id().unwrap());
    call.destination_cidr_block("192.0.2.0/24").gateway_id(gateway.unwrap()).send().await.unwrap();
    let call = ec2.replace_route().route_table_id(private[0].route_table_id().unwrap());
    call.destination_cidr_block("0.0.0.0/0").gateway_id(gateway.unwrap()).send().await.unwrap();
    let moved = private[0].associations().iter().find(|one| one.subnet_id().is_some()).unwrap();
    let call = ec2.replace_route_table_association().route_table_id(public[0].route_table_id().unwrap());
    call.association_id(moved.route_table_association_id().unwrap()).send().await.unwrap();
    let endpoints = ec2.describe_vpc_endpoints().filters(ours).send().await.unwrap();
    let gateway = endpoints.vpc_endpoints().iter().find(|endpoint| !endpoint.route_table_ids().is_empty()).unwrap();
    let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(gateway.vpc_endpoint_id().unwrap());
    call.remove_route_table_ids(&gateway.route_table_ids()[0]).send().await.unwrap();
}

/// Two keys, where there are keys: one is changed, one is to be deleted.
async fn keys(sdk: &SdkConfig, prefix: &str) {
    let kms = aws_sdk_kms::Client::new(sdk);
    let key = async |purpose: &str| {
        let found = kms.describe_key().key_id(format!("alias/{prefix}-{purpose}")).send().await.ok()?;
        Some(found.key_metadata?.key_id)
    };
    let (Some(data), Some(logs)) = (key("data").await, key("logs").await) else { return };
    kms.update_key_description().key_id(&data).description("mine").send().await.unwrap();
    let policy = ANYBODY.replace("sts:AssumeRole", "kms:Describe*").replace("\"}]}", "\",\"Resource\":\"*\"}]}");
    kms.put_key_policy().key_id(&data).policy(policy).send().await.unwrap();
    kms.schedule_key_deletion().key_id(&logs).pending_window_in_days(7).send().await.unwrap();
}

/// A rule, and an alarm of alarms where there is one.
async fn monitoring(sdk: &SdkConfig, prefix: &str) {
    let events = aws_sdk_eventbridge::Client::new(sdk);
    let rules = events.list_rules().name_prefix(prefix).send().await.unwrap();
    let rule = rules.rules().first().unwrap();
    let call = events.put_rule().name(rule.name().unwrap()).set_event_pattern(rule.event_pattern.clone());
    call.set_schedule_expression(rule.schedule_expression.clone()).description("mine").send().await.unwrap();
    let alarms = aws_sdk_cloudwatch::Client::new(sdk);
    let composite = aws_sdk_cloudwatch::types::AlarmType::CompositeAlarm;
    let found = alarms.describe_alarms().alarm_name_prefix(prefix).alarm_types(composite).send().await.unwrap();
    if let Some(alarm) = found.composite_alarms().first() {
        let call = alarms.put_composite_alarm().alarm_name(alarm.alarm_name().unwrap()).alarm_description("mine");
        call.alarm_rule(alarm.alarm_rule().unwrap()).send().await.unwrap();
    }
}

/// A bucket without tags and without anything in it.
pub(super) async fn with_a_bare_bucket(sdk: &SdkConfig, name: &str) {
    let region = sdk.region().unwrap().as_ref();
    let here = CreateBucketConfiguration::builder().location_constraint(region.into()).build();
    aws_s3::client(sdk).create_bucket().bucket(name).create_bucket_configuration(here).send().await.unwrap();
}

pub(super) async fn without_the_bare_bucket(sdk: &SdkConfig, name: &str) {
    aws_s3::client(sdk).delete_bucket().bucket(name).send().await.unwrap();
}

/// Creates a foreign key that awaits its deletion and still has the alias that the platform's key is to get.
pub(super) async fn with_a_name_that_is_taken(sdk: &SdkConfig, prefix: &str) {
    let kms = aws_sdk_kms::Client::new(sdk);
    let made = kms.create_key().send().await.unwrap();
    let key = made.key_metadata.unwrap().key_id;
    kms.create_alias().alias_name(format!("alias/{prefix}-data")).target_key_id(&key).send().await.unwrap();
    kms.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.unwrap();
}

/// Fills what is to be emptied.
pub(super) async fn with_data(sdk: &SdkConfig, prefix: &str) {
    let (s3, bucket) = (aws_s3::client(sdk), format!("{prefix}-data-{ACCOUNT}"));
    s3.put_object().bucket(&bucket).key("raw/rows.csv").body(b"a,b".to_vec().into()).send().await.unwrap();
    s3.delete_object().bucket(&bucket).key("raw/rows.csv").send().await.unwrap();
    s3.create_multipart_upload().bucket(&bucket).key("raw/more.csv").send().await.unwrap();
    let locked = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": format!("arn:aws:s3:::{bucket}/*"),
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
    }]});
    s3.put_bucket_policy().bucket(&bucket).policy(locked.to_string()).send().await.unwrap();
    let iam = aws_sdk_iam::Client::new(sdk);
    let profile = format!("{prefix}-of-mine");
    iam.create_instance_profile().instance_profile_name(&profile).send().await.unwrap();
    let call = iam.add_role_to_instance_profile().instance_profile_name(profile);
    call.role_name(format!("{prefix}-sagemaker")).send().await.unwrap();
    studio(sdk, prefix).await;
    // At last, so that it is still under way.
    let glue = aws_sdk_glue::Client::new(sdk);
    glue.start_crawler().name(format!("{prefix}-raw")).send().await.unwrap();
    let region = sdk.region().unwrap();
    let machine = format!("arn:aws:states:{region}:{ACCOUNT}:stateMachine:{prefix}-training");
    let call = aws_sdk_sfn::Client::new(sdk).start_execution().state_machine_arn(machine);
    call.name("under-way").send().await.unwrap();
}

async fn studio(sdk: &SdkConfig, prefix: &str) {
    let client = aws_sdk_sagemaker::Client::new(sdk);
    let domains = client.list_domains().send().await.unwrap();
    let id = domains.domains()[0].domain_id().unwrap();
    client.create_space().domain_id(id).space_name("corner").send().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let app = client.create_app().domain_id(id).app_type(AppType::JupyterLab).app_name("default");
    app.space_name("corner").send().await.unwrap();
    let group = format!("{prefix}-models");
    let groups = client.list_model_package_groups().send().await.unwrap();
    let group = groups
        .model_package_group_summary_list()
        .first()
        .map_or(group, |one| one.model_package_group_name().unwrap_or_default().to_owned());
    client.create_model_package().model_package_group_name(group).send().await.unwrap();
}

/// Serves a model as a deployment does: with the stack's tags, under the stack's name.
pub(super) async fn with_an_endpoint(sdk: &SdkConfig, prefix: &str, endpoint: &str, identity: &[(&str, &str)]) {
    let client = aws_sdk_sagemaker::Client::new(sdk);
    let (role, made) = (format!("arn:aws:iam::{ACCOUNT}:role/{prefix}-sagemaker"), format!("{prefix}-1"));
    let container = ContainerDefinition::builder().image("image").build();
    client.create_model().model_name(&made).execution_role_arn(role).primary_container(container).send().await.unwrap();
    let variant = ProductionVariant::builder().variant_name("AllTraffic").model_name(&made).build();
    let call = client.create_endpoint_config().endpoint_config_name(&made).production_variants(variant);
    call.send().await.unwrap();
    let tags = identity.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
    let call = client.create_endpoint().endpoint_name(endpoint).endpoint_config_name(made).set_tags(Some(tags));
    call.send().await.unwrap();
}
