//! The permissions that provisioning a resource takes, in IAM's terms.

use crate::{Id, KeyArn, Place, RoleArn, UNKNOWN_OPEN};

/// Actions on some resources, perhaps only under conditions.
///
/// A kind says what its calls need on its own names; the maker of a policy widens the names to those of
/// the whole stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The purpose.
    pub need: Need,
    /// `service:Action`, as IAM names it, which is not always what the operation is called.
    pub actions: Vec<String>,
    /// Patterns of ARNs; `*` for actions that know no resources.
    pub resources: Vec<String>,
    /// All of these hold.
    pub conditions: Vec<PermissionCondition>,
}

/// The purpose of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To read, as `Resource::find` and `Resource::observe` do: `plan` and `drift` need nothing else.
    Read,
    /// To create, change or delete, and to see beforehand what data that would destroy.
    Change,
}

/// When a permission holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionCondition {
    /// The request that creates a resource gives it the stack's tags.
    GivesTags,
    /// The resource has the stack's tags.
    HasTags,
    /// The resource has no stack's tags: AWS has created it, and not mlopsctl.
    HasNoStackTags,
    /// The key of the request has one of these values.
    Is(&'static str, Vec<String>),
    /// The key of the request matches one of these patterns.
    Like(&'static str, Vec<String>),
}

/// The resource of actions that know none.
pub const ANYTHING: &str = "*";

impl Permission {
    /// A permission that reads need.
    pub fn read<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Need::Read, actions)
    }

    /// A permission that creations, changes and deletions need.
    pub fn change<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Need::Change, actions)
    }

    fn new<'a>(need: Need, actions: impl IntoIterator<Item = &'a str>) -> Self {
        let actions = actions.into_iter().map(str::to_owned).collect();
        Self { need, actions, resources: Vec::new(), conditions: Vec::new() }
    }

    /// On the resources with these ARNs, or that match these patterns.
    #[must_use]
    pub fn on<R: Into<String>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// For actions that know no resources: AWS grants them on everything or not at all.
    #[must_use]
    pub fn on_anything(self) -> Self {
        self.on([ANYTHING])
    }

    /// Only if this holds.
    #[must_use]
    pub fn when(mut self, condition: PermissionCondition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Handing a role to the service that will act with it.
    pub fn pass_role(role: &RoleArn, service: &str, place: &Place) -> Self {
        let role = known(role).map_or_else(|| place.iam_arn("role/*"), str::to_owned);
        let service = place.principal(service);
        Self::change(["iam:PassRole"]).on([role]).when(PermissionCondition::Is("iam:PassedToService", vec![service]))
    }

    /// Use of a key only by services that act in the caller's name. An existing key is named by its ARN:
    /// it has no tags of the stack. A key that the stack is to create has no ARN yet.
    ///
    /// A read of such a key is bound to its tags. A change is not, because for up to five minutes KMS does not know the
    /// tags of a new key when it decides.
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/abac.html>
    pub fn use_key<'a>(
        need: Need,
        actions: impl IntoIterator<Item = &'a str>,
        services: &[&str],
        key: &KeyArn,
        place: &Place,
    ) -> Self {
        let via = |service: &&str| place.endpoint_of(service, &place.region);
        let via = PermissionCondition::Is("kms:ViaService", services.iter().map(via).collect());
        let used = Self::new(need, actions).when(via);
        match (known(key), need) {
            (Some(arn), _) => used.on([arn]),
            (None, Need::Read) => used.on([place.arn("kms", "key/*")]).when(PermissionCondition::HasTags),
            (None, Need::Change) => used.on([place.arn("kms", "key/*")]),
        }
    }
}

/// An id as text, unless it is one that only AWS's answer will tell.
fn known<T>(id: &Id<T>) -> Option<&str> {
    Some(id.as_str()).filter(|text| !text.contains(UNKNOWN_OPEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_is_not_known_yet_is_a_role_all_the_same_and_never_anything() {
        let place = Place::new("123456789012", "eu-west-1");
        let role = RoleArn::new("⟦identity.etl.arn⟧");
        let permission = Permission::pass_role(&role, "glue", &place);
        assert_eq!(permission.resources, ["arn:aws:iam::123456789012:role/*"]);
        let service = PermissionCondition::Is("iam:PassedToService", vec!["glue.amazonaws.com".into()]);
        assert_eq!(permission.conditions, [service]);
    }

    #[test]
    fn known_key_is_named_and_reads_of_an_unknown_one_are_bound_to_its_tags() {
        let place = Place::new("123456789012", "eu-west-1");
        let used = |need, key: &str| Permission::use_key(need, ["kms:Decrypt"], &["s3"], &KeyArn::new(key), &place);
        let via = PermissionCondition::Is("kms:ViaService", vec!["s3.eu-west-1.amazonaws.com".into()]);
        let central = "arn:aws:kms:eu-west-1:999999999999:key/1234";
        let named = used(Need::Read, central);
        assert_eq!((named.resources, named.conditions), (vec![central.to_owned()], vec![via.clone()]));
        let own = used(Need::Read, "⟦encryption.data.arn⟧");
        assert_eq!(own.resources, ["arn:aws:kms:eu-west-1:123456789012:key/*"]);
        assert_eq!(own.conditions, [via, PermissionCondition::HasTags]);
    }
}
