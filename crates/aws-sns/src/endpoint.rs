//! Endpoints with a user and a password in their URL. SNS takes them, and never shows the password again.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>

/// The text that SNS lists instead of a password.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/463>
const MASK: &str = "****";

/// The endpoint as SNS lists it, and the password that it hides, if there is one.
pub(crate) fn mask(endpoint: &str) -> (String, Option<String>) {
    let Some((start, password, end)) = parts(endpoint).filter(|(_, password, _)| *password != MASK) else {
        return (endpoint.to_owned(), None);
    };
    (format!("{start}{MASK}{end}"), Some(password.to_owned()))
}

/// The endpoint or the id of a subscription in SNS's spelling, which masks a password in a URL.
pub fn without_password(endpoint: &str) -> String {
    mask(endpoint).0
}

/// The endpoint with its password, to be sent.
pub(crate) fn unmask(masked: &str, password: Option<&str>) -> String {
    match (parts(masked), password) {
        (Some((start, MASK, end)), Some(password)) => format!("{start}{password}{end}"),
        _ => masked.to_owned(),
    }
}

/// The text before the password, the password, and the text after it.
fn parts(endpoint: &str) -> Option<(&str, &str, &str)> {
    let begins = endpoint.find("://")? + 3;
    let length = endpoint[begins..].find(['/', '?', '#']).unwrap_or(endpoint.len() - begins);
    let (credentials, _) = endpoint[begins..begins + length].rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let from = begins + user.len() + 1;
    let (start, rest) = endpoint.split_at(from);
    let (_, end) = rest.split_at(password.len());
    Some((start, password, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_masked_as_sns_lists_it_and_sent_whole() {
        let endpoint = "https://user:s3:cr3t@hooks.example.com/alerts?to=a@b";
        let (masked, password) = mask(endpoint);
        assert_eq!(masked, "https://user:****@hooks.example.com/alerts?to=a@b");
        assert_eq!(unmask(&masked, password.as_deref()), endpoint);
        assert_eq!(without_password(&format!("https|{endpoint}")), format!("https|{masked}"));
        assert_eq!(mask(&masked), (masked.clone(), None), "what SNS lists is masked");
    }

    #[test]
    fn endpoints_without_a_password_are_as_they_are() {
        for endpoint in
            ["https://hooks.example.com/alerts", "https://user@host/a:b@c", "team@example.com", "arn:aws:sqs:r:1:q"]
        {
            assert_eq!(mask(endpoint), (endpoint.to_owned(), None));
            assert_eq!(unmask(endpoint, Some("s3cr3t")), endpoint);
        }
    }
}
