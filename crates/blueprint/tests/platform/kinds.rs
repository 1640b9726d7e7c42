//! The facts that the kinds declare about themselves.

use crate::declared;
use resource::Terraform;
use std::collections::{BTreeMap, BTreeSet};

fn terraform() -> Vec<(&'static str, Terraform)> {
    let registry = blueprint::registry();
    let kinds = registry.iter().map(|one| (one.kind(), one.terraform()));
    kinds
        .map(|(kind, terraform)| (kind, terraform.unwrap_or_else(|| panic!("{kind} has no type of Terraform"))))
        .collect()
}

#[test]
fn type_of_terraform_belongs_to_one_kind() {
    let kinds = terraform();
    let mut known = BTreeMap::new();
    for (kind, terraform) in &kinds {
        for found_as in terraform.found_as.iter().chain(&terraform.formerly) {
            assert_eq!(known.insert(*found_as, *kind), None, "{found_as}");
            // The type of an object looks like one of the settings of a bucket. The kind comes first.
            let setting = kinds.iter().find(|(_, other)| other.settings.contains(found_as));
            assert!(setting.is_none(), "{found_as} is a setting as well: {setting:?}");
        }
    }
}

#[test]
fn terraform_is_compared_with_fields_that_the_kind_has() {
    let kinds: BTreeMap<_, _> = terraform().into_iter().collect();
    let mut compared = BTreeSet::new();
    for name in ["dev", "staging", "prod"] {
        for declared in declared(name) {
            for field in kinds[declared.kind].fields() {
                compared.insert(declared.kind);
                assert!(
                    declared.spec.get(field).is_some(),
                    "{}: {} has no field {field}",
                    declared.address,
                    declared.kind
                );
            }
        }
    }
    assert!(compared.len() > 30, "{compared:?}");
}
