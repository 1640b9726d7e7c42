//! The counterpart of a kind in Terraform's AWS provider: its types, the attributes that identify a resource, the id of
//! an import.

/// The counterpart of a kind in Terraform's AWS provider, to adopt resources of a Terraform state and to return them.
/// The documentation of the provider has a page for each type.
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>
///
/// # Example
/// ```
/// use resource::{ImportId, Terraform};
///
/// const DATABASE: Terraform = Terraform {
///     import: ImportId::AfterAccount,
///     ..Terraform::named("aws_glue_catalog_database", &[("name", "name")])
/// };
/// assert_eq!(DATABASE.exported_as, "aws_glue_catalog_database");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terraform {
    /// The type in an import block.
    pub exported_as: &'static str,
    /// The type in a Terraform state. If there is none, such resources are not adopted from a state.
    pub found_as: Option<&'static str>,
    /// An older name of that type.
    pub formerly: Option<&'static str>,
    /// True if the id identifies a resource, or else its declared name.
    pub by_id: bool,
    /// Pairs of Terraform's attribute and the declared field that must have the same value. A kind without pairs is
    /// found only by the resources that refer to it.
    pub alike: &'static [(&'static str, &'static str)],
    /// Pairs of Terraform's attribute and the declared field that both refer to another resource. So the two other
    /// resources are the same.
    pub leads: &'static [(&'static str, &'static str)],
    /// The values that Terraform keeps in resources of another type.
    pub associated: Option<Associated>,
    /// Types that are settings of this kind here, so they need no counterpart. A type that ends in `_` stands for all
    /// types that begin with it.
    pub settings: &'static [&'static str],
    /// The id in an import block.
    pub import: ImportId,
    /// A second import block: its type, and the declared field that is its id.
    pub second_import: Option<(&'static str, &'static str)>,
}

/// Values of a declared list that Terraform keeps in resources of another type, one for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Associated {
    /// Terraform's type of these resources.
    pub kind: &'static str,
    /// Their attribute with the id of the resource that they belong to.
    pub belongs_to: &'static str,
    /// Their attribute with the value.
    pub value: &'static str,
    /// The declared list.
    pub field: &'static str,
}

/// The id by which Terraform imports a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportId {
    /// The recorded id.
    Recorded,
    /// The account, a colon, and the recorded id.
    AfterAccount,
    /// The output `arn`, or the reason why a resource without it cannot be imported.
    Arn(&'static str),
    /// None, for this reason.
    Never(&'static str),
}

impl Terraform {
    /// A kind whose resources are identified by a declared name.
    pub const fn named(name: &'static str, alike: &'static [(&'static str, &'static str)]) -> Self {
        Self { by_id: false, ..Self::assigned(name, alike) }
    }

    /// A kind whose resources are identified by an id that AWS assigns.
    pub const fn assigned(name: &'static str, alike: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            exported_as: name,
            found_as: Some(name),
            formerly: None,
            by_id: true,
            alike,
            leads: &[],
            associated: None,
            settings: &[],
            import: ImportId::Recorded,
            second_import: None,
        }
    }

    /// True if a Terraform state holds such resources under this type.
    pub fn is_found_as(&self, kind: &str) -> bool {
        self.found_as == Some(kind) || self.formerly == Some(kind)
    }

    /// True if this type of Terraform is a setting of such resources.
    pub fn is_setting(&self, kind: &str) -> bool {
        self.settings.iter().any(|setting| *setting == kind || (setting.ends_with('_') && kind.starts_with(setting)))
    }

    /// The declared fields that it names. Every kind has a field of each of these names.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let pairs = self.alike.iter().chain(self.leads).map(|(_, field)| *field);
        pairs.chain(self.associated.map(|one| one.field)).chain(self.second_import.map(|(_, field)| field))
    }
}
