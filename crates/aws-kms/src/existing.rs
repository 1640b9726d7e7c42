//! A key that exists outside of the stack. mlopsctl reads and checks it, and never owns, changes or deletes it.

use crate::search::describe;
use aws_client::{Attempt, FailureKind, Result};
use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeySpec, KeyState, KeyUsageType},
};
use resource::{Prerequisite, Shortcoming, UsedPart};
use serde_json::{Value, json};
use vocabulary::{Permission, PermissionCondition, Place, Principals, policy_allows};

/// An existing key, and the permissions that its policy must give.
#[derive(Clone, Debug, PartialEq)]
pub struct ExistingKey {
    /// `arn:…:key/…`, and no alias: an alias can be pointed at another key.
    pub arn: String,
    /// The setting that names it, such as `encryption.key_arn`.
    pub setting: &'static str,
    /// The statements for AWS services. No IAM policy can replace them.
    pub statements: Vec<KeyUse>,
    /// The services through which roles of the account use the key, in the form of `kms:ViaService`.
    pub via: Vec<String>,
}

/// A use of the key that its policy must allow.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyUse {
    /// The principals of the services.
    pub services: Vec<String>,
    /// The actions of the services.
    pub actions: Vec<String>,
    /// The statement that allows the actions.
    pub statement: Value,
    /// PermissionCondition keys of their requests. Each has the value in the request, or none where AWS never sends the key.
    pub context: Vec<(String, Option<String>)>,
}

/// The actions on a key by roles of the account and by the provisioning identity.
const ACCOUNT: [&str; 5] = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant"];

