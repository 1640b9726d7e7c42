//! The kind of the cloud's things, as the engine drives it: named ones, and those that AWS gives an id.

use super::cloud::{Cloud, CloudRead, Form};
use aws_client::Result;
use resource::{Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, Tags};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing<const NAMED: bool> {
    pub(crate) name: String,
    pub(crate) inside: Option<String>,
    pub(crate) uses: Vec<String>,
    pub(crate) size: u8,
    pub(crate) label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extra: Option<String>,
    pub(crate) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outputs {
    pub(crate) id: String,
}

impl<const NAMED: bool> Thing<NAMED> {
    fn form(&self) -> Form {
        let Self { name, inside, uses, size, label, extra, tags } = self.clone();
        Form { name, named: NAMED, inside, uses, size, label, extra, tags }
    }

    fn of(form: Form) -> Self {
        let Form { name, inside, uses, size, label, extra, tags, .. } = form;
        Self { name, inside, uses, size, label, extra, tags }
    }
}

impl<const NAMED: bool> Resource for Thing<NAMED> {
    const KIND: &'static str = if NAMED { "test:named" } else { "test:assigned" };
    const NOUN: &'static str = "thing";
    const TERRAFORM: Option<resource::Terraform> = None;
    const REPLACE_ON: &'static [&'static str] = &["name", "inside", "size"];
    const REPLACE_ORDER: ReplaceOrder = if NAMED { ReplaceOrder::DeleteFirst } else { ReplaceOrder::CreateFirst };
    type Outputs = Outputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Assigned
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let cloud = cx.shared::<Cloud>();
        let found = cloud
            .call(|world| {
                Ok(if NAMED {
                    world.by_name(&self.name)
                } else {
                    world.by_tags(|id, tags| cx.owns(tags) && !cx.deletes(id))
                })
            })
            .await?;
        Ok(found.map(|(id, tags)| Found { id, owner: Owner::Tags(tags) }))
    }

    /// Known before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        cx.shared::<Cloud>().call(|world| Ok(world.tags(id))).await
    }

    /// The settings come by convergence, as with most of AWS.
    async fn create(&self, cx: &Context) -> Result<String> {
        let bare = Form { label: String::new(), extra: None, uses: Vec::new(), ..self.form() };
        cx.shared::<Cloud>().call(|world| world.create(bare, cx.token())).await
    }

    /// Those with a name are completed at once, the others after a read.
    fn as_created(&self) -> Option<Self> {
        NAMED.then(|| Self { label: String::new(), extra: None, uses: Vec::new(), ..self.clone() })
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let outputs = Outputs { id: id.to_owned() };
        Ok(match cx.shared::<Cloud>().call(|world| Ok(world.read(id))).await? {
            CloudRead::Absent => Observed::Absent,
            CloudRead::Settling(status) => Observed::Settling { status: status.to_owned(), outputs: Some(outputs) },
            CloudRead::Works(form) => Observed::Ready { live: Self::of(form), outputs },
        })
    }

    /// One step of several.
    async fn update(&self, id: &str, _: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let wanted = self.form();
        let cloud = cx.shared::<Cloud>();
        let call = cloud.call(|world| {
            world.change(id, |form| {
                if diff.has("label") {
                    form.label = wanted.label;
                } else if diff.has("uses") {
                    form.uses = wanted.uses;
                } else if diff.has("extra") {
                    form.extra = wanted.extra;
                } else {
                    form.tags = wanted.tags;
                }
            })
        });
        call.await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        Ok(match cx.shared::<Cloud>().call(|world| world.delete(id)).await? {
            true => Deletion::Gone,
            false => Deletion::Going("deleting".to_owned()),
        })
    }

    fn permissions(&self, _: &Place) -> Vec<Permission> {
        Vec::new()
    }

    fn usage(&self) -> resource::usage::Usage {
        resource::usage::Usage::free("nothing")
    }
}
