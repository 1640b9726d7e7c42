//! Secrets that the environment file refers to: who may read them, and what code gets.

use crate::declared_after;
use resource::Declaration;
use serde_json::{Value, json};
use vocabulary::policy_spelling;

const SECRET: &str = "arn:aws:secretsmanager:ap-south-1:123456789012:secret:db-AbCdEf";
const KEY: &str = "arn:aws:kms:ap-south-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PARAMETER: &str = "arn:aws:ssm:ap-south-1:123456789012:parameter/shop/api";

fn with_secrets() -> Vec<Declaration> {
    declared_after("dev", |environment| {
        let validation = &mut environment.functions[0];
        let secrets = [("DB_PASSWORD", SECRET), ("API", "/shop/api")];
        validation.secrets = secrets.map(|(key, reference)| (key.to_owned(), reference.to_owned())).into();
        validation.secret_keys = vec![KEY.into()];
        environment.catalog.jobs[0].secrets = [("--api".to_owned(), "/shop/api".to_owned())].into();
    })
}

#[test]
fn secrets_are_read_by_the_roles_of_their_code_and_by_no_other() {
    let declared = with_secrets();
    let readers = declared.iter().filter(|one| !one.spec["inline_policies"]["secrets"].is_null());
    let policy = |one: &Declaration| policy_spelling(&one.spec["inline_policies"]["secrets"]);
    let readers: Vec<(&str, Value)> = readers.map(|one| (one.address.as_str(), policy(one))).collect();
    let document = |statements| policy_spelling(&json!({"Version": "2012-10-17", "Statement": statements}));
    let services = ["secretsmanager.ap-south-1.amazonaws.com", "ssm.ap-south-1.amazonaws.com"];
    let of_function = json!([
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [SECRET]},
        {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": [PARAMETER]},
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY],
         "Condition": {"StringEquals": {"kms:ViaService": services}}},
    ]);
    let of_glue = json!([{"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": [PARAMETER]}]);
    let expected = [("identity.glue", document(of_glue)), ("identity.data-validation-function", document(of_function))];
    assert_eq!(readers, expected);
}

#[test]
fn secrets_come_to_their_code_as_references() {
    let declared = with_secrets();
    let spec = |address: &str| &declared.iter().find(|one| one.address.as_str() == address).unwrap().spec;
    let environment = &spec("functions.data-validation")["environment"];
    assert_eq!((&environment["DB_PASSWORD"], &environment["API"]), (&json!(SECRET), &json!("/shop/api")));
    assert_eq!(spec("catalog.job-etl")["default_arguments"]["--api"], "/shop/api");
}

/// Kinds are found and deleted by what the state keeps of them, in which sensitive values are hashes.
#[test]
fn sealed_specifications_are_read_by_every_kind() {
    let registry = blueprint::registry();
    for environment in ["dev", "staging", "prod"] {
        for one in declared_after(environment, |_| ()) {
            let reconciler = registry.get(one.kind).unwrap();
            let mut sealed = one.spec.clone();
            reconciler.seal(&mut sealed, "a token");
            let place = vocabulary::Place::new(crate::ACCOUNT, "ap-south-1");
            let predicted = |spec: &Value| reconciler.predict_outputs(spec, one.address.as_str(), &place).unwrap();
            assert_eq!(
                predicted(&sealed),
                predicted(&one.spec),
                "{}: outputs must not need a sensitive value",
                one.address
            );
            assert!(reconciler.compare(&one.spec, Some(&sealed), &sealed).is_empty(), "{}", one.address);
            assert!(reconciler.compare(&sealed, Some(&sealed), &one.spec).is_empty(), "{}", one.address);
        }
    }
}
