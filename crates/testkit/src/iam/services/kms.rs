//! <https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html>

use crate::{
    iam::{
        demand::{Demand, arn},
        tags::{Tags, pairs},
    },
    wire::Asked,
};

pub(super) async fn demands(asked: &Asked, tags: &Tags) -> Option<Vec<Demand>> {
    let action = format!("kms:{}", asked.operation);
    let region = &asked.call.region;
    let given = pairs(&asked.given["Tags"], "TagKey", "TagValue");
    match asked.operation.as_str() {
        "ListKeys" | "ListAliases" => Some(vec![Demand::anywhere(action)]),
        "CreateKey" => {
            let tagging = Demand::new("kms:TagResource", arn("kms", region, "key/new"));
            let demands = [Demand::anywhere(action), tagging];
            let mut demands: Vec<Demand> = demands.map(|demand| demand.tagged("RequestTag", &given)).into();
            // The lock-out check: whether the caller could put a policy on the new key, which has no
            // tags yet. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
            // https://github.com/aws-samples/rds-snapshot-export-to-s3-pipeline/issues/8
            if asked.given["Policy"].is_string() && asked.given["BypassPolicyLockoutSafetyCheck"] != true {
                demands.push(Demand::new("kms:PutKeyPolicy", arn("kms", region, "key/new")));
            }
            Some(demands)
        }
        "CreateAlias" | "UpdateAlias" | "DeleteAlias" => {
            let alias = asked.text("AliasName");
            let mut demands = vec![Demand::new(&action, arn("kms", region, alias))];
            for key in [asked.text("TargetKeyId"), alias] {
                demands.extend(on_key(&action, region, key, tags).await);
            }
            Some(demands)
        }
        _ => {
            let key = Some(asked.text("KeyId")).filter(|key| !key.is_empty())?;
            // Of a key that is not there KMS says so, and asks no policy.
            let demand = on_key(&action, region, key, tags).await;
            Some(demand.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect())
        }
    }
}

async fn on_key(action: &str, region: &str, name: &str, tags: &Tags) -> Option<Demand> {
    let id = tags.key(region, name).await?;
    let there = tags.of_key(region, &id).await;
    Some(Demand::new(action, arn("kms", region, &format!("key/{id}"))).tagged("ResourceTag", &there))
}
