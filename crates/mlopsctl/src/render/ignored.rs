//! Differences in ignored fields, which are counted apart and named.

use resource::IgnoredDifference;

/// The number of differences that are named. The JSON output has all of them.
const NAMED: usize = 12;

/// `2 differences ignored: …`, if there are some.
pub(crate) fn line(ignored: &[IgnoredDifference]) -> Option<String> {
    let names: Vec<String> =
        ignored.iter().take(NAMED).map(|one| format!("{}#{}", one.address, one.field.path)).collect();
    let more = match ignored.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if ignored.len() == 1 { "difference" } else { "differences" };
    (!ignored.is_empty()).then(|| format!("{} {noun} ignored: {}{more}.", ignored.len(), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::line;
    use resource::{Address, FieldChange, IgnoredDifference};

    #[test]
    fn differences_are_counted_and_named_by_address_and_field() {
        let one = |path: &str| IgnoredDifference {
            address: Address::new("identity", "enrich-function"),
            kind: "iam:role".to_owned(),
            field: FieldChange {
                path: path.to_owned(),
                before: "a".into(),
                after: "b".into(),
                known: true,
                forces_replacement: false,
                sensitive: false,
            },
        };
        assert_eq!(line(&[]), None);
        let two = [one("inline_policies.queue"), one("tags.Team")];
        let expected = "2 differences ignored: identity.enrich-function#inline_policies.queue, identity.enrich-function#tags.Team.";
        assert_eq!(line(&two).as_deref(), Some(expected));
    }
}
