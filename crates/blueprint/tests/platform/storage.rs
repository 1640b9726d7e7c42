//! Buckets and their copies.

use crate::declared;
use resource::Declaration;
use serde_json::json;

fn alarms_of_replication(declared: &[Declaration]) -> Vec<&Declaration> {
    let is_one = |one: &&Declaration| one.spec["metric"] == "OperationsFailedReplication";
    declared.iter().filter(is_one).collect()
}

#[test]
fn replication_that_fails_raises_an_alarm_by_the_metrics_of_its_rule() {
    let declared = declared("prod");
    let spec = |address: &str| &declared.iter().find(|one| one.address.as_str() == address).unwrap().spec;
    let alarms = alarms_of_replication(&declared);
    let addresses: Vec<&str> = alarms.iter().map(|alarm| alarm.address.as_str()).collect();
    assert_eq!(addresses, ["monitoring.data-replication", "monitoring.models-replication"]);
    for (alarm, bucket) in alarms.iter().zip(["data", "models"]) {
        let (source, copy) = (spec(&format!("storage.{bucket}")), spec(&format!("storage.{bucket}-replica")));
        assert_eq!(source["replication"]["metrics"], true, "without metrics the alarm never fires");
        let rule = aws_s3::Replication::RULE;
        let expected = json!({"SourceBucket": source["name"], "DestinationBucket": copy["name"], "RuleId": rule});
        assert_eq!(alarm.spec["dimensions"], expected);
        assert_eq!(alarm.spec["namespace"], "AWS/S3");
        assert!(spec("monitoring.platform")["rule"].as_str().unwrap().contains(alarm.spec["name"].as_str().unwrap()));
    }
}

#[test]
fn platform_without_copies_has_no_alarm_of_them() {
    assert!(alarms_of_replication(&declared("dev")).is_empty());
}
