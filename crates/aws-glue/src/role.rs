//! Converts the role names and ARNs in Glue's answers to role ARNs.

use vocabulary::{Place, RoleArn};

/// A role as Glue gives it back: crawlers name it without the rest of its ARN.
pub(crate) fn read(role: Option<&str>, place: &Place) -> RoleArn {
    match role.unwrap_or_default() {
        arn if arn.starts_with("arn:") || arn.is_empty() => RoleArn::new(arn),
        name => RoleArn::new(place.iam_arn(&format!("role/{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_the_same_by_name_path_and_arn() {
        let place = Place::new("123456789012", "eu-west-1");
        let arn = "arn:aws:iam::123456789012:role/etl/glue";
        assert_eq!(read(Some("etl/glue"), &place).as_str(), arn);
        assert_eq!(read(Some(arn), &place).as_str(), arn);
    }
}
