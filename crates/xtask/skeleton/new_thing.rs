//! Reconciler for new things.

use aws_client::{Failure, FailureKind, Result};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, Tags, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place};

/// A new thing. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewThing {
    /// The name.
    pub name: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewThingOutputs {
    /// The ARN.
    pub arn: String,
}

impl Resource for NewThing {
    const KIND: &'static str = "service:new-thing";
    const NOUN: &'static str = "new thing";
    const TERRAFORM: Option<Terraform> = None;
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = NewThingOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, _: &Context) -> Result<Option<Found>> {
        Err(unwritten())
    }

    async fn create(&self, _: &Context) -> Result<String> {
        Err(unwritten())
    }

    async fn observe(&self, _: &str, _: &Context) -> Result<Observed<Self>> {
        Err(unwritten())
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> Result<()> {
        Err(unwritten())
    }

    async fn delete(&self, _: &str, _: &Context) -> Result<Deletion> {
        Err(unwritten())
    }

    fn permissions(&self, _: &Place) -> Vec<Permission> {
        Vec::new()
    }

    fn usage(&self) -> Usage {
        Usage::free("not written yet")
    }
}

/// The answer of every method that is not written yet. Remove it with the last of them.
fn unwritten() -> Failure {
    Failure::new(FailureKind::Final, format!("this version cannot build a {} yet", NewThing::NOUN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_thing_declares_permissions_and_usage() {
        let new_thing = NewThing { name: "x".into(), tags: Tags::default() };
        let permissions = new_thing.permissions(&Place::new("123456789012", "eu-west-1"));
        assert!(!permissions.is_empty(), "`permissions` must list the actions of all calls");
        assert_ne!(new_thing.usage().free, Some("not written yet"), "`usage` must say what AWS charges for");
    }

    /// Remove it with the last method that is not written.
    #[test]
    fn new_thing_has_no_unwritten_method() {
        let unwritten = include_str!("new_thing.rs").matches(concat!("Err(", "unwritten())")).count();
        assert_eq!(unwritten, 0, "methods that still fail");
    }
}
