//! Requests a Docker login for the image registry of the account.

use aws_client::{Attempt, Failure, Result};
use aws_sdk_ecr::Client;
use aws_smithy_types::base64;
use aws_types::SdkConfig;

/// The arguments of `docker login`, good for twelve hours.
pub struct Login {
    /// The user, which is AWS's own.
    pub user: String,
    /// A secret.
    pub password: String,
}

/// A login at the account's registry.
///
/// # Errors
/// When AWS refuses.
pub async fn login(config: &SdkConfig) -> Result<Login> {
    const OPERATION: &str = "GetAuthorizationToken";
    let answer = Client::new(config).get_authorization_token().send().await.during(OPERATION)?;
    let token = answer.authorization_data().first().and_then(|data| data.authorization_token());
    let decoded = token.and_then(|token| base64::decode(token).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (user, password) = pair.ok_or_else(|| Failure::incomplete(OPERATION, "token"))?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}
