//! References to secrets in place of their values.
//!
//! Neither Lambda nor Glue fills a secret in. Code gets the name of a secret, and reads the value while it runs:
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html>,
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html>.

use super::arn::Arn;
use crate::check::{Place, Surroundings};
use crate::secret_forms::{is_credential, names_a_secret};
use std::collections::BTreeMap;

/// A place in the file for free text, with what stands beside it.
pub(super) struct FreeText<'a> {
    /// The key of the table, for example `environment`.
    pub(super) key: &'static str,
    /// The keys and their values.
    pub(super) values: &'a BTreeMap<String, String>,
    /// Keys that the file declares not to be secrets.
    pub(super) not_secret: &'a [String],
    /// The advice for a value that is a secret.
    pub(super) instead: &'static str,
}

/// The advice for tables that have `secrets` beside them, which refers to a secret by name.
pub(super) const REFERENCE: &str = "keep it in Secrets Manager or as an SSM parameter, and name it: \
                                    `secrets = { KEY = \"arn:aws:secretsmanager:…\" }`";

impl FreeText<'_> {
    /// Reports values that look like secrets. `at` is where the table stands.
    pub(super) fn check(&self, at: Place<'_>) {
        let values = at.get(self.key);
        for (key, value) in self.values {
            if let Some(sign) = looks_like_a_secret(key, value)
                && !self.not_secret.contains(key)
            {
                let message = format!("`{key}` looks like a secret: {sign}");
                let help = format!("{}; if it is none, say `not_secret = [\"{key}\"]`", self.instead);
                values.get(key).report(message, help);
            }
        }
        for (index, key) in self.not_secret.iter().enumerate() {
            at.get("not_secret").at(index).refers_to("key", key, self.values.keys().map(String::as_str));
        }
    }
}

/// Reports references that lead nowhere, or stand beside a value of the same key.
pub(super) fn check_references(
    secrets: &BTreeMap<String, String>,
    values: &BTreeMap<String, String>,
    at: Place<'_>,
    around: &Surroundings<'_>,
) {
    let places = at.get("secrets");
    for (key, reference) in secrets {
        if values.contains_key(key) {
            places.get(key).report(format!("`{key}` has a value as well"), "keep the reference, and remove the value");
        }
        if let Some(arn) = Arn::parse(reference) {
            arn.check_partition(places.get(key), around);
            arn.check_region("the secret", "replicate the secret, and name the replica", places.get(key), around);
        }
    }
}

/// Reports keys of other regions, which cannot encrypt a secret of this region. KMS uses only keys of its own region.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html>
pub(super) fn check_keys(keys: &[String], at: Place<'_>, around: &Surroundings<'_>) {
    for (index, key) in keys.iter().enumerate() {
        let place = at.get("secret_keys").at(index);
        if let Some(arn) = Arn::parse(key) {
            arn.check_partition(place, around);
            arn.check_region("the key", "name the key of this region that encrypts the secret", place, around);
        }
    }
}

/// Text in which the password of a URL is masked, as SNS does it.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    match authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':').map(|(name, _)| (user, name))) {
        Some((user, name)) => format!("{scheme}://{name}:****{}", &rest[user.len()..]),
        None => text.to_owned(),
    }
}

/// The reason why a value looks like a secret, if it does.
pub(crate) fn looks_like_a_secret(key: &str, value: &str) -> Option<&'static str> {
    if is_credential(value) {
        return Some("its value has the form of a credential");
    }
    (names_a_secret(key) && !is_harmless(value)).then_some("so says its name")
}

/// True for a value that is no secret: an empty text, a number (`MAX_TOKENS = 512`), a truth value, or the name of a
/// secret.
fn is_harmless(value: &str) -> bool {
    let names = ["arn:aws", "/"].iter().any(|start| value.starts_with(start));
    // Long numbers may be keys.
    let number = value.len() <= 6 && value.parse::<f64>().is_ok();
    value.is_empty() || number || names || ["true", "false"].contains(&value)
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_secret;

    #[test]
    fn secrets_are_told_by_their_names_and_forms() {
        for (key, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("clientSecret", "x"),
            ("--api-key", "0123456789"),
            ("API_TOKEN", "abc"),
            ("KEY", "AKIAIOSFODNN7EXAMPLE"),
            ("URL", "postgres://reader:hunter2@db/churn"),
            ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ] {
            assert!(looks_like_a_secret(key, value).is_some(), "{key}");
        }
    }

    #[test]
    fn ordinary_settings_are_no_secrets() {
        for (key, value) in [
            ("LOG_LEVEL", "info"),
            ("MAX_TOKENS", "512"),
            ("USE_TOKENS", "true"),
            ("DB_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"),
            ("TOKEN_PARAMETER", "/shop/token"),
            ("URL", "https://example.com:8080/a@b"),
            ("PREFIX", "risk-assessment-of-the-whole-portfolio"),
        ] {
            assert_eq!(looks_like_a_secret(key, value), None, "{key}");
        }
    }
}
