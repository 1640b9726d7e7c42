//! A role that exists outside of the stack. mlopsctl reads and checks it, and never owns, changes or deletes it.

use crate::{document::decode, errors::GONE};
use aws_client::{Attempt, FailureKind, Result};
use aws_sdk_iam::{Client, types};
use resource::{Prerequisite, Shortcoming, UsedPart};
use serde_json::{Value, json};
use vocabulary::{Place, Principals, policy_allows};

/// An existing role, and the platform's requirements for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExistingRole {
    /// Its ARN, with its path.
    pub arn: String,
    /// The setting that names it, such as `identity.roles.glue`.
    pub setting: String,
    /// The trust policy of the role that mlopsctl would create instead.
    pub trust: Value,
    /// The policies of the role that mlopsctl would create instead.
    pub policies: Vec<Value>,
}

impl ExistingRole {
    /// The key of `[identity.roles]` that names it.
    pub fn key(&self) -> &str {
        self.setting.trim_start_matches("identity.roles.")
    }

    /// The policies of the role that mlopsctl would create instead, in one document without repetitions.
    pub fn policy(&self) -> Value {
        let of = |policy: &Value| policy["Statement"].as_array().cloned().unwrap_or_default();
        let mut statements: Vec<Value> = Vec::new();
        for statement in self.policies.iter().flat_map(of) {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// The role, for a person.
    pub fn part(&self) -> UsedPart {
        let details = vec![format!("role of `{}`", self.setting)];
        UsedPart { id: self.arn.clone(), noun: "role".to_owned(), details }
    }

    /// The prerequisites of the platform for the role.
    ///
    /// # Errors
    /// When a call to IAM fails.
    pub async fn prerequisites(&self, client: &Client, place: &Place) -> Result<Vec<Prerequisite>> {
        let found = self.shortcomings(client, place).await?;
        Ok(Prerequisite::all(&self.setting, found, format!("{} trusts its service", self.arn)))
    }

    /// The shortcomings of the role, and the facts that the caller may not read.
    async fn shortcomings(&self, client: &Client, place: &Place) -> Result<Vec<Shortcoming>> {
        let account = self.arn.split(':').nth(4).unwrap_or_default();
        if account != place.account {
            return Ok(vec![Shortcoming::certain(
                format!("the role {} is of account {account}, and the environment of {}", self.arn, place.account),
                "services take roles of their own account only: name one of this account",
            )]);
        }
        let answer = client.get_role().role_name(self.name()).send().await.during("GetRole").none_on(GONE);
        match answer {
            Ok(found) => Ok(self.unfit(found.and_then(|found| found.role).as_ref(), &place.account)),
            Err(failure) if failure.kind == FailureKind::Denied => Ok(vec![Shortcoming::possible(
                format!("the role {} cannot be read: {failure}", self.arn),
                "these credentials need iam:GetRole",
            )]),
            Err(failure) => Err(failure),
        }
    }

    /// The shortcomings that the observed role shows.
    fn unfit(&self, role: Option<&types::Role>, account: &str) -> Vec<Shortcoming> {
        let Some(role) = role else {
            let what = format!("the role {} does not exist", self.arn);
            return vec![Shortcoming::certain(what, format!("name an existing role in `{}`", self.setting))];
        };
        // IAM finds roles by name, and only the ARN has the path.
        if role.arn() != self.arn {
            return vec![Shortcoming::certain(
                format!("there is no role {}: the role of that name is {}", self.arn, role.arn()),
                "write its whole ARN, with the path",
            )];
        }
        let trust = role.assume_role_policy_document().map(decode).unwrap_or_default();
        let context = [("aws:SourceAccount".to_owned(), Some(account.to_owned()))];
        let untrusted = self.services().into_iter().filter(|service| {
            !policy_allows(&trust, Principals::Services(std::slice::from_ref(service)), "sts:AssumeRole", &context)
        });
        let shortcoming = |service: String| {
            Shortcoming::certain(
                format!("the trust policy of {} does not let {service} assume it", self.arn),
                format!("add the statement {}", self.trust["Statement"][0]),
            )
        };
        untrusted.map(shortcoming).collect()
    }

    /// The services that must be able to assume the role.
    fn services(&self) -> Vec<String> {
        let named = &self.trust["Statement"][0]["Principal"]["Service"];
        let one = named.as_str().map(str::to_owned);
        one.into_iter()
            .chain(named.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_iam::primitives::DateTime;

    const ARN: &str = "arn:aws:iam::111122223333:role/platform/ml-glue";

    fn existing() -> ExistingRole {
        let statement =
            json!({"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": "glue.amazonaws.com"}});
        ExistingRole {
            arn: ARN.into(),
            setting: "identity.roles.glue".into(),
            trust: json!({"Statement": [statement]}),
            policies: Vec::new(),
        }
    }

    fn role(arn: &str, service: &str, condition: Value) -> types::Role {
        let trust = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": condition,
                                          "Principal": {"Service": service}}]});
        types::Role::builder()
            .path("/platform/")
            .role_name("ml-glue")
            .role_id("AROAEXAMPLE")
            .arn(arn)
            .create_date(DateTime::from_secs(0))
            .assume_role_policy_document(trust.to_string())
            .build()
            .expect("a role")
    }

    fn said(role: Option<&types::Role>) -> Vec<String> {
        existing().unfit(role, "111122223333").into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn existing_role_that_trusts_the_service_of_this_account_is_fit() {
        assert_eq!(said(Some(&role(ARN, "glue.amazonaws.com", json!({})))), Vec::<String>::new());
        let bound = json!({"StringEquals": {"aws:SourceAccount": "111122223333"}});
        assert_eq!(said(Some(&role(ARN, "glue.amazonaws.com", bound))), Vec::<String>::new());
    }

    #[test]
    fn existing_role_that_trusts_another_service_or_account_is_unfit() {
        let expected = [format!("the trust policy of {ARN} does not let glue.amazonaws.com assume it")];
        assert_eq!(said(Some(&role(ARN, "lambda.amazonaws.com", json!({})))), expected);
        let bound = json!({"StringEquals": {"aws:SourceAccount": "999999999999"}});
        assert_eq!(said(Some(&role(ARN, "glue.amazonaws.com", bound))), expected);
    }

    #[test]
    fn existing_role_is_named_by_its_whole_arn() {
        assert_eq!(said(None), [format!("the role {ARN} does not exist")]);
        let without = "arn:aws:iam::111122223333:role/ml-glue";
        let said = said(Some(&role(without, "glue.amazonaws.com", json!({}))));
        assert_eq!(said, [format!("there is no role {ARN}: the role of that name is {without}")]);
    }
}
