//! The owner of a resource, as its tags tell.

use crate::{ADDRESS_TAG, LINEAGE_TAG, Tags};

/// The tag that says which tool keeps a resource.
const MANAGER_TAG: &str = "ManagedBy";
/// The most tags that a description of an owner names.
const DESCRIBED: usize = 4;

/// The owner of a live resource, as far as its tags tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It has every ownership tag of this stack and address.
    Owned,
    /// It has some of them, and none that contradicts: the others were removed.
    Incomplete,
    /// It has none of them, and no tag that names another owner.
    Untagged,
    /// Its tags name another owner, described here.
    Foreign(String),
}

impl Ownership {
    /// Judges the tags of a live resource.
    ///
    /// `identity` are the ownership tags with the address, `lineage` is that of the state that records it, `recorded`
    /// are the tags that mlopsctl applied last. Where `named`, the declaration names the resource and not AWS: another one may have taken the place of ours.
    pub fn judge(identity: &Tags, lineage: Option<&str>, recorded: &Tags, live: &Tags, named: bool) -> Self {
        // If the lineage proves that this state records the resource, its earlier ownership tags count too. The file
        // may have changed their values since.
        let proven = lineage.is_some() && live.get(LINEAGE_TAG) == lineage;
        let contradicts = |key: &str, ours: &str| {
            let known = |tag: &str| tag == ours || ((key == ADDRESS_TAG || proven) && recorded.get(key) == Some(tag));
            live.get(key).is_some_and(|tag| !known(tag))
        };
        let others: Vec<(&str, &str)> = identity.iter().filter(|(key, _)| *key != MANAGER_TAG).collect();
        let other_lineage = lineage.is_some_and(|ours| contradicts(LINEAGE_TAG, ours));
        if other_lineage || others.iter().any(|(key, ours)| contradicts(key, ours)) {
            return Self::Foreign(describe(live));
        }
        let present = others.iter().filter(|(key, _)| live.get(key).is_some()).count();
        let managed_elsewhere = identity.get(MANAGER_TAG).is_some_and(|ours| contradicts(MANAGER_TAG, ours));
        // Another tool may use the same names for its projects; it knows no addresses of ours.
        if managed_elsewhere && live.get(ADDRESS_TAG).is_none() {
            return Self::Foreign(describe(live));
        }
        match present {
            0 if named && live.iter().any(|(key, _)| is_of_people(key) && recorded.get(key).is_none()) => {
                Self::Foreign(describe(live))
            }
            0 => Self::Untagged,
            _ if present == others.len() => Self::Owned,
            _ => Self::Incomplete,
        }
    }
}

/// Tags that AWS gives say nothing of an owner.
fn is_of_people(key: &str) -> bool {
    !key.starts_with("aws:")
}

