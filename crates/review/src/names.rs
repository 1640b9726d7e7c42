//! Short names for a reviewer: ARNs of the environment's own resources without their common parts.

use std::fmt::Write as _;

/// The common parts of the names of an environment's resources.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The prefix of their names, `<project>-<environment>-`. An empty prefix shortens nothing.
    pub prefix: String,
    /// The account, twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
}

impl Names {
    /// An ARN without the parts that all ARNs of this environment share. A foreign name stays whole.
    ///
    /// A bucket of the environment gives `data/raw/*`. Another ARN of this account and region gives the part after the
    /// account.
    pub fn short(&self, name: &str) -> String {
        let whole = || literal(name);
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let ["arn", _, service, region, account, resource] = parts.as_slice() else { return whole() };
        if *service == "s3" && !self.prefix.is_empty() {
            return self.bucket(resource).unwrap_or_else(whole);
        }
        let is_here = (region.is_empty() || *region == self.region) && *account == self.account;
        if is_here && !self.account.is_empty() && *resource != "*" { literal(resource) } else { whole() }
    }

    fn bucket(&self, resource: &str) -> Option<String> {
        let (bucket, rest) = resource.split_at(resource.find('/').unwrap_or(resource.len()));
        let name = bucket.strip_prefix(self.prefix.as_str())?;
        let name = name.strip_suffix(self.account.as_str())?.strip_suffix('-')?;
        let is_plain = !name.is_empty() && !name.contains(['*', '?']);
        is_plain.then(|| literal(&format!("{name}{rest}")))
    }
}

/// Text on one line. Line breaks and control characters for terminals become escapes.
pub fn literal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() => _ = write!(shown, "{}", c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_environment_are_shortened() {
        let names = Names { prefix: "shop-dev-".into(), account: "123456789012".into(), region: "eu-west-1".into() };
        for (whole, short) in [
            ("arn:aws:s3:::shop-dev-data-123456789012/raw/*", "data/raw/*"),
            ("arn:aws:s3:::shop-dev-data-123456789012", "data"),
            ("arn:aws:s3:::data/raw/*", "arn:aws:s3:::data/raw/*"),
            ("arn:aws:s3:::shop-dev-*", "arn:aws:s3:::shop-dev-*"),
            ("arn:aws:s3:::shop-dev-*-123456789012", "arn:aws:s3:::shop-dev-*-123456789012"),
            ("arn:aws:iam::123456789012:role/x", "role/x"),
            ("arn:aws:iam::210987654321:role/x", "arn:aws:iam::210987654321:role/x"),
            ("arn:aws:glue:eu-west-2:123456789012:table/x", "arn:aws:glue:eu-west-2:123456789012:table/x"),
            ("arn:aws:logs:eu-west-1:123456789012:*", "arn:aws:logs:eu-west-1:123456789012:*"),
            ("*", "*"),
            ("a\nb", "a\\nb"),
        ] {
            assert_eq!(names.short(whole), short);
        }
    }
}
