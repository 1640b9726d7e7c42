//! The digest of a function's code: Lambda writes it in base64, assets are known by hexadecimal.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Lambda's `CodeSha256` in lower-case hexadecimal. What is no base64 is kept, so that it differs.
pub(crate) fn hex(code_sha256: &str) -> String {
    match STANDARD.decode(code_sha256) {
        Ok(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => code_sha256.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::sha256_hex;

    #[test]
    fn lambdas_digest_is_the_one_an_asset_is_known_by() {
        // From `printf abc | openssl dgst -sha256 -binary | base64`.
        assert_eq!(hex("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="), sha256_hex(b"abc"));
    }

    #[test]
    fn something_else_stays_visible() {
        assert_eq!(hex("no digest"), "no digest");
    }
}
