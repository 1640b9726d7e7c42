//! Parcels: things that have the name they are declared with, and hold content that the stack ships.

use crate::boxes::Bench;
use aws_client::Result;
use resource::{
    Address, Content, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, Tags,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use vocabulary::{Permission, Place};

/// The content of the cloud, by name, and the updates of each.
#[derive(Default)]
pub(crate) struct Shelf {
    parcels: Mutex<BTreeMap<String, Parcel>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) name: String,
    pub(crate) content: String,
    pub(crate) weight: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ParcelOutputs {
    pub(crate) name: String,
}

impl Resource for Parcel {
    const KIND: &'static str = "test:parcel";
    const NOUN: &'static str = "parcel";
    const TERRAFORM: Option<resource::Terraform> = None;
    const CONTENT: Option<Content> = Some(Content { digest: "content", sent_with: &["content"] });
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    type Outputs = ParcelOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    fn part_of(&self) -> Option<String> {
        Some("p-dev-shelf".to_owned())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let there = cx.shared::<Shelf>().parcels.lock().unwrap().contains_key(&self.name);
        Ok(there.then(|| Found { id: self.name.clone(), owner: Owner::Parent }))
    }
    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx);
        Ok(self.name.clone())
    }
    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        Ok(match cx.shared::<Shelf>().parcels.lock().unwrap().get(id).cloned() {
            Some(live) => Observed::Ready { live, outputs: ParcelOutputs { name: id.to_owned() } },
            None => Observed::Absent,
        })
    }
    async fn update(&self, _: &str, _: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.has("content") {
            cx.asset(&self.content)?;
        }
        self.put(cx);
        Ok(())
    }
    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        cx.shared::<Shelf>().parcels.lock().unwrap().remove(id);
        Ok(Deletion::Gone)
    }
    fn permissions(&self, _: &Place) -> Vec<Permission> {
        Vec::new()
    }

    fn usage(&self) -> resource::usage::Usage {
        resource::usage::Usage::free("nothing")
    }
}

impl Parcel {
    fn put(&self, cx: &Context) {
        cx.shared::<Shelf>().parcels.lock().unwrap().insert(self.name.clone(), self.clone());
    }
}

impl Bench {
    /// Changes a parcel behind the engine's back.
    pub(crate) fn alter(&self, name: &str, change: impl FnOnce(&mut Parcel)) {
        change(self.shelf().parcels.lock().unwrap().get_mut(name).unwrap());
    }

    pub(crate) fn parcel(&self, name: &str) -> Parcel {
        self.shelf().parcels.lock().unwrap()[name].clone()
    }

    fn shelf(&self) -> Arc<Shelf> {
        let cx = Context::new(self.cloud.clone(), Address::new("x", "y"), Tags::default(), String::new(), false);
        cx.shared::<Shelf>()
    }
}
