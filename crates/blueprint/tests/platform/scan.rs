//! The findings that a security team's scanner looks for: open endpoints, data without a customer managed key, buckets
//! without versions, unused security groups. `docs/security.md` argues the remaining findings.

use crate::{ACCOUNT, declared};
use serde_json::Value;

const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

#[test]
fn no_endpoint_lets_identities_of_other_accounts_pass() {
    for environment in ENVIRONMENTS {
        for endpoint in declared(environment).iter().filter(|one| one.kind == "ec2:vpc-endpoint") {
            let statements = endpoint.spec["policy"]["Statement"].as_array();
            for statement in statements.unwrap_or_else(|| panic!("{} is open", endpoint.address)) {
                let bound = statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == ACCOUNT;
                let reads_of_aws = statement["Action"] == serde_json::json!(["s3:GetObject"])
                    && !statement["Resource"].to_string().contains("\"*\"");
                assert!(bound || reads_of_aws, "{}: {statement}", endpoint.address);
            }
        }
    }
}

#[test]
fn variables_of_functions_are_under_the_platforms_key_where_there_is_one() {
    for environment in ENVIRONMENTS {
        let declared = declared(environment);
        let has_keys = declared.iter().any(|one| one.kind == "kms:key");
        let functions: Vec<_> =
            declared.iter().filter(|one| one.kind == "lambda:function" && one.address.area() == "functions").collect();
        assert!(!functions.is_empty());
        for function in functions {
            assert_eq!(function.spec["key"].is_string(), has_keys, "{environment}: {}", function.address);
        }
    }
}

#[test]
fn every_bucket_keeps_versions_and_expires_old_ones() {
    for environment in ENVIRONMENTS {
        for bucket in declared(environment).iter().filter(|one| one.kind == "s3:bucket") {
            let rules = bucket.spec["lifecycle"].as_array().unwrap();
            let expires = rules.iter().any(|rule| rule["expire_noncurrent_days"].is_u64());
            assert!(bucket.spec["versioning"] == Value::Bool(true) && expires, "{}", bucket.address);
        }
    }
}

#[test]
fn every_security_group_is_used() {
    for environment in ENVIRONMENTS {
        let declared = declared(environment);
        for group in declared.iter().filter(|one| one.kind == "ec2:security-group") {
            let id = format!("⟦{}.id⟧", group.address);
            let uses =
                |one: &&resource::Declaration| one.kind != "ec2:security-group" && one.spec.to_string().contains(&id);
            assert!(declared.iter().any(|one| uses(&one)), "{environment}: nothing is in {}", group.address);
        }
    }
}
