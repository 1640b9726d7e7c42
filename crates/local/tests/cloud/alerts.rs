//! Topics, keys, log groups, alarms, dashboards and rules.

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};

use local::{Cloud, Request};

use crate::{ACCOUNT, REGION, cloud, code};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

#[tokio::test]
async fn a_topic_keeps_the_attributes_and_tags_of_its_creation() {
    let sns = aws_sdk_sns::Client::new(&cloud().sdk_config());
    let tag = aws_sdk_sns::types::Tag::builder().key("Project").value("p").build().unwrap();
    let arn = sns
        .create_topic()
        .name("alerts")
        .attributes("KmsMasterKeyId", "alias/k")
        .attributes("DisplayName", "Alerts")
        .tags(tag.clone())
        .send()
        .await
        .unwrap()
        .topic_arn
        .unwrap();
    let attributes = || async { sns.get_topic_attributes().topic_arn(&arn).send().await.unwrap().attributes.unwrap() };
    let read = attributes().await;
    assert_eq!(read["KmsMasterKeyId"], "alias/k");
    assert_eq!(read["DisplayName"], "Alerts");
    assert_eq!(read["TopicArn"], arn);
    let tags = sns.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);
    let set = sns.set_topic_attributes().topic_arn(&arn).attribute_name("Policy");
    set.attribute_value(POLICY).send().await.unwrap();
    assert_eq!(attributes().await["Policy"], POLICY);
    let subscribe = sns.subscribe().topic_arn(&arn).protocol("email").endpoint("a@b.c");
    subscribe.return_subscription_arn(true).send().await.unwrap();
    let subscriptions = sns.list_subscriptions_by_topic().topic_arn(&arn).send().await.unwrap();
    assert_eq!(subscriptions.subscriptions()[0].endpoint(), Some("a@b.c"));
    sns.delete_topic().topic_arn(&arn).send().await.unwrap();
    assert_eq!(code(sns.get_topic_attributes().topic_arn(&arn).send().await), "NotFound");
}

#[tokio::test]
async fn a_key_reads_back_and_its_deletion_can_be_cancelled() {
    let kms = aws_sdk_kms::Client::new(&cloud().sdk_config());
    let tag = aws_sdk_kms::types::Tag::builder().tag_key("Project").tag_value("p").build().unwrap();
    let create = kms.create_key().description("d").policy(POLICY).tags(tag.clone());
    let id = create.send().await.unwrap().key_metadata.unwrap().key_id;
    kms.enable_key_rotation().key_id(&id).send().await.unwrap();
    let rotation = kms.get_key_rotation_status().key_id(&id).send().await.unwrap();
    assert!(rotation.key_rotation_enabled());
    kms.create_alias().alias_name("alias/data").target_key_id(&id).send().await.unwrap();
    let by_alias = kms.describe_key().key_id("alias/data").send().await.unwrap();
    assert_eq!(by_alias.key_metadata().unwrap().key_id(), id);
    assert_eq!(by_alias.key_metadata().unwrap().description(), Some("d"));
    let aliases = kms.list_aliases().key_id(&id).send().await.unwrap();
    assert_eq!(aliases.aliases()[0].alias_name(), Some("alias/data"));
    let policy = || kms.get_key_policy().key_id(&id).policy_name("default").send();
    assert_eq!(policy().await.unwrap().policy(), Some(POLICY));
    let other = r#"{"Version":"2012-10-17","Id":"x","Statement":[]}"#;
    kms.put_key_policy().key_id(&id).policy_name("default").policy(other).send().await.unwrap();
    assert_eq!(policy().await.unwrap().policy(), Some(other));
    let tags = kms.list_resource_tags().key_id(&id).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);
    let state =
        || async { kms.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap().key_state.unwrap() };
    let delete = kms.schedule_key_deletion().key_id(&id).pending_window_in_days(7);
    delete.send().await.unwrap();
    assert_eq!(state().await.as_str(), "PendingDeletion");
    kms.cancel_key_deletion().key_id(&id).send().await.unwrap();
    assert_eq!(state().await.as_str(), "Disabled");
    kms.enable_key().key_id(&id).send().await.unwrap();
    assert_eq!(state().await.as_str(), "Enabled");
    assert_eq!(code(kms.describe_key().key_id("alias/none").send().await), "NotFoundException");
}

