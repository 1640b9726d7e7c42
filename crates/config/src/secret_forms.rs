//! The names and forms by which secrets are recognised.

use regex::Regex;
use std::sync::LazyLock;

/// True if a key has the name of a secret.
pub(crate) fn names_a_secret(key: &str) -> bool {
    const NAMES: [&str; 9] =
        ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "PRIVATEKEY", "ACCESSKEY", "CREDENTIAL"];
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    NAMES.iter().any(|name| plain.contains(name))
}

/// True if text has the form of AWS's access keys, a private key, tokens of well-known services, or an address with a
/// password in it.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>
pub(crate) fn is_credential(text: &str) -> bool {
    static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[^A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}",
            r"|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[A-Za-z0-9-]{10}|sk-[A-Za-z0-9_-]{20}|hf_[A-Za-z0-9]{30})",
            r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z]://[^/ :@]*:[^/ @]+@"
        ))
        .ok()
    });
    FORMS.as_ref().is_some_and(|forms| forms.is_match(text))
}
