//! ARNs, addresses and schedules that AWS would refuse in their settings.

use super::{all, problems};

fn region(region: &str, rest: &str) -> Vec<String> {
    problems(&format!("project = \"shop\"\nregion = {region:?}\n[network]\ncidr = \"10.9.0.0/16\"\n{rest}"))
}

#[test]
fn arns_of_another_partition_region_or_account_are_told() {
    all(&[
        (
            "a boundary of another partition",
            "[identity]\npermissions_boundary = \"arn:aws-cn:iam::123456789012:policy/bound\"\n",
            &["6:24: the ARN is of the partition `aws-cn`, and eu-central-1 is in `aws`"],
        ),
        (
            "a secret of another partition",
            "[[functions]]\nname = \"f\"\nsecrets = { AB = \"arn:aws-us-gov:ssm:eu-central-1:123456789012:parameter/db\" }\n",
            &["7:18: the ARN is of the partition `aws-us-gov`, and eu-central-1 is in `aws`"],
        ),
        (
            "a key of another region",
            "[[functions]]\nname = \"f\"\nsecret_keys = [\"arn:aws:kms:us-east-1:123456789012:key/k\"]\n",
            &["7:16: the key is in us-east-1, and this environment is in eu-central-1"],
        ),
    ]);
    let boundary = "project = \"shop\"\nregion = \"eu-central-1\"\nallowed_accounts = [\"111111111111\"]\n[network]\n\
                    cidr = \"10.9.0.0/16\"\n[identity]\npermissions_boundary = \"arn:aws:iam::222222222222:policy/bound\"\n";
    assert_eq!(
        problems(boundary),
        ["7:24: the policy is in the account 222222222222, which `allowed_accounts` does not name"]
    );
    let of_aws = "[identity]\npermissions_boundary = \"arn:aws:iam::aws:policy/PowerUserAccess\"\n";
    let found = region("us-gov-west-1", of_aws);
    assert_eq!(found, ["6:24: the ARN is of the partition `aws`, and us-gov-west-1 is in `aws-us-gov`"]);
}

#[test]
fn endpoints_that_sns_refuses_are_told_without_their_passwords() {
    let subscribed = |pieces: &str| format!("[monitoring]\nsubscriptions = [{pieces}]\n");
    let one = |protocol: &str, endpoint: &str| {
        region("eu-central-1", &subscribed(&format!("{{ protocol = {protocol:?}, endpoint = {endpoint:?} }}")))
    };
    assert_eq!(
        one("sqs", "arn:aws:sqs:eu-central-1:123456789012:alerts.fifo"),
        ["6:49: a FIFO queue cannot be subscribed to the alerts topic"]
    );
    assert_eq!(
        one("sqs", "arn:aws-cn:sqs:cn-north-1:123456789012:alerts"),
        ["6:49: the ARN is of the partition `aws-cn`, and eu-central-1 is in `aws`"]
    );
    assert_eq!(one("lambda", "arn:aws:lambda:eu-central-1:123456789012:layer:x").len(), 1);
    assert_eq!(
        one("https", "http://user:hunter2@hooks.example.com/x"),
        ["6:51: `http://user:****@hooks.example.com/x` must be a URL that begins with `https://`"]
    );
    assert_eq!(one("https", "https://user:hunter2@/x").len(), 1);
    let twice = "{ protocol = \"https\", endpoint = \"https://u:one@x.org/a\" }, \
                 { protocol = \"https\", endpoint = \"https://u:two@x.org/a\" }";
    assert_eq!(region("eu-central-1", &subscribed(twice)), ["6:111: `https://u:****@x.org/a` is subscribed twice"]);
    let call = subscribed("{ protocol = \"sms\", endpoint = \"+4915112345678\" }");
    assert_eq!(region("cn-north-1", &call), ["6:31: SNS sends no text messages from cn-north-1"]);
}

#[test]
fn schedules_that_glue_does_not_run_are_told() {
    let crawler = |schedule: &str| {
        let text = format!("[[catalog.crawlers]]\nname = \"raw\"\nprefix = \"raw/\"\nschedule = {schedule:?}\n");
        region("eu-central-1", &text)
    };
    assert_eq!(
        crawler("cron(0/2 * * * ? *)"),
        ["8:12: `cron(0/2 * * * ? *)` runs at minute 0 and again at minute 2; Glue waits 5 minutes at least",]
    );
}

#[test]
fn features_that_become_one_column_are_told() {
    let group = "[[feature_groups]]\nname = \"g\"\nrecord_identifier = \"id\"\nevent_time = \"at\"\nfeatures = [\n\
                 { name = \"id\", type = \"String\" },\n{ name = \"at\", type = \"Fractional\" },\n\
                 { name = \"ID\", type = \"String\" },\n{ name = \"Year\", type = \"String\" }]\n";
    assert_eq!(
        region("eu-central-1", group),
        [
            "12:10: `id` and `ID` are the same column of the offline table",
            "13:10: `Year` is a column of the offline store itself"
        ]
    );
}