#[tokio::test]
async fn a_log_group_keeps_retention_key_and_tags() {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&cloud().sdk_config());
    let key = "arn:aws:kms:ap-south-1:123456789012:key/k";
    let create = logs.create_log_group().log_group_name("/aws/lambda/f").kms_key_id(key);
    let create = create.tags("Project", "p");
    create.clone().send().await.unwrap();
    assert_eq!(code(create.send().await), "ResourceAlreadyExistsException");
    logs.create_log_group().log_group_name("/aws/glue").send().await.unwrap();
    let put = logs.put_retention_policy().log_group_name("/aws/lambda/f");
    put.retention_in_days(30).send().await.unwrap();
    let describe = || logs.describe_log_groups().log_group_name_prefix("/aws/lambda/").send();
    let read = describe().await.unwrap();
    let [group] = read.log_groups() else { panic!("{read:?}") };
    assert_eq!(group.retention_in_days(), Some(30));
    assert_eq!(group.kms_key_id(), Some(key));
    let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/f");
    assert_eq!(group.log_group_arn(), Some(&*arn));
    assert_eq!(group.arn(), Some(&*format!("{arn}:*")));
    let tags = || async {
        let tags = logs.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
        tags.tags.unwrap_or_default()
    };
    assert_eq!(tags().await["Project"], "p");
    logs.tag_resource().resource_arn(&arn).tags("Owner", "o").send().await.unwrap();
    logs.untag_resource().resource_arn(&arn).tag_keys("Project").send().await.unwrap();
    assert_eq!(tags().await.into_iter().collect::<Vec<_>>(), [("Owner".into(), "o".into())]);
    logs.delete_retention_policy().log_group_name("/aws/lambda/f").send().await.unwrap();
    logs.disassociate_kms_key().log_group_name("/aws/lambda/f").send().await.unwrap();
    let read = describe().await.unwrap();
    assert_eq!(read.log_groups()[0].retention_in_days(), None);
    assert_eq!(read.log_groups()[0].kms_key_id(), None);
    let put = logs.put_resource_policy().policy_name("states").policy_document(POLICY);
    put.send().await.unwrap();
    let policies = logs.describe_resource_policies().send().await.unwrap();
    assert_eq!(policies.resource_policies()[0].policy_document(), Some(POLICY));
    logs.delete_log_group().log_group_name("/aws/lambda/f").send().await.unwrap();
    let delete = logs.delete_log_group().log_group_name("/aws/lambda/f").send().await;
    assert_eq!(code(delete), "ResourceNotFoundException");
}

