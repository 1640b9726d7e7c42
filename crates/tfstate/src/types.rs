//! Terraform's types of all kinds, collected from their reconcilers.

use resource::{KindRegistry, Terraform};

/// Terraform's types of all kinds. Each reconciler declares those of its kind ([`resource::Resource::TERRAFORM`]).
#[derive(Clone, Debug)]
pub struct Types(Vec<(&'static str, Terraform)>);

impl From<&KindRegistry> for Types {
    fn from(registry: &KindRegistry) -> Self {
        registry.iter().filter_map(|one| Some((one.kind(), one.terraform()?))).collect()
    }
}

impl FromIterator<(&'static str, Terraform)> for Types {
    fn from_iter<T: IntoIterator<Item = (&'static str, Terraform)>>(kinds: T) -> Self {
        Self(kinds.into_iter().collect())
    }
}

impl Types {
    /// The Terraform side of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> Option<&Terraform> {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, terraform)| terraform)
    }

    /// The kind of resources that a Terraform state holds under this type.
    pub(crate) fn of_type(&self, found_as: &str) -> Option<(&'static str, &Terraform)> {
        let found = self.0.iter().find(|(_, terraform)| terraform.is_found_as(found_as));
        found.map(|(kind, terraform)| (*kind, terraform))
    }

    /// True if a type of Terraform is a setting of another resource here, which brings it along.
    pub(crate) fn has_setting(&self, found_as: &str) -> bool {
        self.0.iter().any(|(_, terraform)| terraform.is_setting(found_as))
    }
}