/// The owner that tags name, as people call it.
pub fn describe(tags: &Tags) -> String {
    if let (Some("mlopsctl"), Some(address)) = (tags.get(MANAGER_TAG), tags.get(ADDRESS_TAG)) {
        let project = tags.get("Project").unwrap_or("another project");
        let environment = tags.get("Environment").unwrap_or_default();
        let lineage = tags.get(LINEAGE_TAG).map(|lineage| format!(", recorded by the state of lineage {lineage}"));
        return format!("{address} of {project} {environment}{}", lineage.unwrap_or_default());
    }
    let told: Vec<String> =
        tags.iter().filter(|(key, _)| is_of_people(key)).map(|(key, value)| format!("{key}={value}")).collect();
    let more = if told.len() > DESCRIBED { ", …" } else { "" };
    format!("another owner (tags {}{more})", told[..told.len().min(DESCRIBED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        tags.iter().copied().collect()
    }

    const OURS: &[(&str, &str)] = &[
        ("Project", "mlops"),
        ("Environment", "dev"),
        ("ManagedBy", "mlopsctl"),
        ("mlopsctl:address", "identity.glue"),
    ];

    fn with(changed: &[(&str, &str)]) -> Tags {
        let mut all = tags(OURS);
        all.0.extend(tags(changed).0);
        all
    }

    fn judged(live: &Tags) -> Ownership {
        Ownership::judge(&tags(OURS), Some("1"), &tags(OURS), live, true)
    }

    #[test]
    fn ownership_is_foreign_where_one_tag_names_another_owner() {
        for (key, value) in [("Project", "billing"), ("Environment", "prod"), ("mlopsctl:address", "identity.etl")] {
            assert!(matches!(judged(&with(&[(key, value)])), Ownership::Foreign(_)), "{key}");
            assert!(matches!(judged(&tags(&[(key, value)])), Ownership::Foreign(_)), "{key} alone");
        }
    }

    #[test]
    fn ownership_passes_with_the_state_and_needs_no_lineage_where_none_was_given() {
        assert_eq!(judged(&tags(OURS)), Ownership::Owned);
        assert_eq!(judged(&with(&[("mlopsctl:lineage", "1")])), Ownership::Owned);
        let Ownership::Foreign(owner) = judged(&with(&[("mlopsctl:lineage", "2")])) else { panic!("another state") };
        assert_eq!(owner, "identity.glue of mlops dev, recorded by the state of lineage 2");
    }

    #[test]
    fn ownership_survives_removed_tags_and_added_ones() {
        assert_eq!(judged(&with(&[("Team", "b")])), Ownership::Owned);
        assert_eq!(judged(&with(&[("ManagedBy", "Terraform")])), Ownership::Owned);
        assert_eq!(judged(&tags(&OURS[..2])), Ownership::Incomplete);
        assert_eq!(judged(&Tags::default()), Ownership::Untagged);
    }

    #[test]
    fn ownership_of_what_bears_only_other_peoples_tags_depends_on_who_names_it() {
        let others = tags(&[("Owner", "team-b")]);
        assert!(matches!(judged(&others), Ownership::Foreign(_)));
        assert_eq!(Ownership::judge(&tags(OURS), None, &tags(OURS), &others, false), Ownership::Untagged);
        // Tags of ours that name no owner, and tags of AWS's.
        let recorded = with(&[("Owner", "team-b")]);
        assert_eq!(Ownership::judge(&tags(OURS), None, &recorded, &others, true), Ownership::Untagged);
        assert_eq!(judged(&tags(&[("aws:cloudformation:stack-name", "x")])), Ownership::Untagged);
    }

    #[test]
    fn ownership_survives_other_values_and_keys_of_its_tags_where_the_lineage_proves_it() {
        let moved = tags(&[
            ("Project", "mlops"),
            ("Environment", "Development"),
            ("ManagedBy", "mlopsctl"),
            ("mlopsctl:address", "identity.glue"),
        ]);
        let live = with(&[("mlopsctl:lineage", "1")]);
        let judge =
            |identity: &Tags, live: &Tags, recorded: &Tags| Ownership::judge(identity, Some("1"), recorded, live, true);
        assert_eq!(judge(&moved, &live, &live), Ownership::Owned);
        // Without the lineage, or with a value that mlopsctl never gave, the resource may have any owner.
        assert!(matches!(judge(&moved, &tags(OURS), &tags(OURS)), Ownership::Foreign(_)));
        let other = with(&[("mlopsctl:lineage", "1"), ("Environment", "prod")]);
        assert!(matches!(judge(&moved, &other, &live), Ownership::Foreign(_)));
        let renamed = tags(&[
            ("app", "mlops"),
            ("stage", "dev"),
            ("ManagedBy", "mlopsctl"),
            ("mlopsctl:address", "identity.glue"),
        ]);
        assert_eq!(judge(&renamed, &live, &live), Ownership::Incomplete);
    }

    #[test]
    fn ownership_by_another_tool_with_the_same_project_name_is_foreign() {
        let terraform = tags(&[("Project", "mlops"), ("Environment", "dev"), ("ManagedBy", "Terraform")]);
        assert_eq!(
            judged(&terraform),
            Ownership::Foreign("another owner (tags Environment=dev, ManagedBy=Terraform, Project=mlops)".to_owned())
        );
    }

    #[test]
    fn ownership_holds_under_the_address_that_was_applied_last() {
        let recorded = with(&[("mlopsctl:address", "identity.before")]);
        assert_eq!(Ownership::judge(&tags(OURS), None, &recorded, &recorded, true), Ownership::Owned);
    }
}