#[tokio::test]
async fn alarms_composites_and_dashboards_read_back() {
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&cloud().sdk_config());
    let tag = aws_sdk_cloudwatch::types::Tag::builder().key("Project").value("p").build();
    let dimension = Dimension::builder().name("FunctionName").value("f").build();
    cloudwatch
        .put_metric_alarm()
        .alarm_name("errors")
        .alarm_description("d")
        .namespace("AWS/Lambda")
        .metric_name("Errors")
        .dimensions(dimension.clone())
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(2)
        .datapoints_to_alarm(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .alarm_actions("arn:aws:sns:ap-south-1:123456789012:t")
        .ok_actions("arn:aws:sns:ap-south-1:123456789012:t")
        .tags(tag.clone())
        .send()
        .await
        .unwrap();
    let read = cloudwatch.describe_alarms().alarm_names("errors").send().await.unwrap();
    let [alarm] = read.metric_alarms() else { panic!("{read:?}") };
    assert_eq!(alarm.alarm_description(), Some("d"));
    assert_eq!(alarm.namespace(), Some("AWS/Lambda"));
    assert_eq!(alarm.metric_name(), Some("Errors"));
    assert_eq!(alarm.dimensions(), [dimension]);
    assert_eq!(alarm.statistic(), Some(&Statistic::Sum));
    assert_eq!((alarm.period(), alarm.evaluation_periods()), (Some(300), Some(2)));
    assert_eq!((alarm.datapoints_to_alarm(), alarm.threshold()), (Some(1), Some(1.0)));
    assert_eq!(alarm.treat_missing_data(), Some("notBreaching"));
    assert_eq!(alarm.alarm_actions(), ["arn:aws:sns:ap-south-1:123456789012:t"]);
    assert_eq!(alarm.ok_actions(), ["arn:aws:sns:ap-south-1:123456789012:t"]);
    assert_eq!(alarm.actions_enabled(), Some(true));
    let arn = alarm.alarm_arn().unwrap();
    let tags = cloudwatch.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);

    cloudwatch
        .put_composite_alarm()
        .alarm_name("any")
        .alarm_rule("ALARM(errors)")
        .alarm_actions("arn:aws:sns:ap-south-1:123456789012:t")
        .send()
        .await
        .unwrap();
    let read =
        cloudwatch.describe_alarms().alarm_names("any").alarm_types("CompositeAlarm".into()).send().await.unwrap();
    let [composite] = read.composite_alarms() else { panic!("{read:?}") };
    assert_eq!(composite.alarm_rule(), Some("ALARM(errors)"));
    assert_eq!(composite.alarm_actions(), ["arn:aws:sns:ap-south-1:123456789012:t"]);

    let body = r#"{"widgets":[]}"#;
    let put = cloudwatch.put_dashboard().dashboard_name("ml").dashboard_body(body);
    put.send().await.unwrap();
    let dashboard = || cloudwatch.get_dashboard().dashboard_name("ml").send();
    assert_eq!(dashboard().await.unwrap().dashboard_body(), Some(body));
    cloudwatch.delete_dashboards().dashboard_names("ml").send().await.unwrap();
    let gone = dashboard().await.expect_err("deleted").into_service_error();
    assert!(gone.is_dashboard_not_found_error(), "{gone:?}");
    cloudwatch.delete_alarms().alarm_names("any").alarm_names("errors").send().await.unwrap();
    let read = cloudwatch.describe_alarms().send().await.unwrap();
    assert!(read.metric_alarms().is_empty() && read.composite_alarms().is_empty());
}

#[tokio::test]
async fn rules_read_back_with_targets_and_tags() {
    let events = aws_sdk_eventbridge::Client::new(&cloud().sdk_config());
    let pattern = r#"{"source":["aws.sagemaker"]}"#;
    let tag = aws_sdk_eventbridge::types::Tag::builder().key("a").value("b").build().unwrap();
    let put = events.put_rule().name("training").event_pattern(pattern).description("d");
    let arn = put.tags(tag.clone()).send().await.unwrap().rule_arn.unwrap();
    events.put_rule().name("nightly").schedule_expression("rate(1 day)").send().await.unwrap();
    let rule = events.describe_rule().name("training").send().await.unwrap();
    assert_eq!(rule.event_pattern(), Some(pattern));
    assert_eq!(rule.description(), Some("d"));
    assert_eq!(rule.state().map(|state| state.as_str()), Some("ENABLED"));
    let nightly = events.describe_rule().name("nightly").send().await.unwrap();
    assert_eq!(nightly.schedule_expression(), Some("rate(1 day)"));
    let target = aws_sdk_eventbridge::types::Target::builder()
        .id("topic")
        .arn("arn:aws:sns:ap-south-1:123456789012:t")
        .role_arn("arn:aws:iam::123456789012:role/r")
        .input(r#"{"a":1}"#)
        .build()
        .unwrap();
    events.put_targets().rule("training").targets(target.clone()).send().await.unwrap();
    let targets = events.list_targets_by_rule().rule("training").send().await.unwrap();
    assert_eq!(targets.targets(), [target]);
    let tags = events.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);
    let delete = || events.delete_rule().name("training").send();
    assert_eq!(code(delete().await), "ValidationException", "a rule with targets stays");
    events.remove_targets().rule("training").ids("topic").send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(events.describe_rule().name("training").send().await), "ResourceNotFoundException");
}