impl ExistingKey {
    /// The key's id.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// The account that owns the key.
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// The permissions to provision a platform with the key, beyond those of each resource for keys of the account.
    /// They read the key. For a key of another account, they also allow its use through services.
    pub fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = [self.arn.as_str()];
        let mut needed = vec![Permission::read(["kms:DescribeKey", "kms:GetKeyPolicy"]).on(arn)];
        if self.account() != place.account {
            let via = place.endpoint_of("*", &place.region);
            let used = Permission::change(ACCOUNT).on(arn).when(PermissionCondition::Like("kms:ViaService", vec![via]));
            needed.extend([used, Permission::change(["kms:DescribeKey", "kms:CreateGrant"]).on(arn)]);
        }
        needed
    }

    /// The statement that lets IAM policies of the account allow the use of the key.
    fn account_statement(&self, place: &Place) -> Value {
        json!({
            "Effect": "Allow",
            "Principal": {"AWS": place.iam_arn("root")},
            "Action": ACCOUNT,
            "Resource": ["*"],
        })
    }

    /// The key, for a person.
    pub fn part(&self) -> UsedPart {
        let details = vec![format!("KMS key of `{}`", self.setting)];
        UsedPart { id: self.arn.clone(), noun: "KMS key".to_owned(), details }
    }

    /// The prerequisites of the platform for the key.
    ///
    /// # Errors
    /// When a call to KMS fails.
    pub async fn prerequisites(&self, client: &Client, place: &Place) -> Result<Vec<Prerequisite>> {
        let found = self.shortcomings(client, place).await?;
        Ok(Prerequisite::all(self.setting, found, format!("the KMS key {} is fit for its use", self.arn)))
    }

    /// The shortcomings of the key, and the facts that the caller may not read. KMS shows a key's policy only to the
    /// account that owns the key. For a key of another account, only its metadata can be checked.
    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html>
    async fn shortcomings(&self, client: &Client, place: &Place) -> Result<Vec<Shortcoming>> {
        let key = match describe(client, &self.arn).await {
            Ok(Some(key)) => key,
            Ok(None) => {
                let what = format!("the KMS key {} does not exist", self.arn);
                return Ok(vec![Shortcoming::certain(what, format!("name an existing key in `{}`", self.setting))]);
            }
            Err(failure) if failure.kind == FailureKind::Denied => {
                let what = format!("the KMS key {} cannot be read: {failure}", self.arn);
                let help = format!(
                    "these credentials need kms:DescribeKey, and the key's policy this statement: {}",
                    self.account_statement(place)
                );
                return Ok(vec![Shortcoming::certain(what, help)]);
            }
            Err(failure) => return Err(failure),
        };
        let unusable = self.unusable(&key);
        if !unusable.is_empty() {
            return Ok(unusable);
        }
        if self.account() != place.account {
            let statements: Vec<String> = self.all_statements(place).iter().map(Value::to_string).collect();
            return Ok(vec![Shortcoming::possible(
                format!("KMS shows the policy of {} only to its account, {}", self.arn, self.account()),
                format!("it must contain these statements, or wider ones: {}", statements.join(", ")),
            )]);
        }
        let read = client.get_key_policy().key_id(&self.arn).send().await.during("GetKeyPolicy");
        let policy = match read {
            Ok(answer) => answer.policy.and_then(|policy| serde_json::from_str(&policy).ok()).unwrap_or_default(),
            Err(failure) if failure.kind == FailureKind::Denied => {
                return Ok(vec![Shortcoming::possible(
                    format!("the policy of {} cannot be read: {failure}", self.arn),
                    "these credentials need kms:GetKeyPolicy",
                )]);
            }
            Err(failure) => return Err(failure),
        };
        Ok(self.lacking(&policy, place))
    }

    /// The shortcomings that the metadata shows.
    fn unusable(&self, key: &KeyMetadata) -> Vec<Shortcoming> {
        let arn = &self.arn;
        let state = key.key_state();
        let wrong = if state != Some(&KeyState::Enabled) {
            let state = state.map_or("unknown", KeyState::as_str);
            Some((format!("the KMS key {arn} is not enabled, but {state}"), "enable it, or name another key"))
        } else if key.key_usage().is_some_and(|usage| *usage != KeyUsageType::EncryptDecrypt)
            || key.key_spec().is_some_and(|spec| *spec != KeySpec::SymmetricDefault)
        {
            let (usage, spec) = (
                key.key_usage().map_or("unknown", KeyUsageType::as_str),
                key.key_spec().map_or("unknown", KeySpec::as_str),
            );
            let what = format!("the KMS key {arn} is of the kind {spec} for {usage}");
            Some((what, "services encrypt with symmetric keys only: SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT"))
        } else {
            None
        };
        wrong.into_iter().map(|(what, help)| Shortcoming::certain(what, help)).collect()
    }

    fn all_statements(&self, place: &Place) -> Vec<Value> {
        let services = self.statements.iter().map(|needed| needed.statement.clone());
        [self.account_statement(place)].into_iter().chain(services).collect()
    }

    /// The statements that the key's policy lacks.
    fn lacking(&self, policy: &Value, place: &Place) -> Vec<Shortcoming> {
        let mut lacking = Vec::new();
        let root = [place.iam_arn("root"), place.account.clone()];
        let account = vec![("kms:CallerAccount".to_owned(), Some(place.account.clone()))];
        let is_closed = |via: &&String| {
            let mut context = account.clone();
            context.push(("kms:ViaService".to_owned(), Some((*via).clone())));
            !ACCOUNT.iter().all(|action| policy_allows(policy, Principals::Accounts(&root), action, &context))
        };
        let closed: Vec<&str> = self.via.iter().filter(is_closed).map(String::as_str).collect();
        if !closed.is_empty() {
            lacking.push(Shortcoming::certain(
                format!(
                    "the policy of {} does not let IAM policies allow its use through {}",
                    self.arn,
                    closed.join(", ")
                ),
                format!("add the statement {}", self.account_statement(place)),
            ));
        }
        for needed in &self.statements {
            let is_kept_out = |service: &&String| {
                let principal = std::slice::from_ref(*service);
                let allows =
                    |action: &String| policy_allows(policy, Principals::Services(principal), action, &needed.context);
                !needed.actions.iter().all(allows)
            };
            let kept_out: Vec<&str> = needed.services.iter().filter(is_kept_out).map(String::as_str).collect();
            if !kept_out.is_empty() {
                lacking.push(Shortcoming::certain(
                    format!("the policy of {} does not let {} use the key", self.arn, kept_out.join(" and ")),
                    format!("add the statement {}", needed.statement),
                ));
            }
        }
        lacking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn place() -> Place {
        Place::new("111122223333", "eu-west-1")
    }

    fn key() -> ExistingKey {
        let service = "logs.eu-west-1.amazonaws.com".to_owned();
        let logs = KeyUse {
            statement: json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": ["kms:Encrypt*", "kms:GenerateDataKey*"], "Resource": ["*"]}),
            services: vec![service],
            actions: vec!["kms:Encrypt*".into(), "kms:GenerateDataKey*".into()],
            context: vec![(
                "kms:EncryptionContext:aws:logs:arn".into(),
                Some("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/a".into()),
            )],
        };
        ExistingKey {
            arn: ARN.into(),
            setting: "encryption.key_arn",
            statements: vec![logs],
            via: vec!["s3.eu-west-1.amazonaws.com".into(), "ecr.eu-west-1.amazonaws.com".into()],
        }
    }

    fn lacking(statements: Value) -> Vec<String> {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        key().lacking(&policy, &place()).into_iter().map(|one| one.what).collect()
    }

    fn administered() -> Value {
        json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"})
    }

    #[test]
    fn existing_key_whose_policy_names_the_account_only_lacks_the_statement_of_logs() {
        let lacking = lacking(json!([administered()]));
        assert_eq!(lacking, [format!("the policy of {ARN} does not let logs.eu-west-1.amazonaws.com use the key")]);
    }

    #[test]
    fn existing_key_serves_logs_by_a_statement_for_their_groups_and_not_by_one_for_others() {
        let logs = |pattern: &str| {
            json!({"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
                   "Action": ["kms:Encrypt", "kms:GenerateDataKey"], "Resource": "*",
                   "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": pattern}}})
        };
        let own = "arn:aws:logs:eu-west-1:111122223333:*";
        assert_eq!(lacking(json!([administered(), logs(own)])), Vec::<String>::new());
        assert_eq!(lacking(json!([administered(), logs("arn:aws:logs:eu-west-1:999999999999:*")])).len(), 1);
    }

    /// A central key is often open to S3 only.
    #[test]
    fn existing_key_that_is_bound_to_one_service_lacks_the_others() {
        let through_s3 = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition":
            {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}});
        let lacking = lacking(json!([through_s3]));
        assert!(lacking.iter().any(|what| what.ends_with("through ecr.eu-west-1.amazonaws.com")), "{lacking:?}");
        assert!(!lacking.iter().any(|what| what.contains("s3.eu-west-1.amazonaws.com")), "{lacking:?}");
    }

    #[test]
    fn existing_key_that_is_off_or_asymmetric_is_unusable() {
        let metadata = |state: KeyState, spec: KeySpec, usage: KeyUsageType| {
            KeyMetadata::builder().key_id("k").key_state(state).key_spec(spec).key_usage(usage).build().expect("a key")
        };
        let fine = metadata(KeyState::Enabled, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt);
        assert_eq!(key().unusable(&fine), []);
        let off = metadata(KeyState::Disabled, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt);
        assert_eq!(key().unusable(&off)[0].what, format!("the KMS key {ARN} is not enabled, but Disabled"));
        let rsa = metadata(KeyState::Enabled, KeySpec::Rsa2048, KeyUsageType::SignVerify);
        assert_eq!(key().unusable(&rsa)[0].what, format!("the KMS key {ARN} is of the kind RSA_2048 for SIGN_VERIFY"));
    }
}