/// The request of a client without CBOR, and its answer.
async fn query(cloud: &Cloud, form: &str) -> (u16, String) {
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/{REGION}/monitoring/aws4_request, Signature=0");
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", scope.parse().unwrap());
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    let uri = "https://monitoring.amazonaws.com/".to_owned();
    let request = Request { method: "POST".to_owned(), uri, headers, body: form.to_owned().into() };
    let response = cloud.answer(request).await.unwrap();
    (response.status, String::from_utf8(response.body.to_vec()).unwrap())
}

#[tokio::test]
async fn clients_that_send_forms_see_the_same_alarms_and_dashboards() {
    let cloud = cloud();
    let put = "Action=PutMetricAlarm&AlarmName=old&Namespace=N&MetricName=M&Statistic=Sum&Period=300&EvaluationPeriods=1\
               &Threshold=1&ComparisonOperator=GreaterThanThreshold&Tags.member.1.Key=Project&Tags.member.1.Value=p";
    assert_eq!(query(&cloud, put).await.0, 200);
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&cloud.sdk_config());
    let read = cloudwatch.describe_alarms().send().await.unwrap();
    let [alarm] = read.metric_alarms() else { panic!("{read:?}") };
    assert_eq!((alarm.alarm_name(), alarm.period(), alarm.threshold()), (Some("old"), Some(300), Some(1.0)));
    let (_, seen) = query(&cloud, "Action=DescribeAlarms&AlarmNames.member.1=old").await;
    assert!(seen.contains("<AlarmName>old</AlarmName>") && seen.contains("<Period>300</Period>"), "{seen}");
    let form = "Action=PutDashboard&DashboardName=d&DashboardBody=%7B%22widgets%22%3A%5B%5D%7D";
    assert_eq!(query(&cloud, form).await.0, 200);
    let (_, seen) = query(&cloud, "Action=GetDashboard&DashboardName=d").await;
    assert!(seen.contains("widgets"), "{seen}");
    let (status, seen) = query(&cloud, "Action=DeleteAlarms&AlarmNames.member.1=none").await;
    assert!(status == 400 && seen.contains("<Code>ResourceNotFound</Code>"), "{status} {seen}");
}

#[tokio::test]
async fn clients_that_send_json_publish_metrics_and_are_refused_in_json() {
    let cloud = cloud();
    let ask = async |operation: &str, body: &str| {
        let scope = format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/{REGION}/monitoring/aws4_request, Signature=0");
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", scope.parse().unwrap());
        headers.insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
        headers.insert("x-amz-target", format!("GraniteServiceVersion20100801.{operation}").parse().unwrap());
        let uri = "https://monitoring.amazonaws.com/".to_owned();
        let request = Request { method: "POST".to_owned(), uri, headers, body: body.to_owned().into() };
        let response = cloud.answer(request).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        (response.status, body)
    };
    let put = r#"{"Namespace": "etl", "MetricData": [{"MetricName": "RowsRead", "Value": 3000.0, "Unit": "Count"}]}"#;
    assert_eq!(ask("PutMetricData", put).await.0, 200);
    let (_, listed) = ask("ListMetrics", r#"{"Namespace": "etl"}"#).await;
    assert_eq!(listed["Metrics"][0]["MetricName"], "RowsRead", "{listed}");
    let (status, refused) = ask("DeleteAlarms", r#"{"AlarmNames": ["none"]}"#).await;
    assert!(status == 400 && refused.to_string().contains("ResourceNotFound"), "{status} {refused}");
}
