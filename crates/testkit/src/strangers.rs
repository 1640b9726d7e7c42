//! Other teams in the same account: they take over what this stack made, and delete it.

use crate::Platform;
use aws_config::SdkConfig;
use resource::{Address, Context, Observation, Reconciler, Tags, tags_of};
use serde_json::Value;
use state::{Entry, Phase, State};
use std::collections::BTreeMap;

/// Resources as another team has them, by address.
pub type Theirs = BTreeMap<Address, Value>;

/// The tags of a team that uses neither this tool nor this project's names.
fn theirs() -> Tags {
    [("Project", "billing"), ("Environment", "prod"), ("ManagedBy", "Terraform"), ("Owner", "team-b")]
        .into_iter()
        .collect()
}

impl Platform {
    /// Replaces the tags of the chosen resources that have any by another team's, the way a resource of the same name
    /// or id would have them that the other team made. Returns these resources as they were before.
    ///
    /// # Panics
    /// When a kind cannot be observed or tagged.
    pub async fn hand_over(&self, chosen: impl Fn(&Address) -> bool, sdk: &SdkConfig) -> Theirs {
        let mut before = Theirs::new();
        let theirs = serde_json::to_value(theirs()).expect("tags are text");
        for (address, entry) in ready(&self.recorded(sdk).await) {
            if tags_of(&entry.spec).is_some()
                && chosen(address)
                && let Some(was) = self.set_tags(address, entry, &theirs, sdk).await
            {
                before.insert(address.clone(), was);
            }
        }
        before
    }

    /// Gives resources the tags back that they had before they were handed over.
    ///
    /// # Panics
    /// When a kind cannot be observed or tagged.
    pub async fn hand_back(&self, before: &Theirs, sdk: &SdkConfig) {
        let state = self.recorded(sdk).await;
        for (address, was) in before {
            let set = self.set_tags(address, &state.resources[address], &was["tags"], sdk).await;
            assert!(set.is_some(), "{address} is gone");
        }
    }

    /// The present form of these resources.
    ///
    /// # Panics
    /// When it cannot be observed.
    pub async fn observe(&self, addresses: impl Iterator<Item = &Address>, sdk: &SdkConfig) -> Theirs {
        let state = self.recorded(sdk).await;
        let mut observed = Theirs::new();
        for address in addresses {
            let (reconciler, cx) = self.hands(address, &state.resources[address], sdk);
            let live = live(reconciler, &state.resources[address], &cx).await;
            observed.insert(address.clone(), live.unwrap_or_else(|| panic!("{address} is gone")));
        }
        observed
    }

    /// Deletes one of the chosen resources, as a person would in the console: AWS may refuse it. Returns its address.
    pub async fn delete_behind(&self, chosen: impl Fn(&Address) -> bool, sdk: &SdkConfig) -> Option<Address> {
        let (state, _) = self.try_state(sdk).await.ok()??;
        let (address, entry) = ready(&state).find(|(address, _)| chosen(address))?;
        let (reconciler, cx) = self.hands(address, entry, sdk);
        let _ = reconciler.delete(&entry.spec, entry.id.as_deref()?, &cx).await;
        Some(address.clone())
    }

    async fn recorded(&self, sdk: &SdkConfig) -> State {
        self.state(sdk).await.expect("it was brought up").0
    }

    fn hands(&self, address: &Address, entry: &Entry, sdk: &SdkConfig) -> (&dyn Reconciler, Context) {
        let cx = Context::new(self.cloud(sdk), address.clone(), self.identity().clone(), String::new(), false);
        (self.registry().get(&entry.kind).expect("the state is of this version"), cx)
    }

    /// Sets the tags, all of them, and returns the resource as it was before; `None` if it is not there.
    async fn set_tags(&self, address: &Address, entry: &Entry, tags: &Value, sdk: &SdkConfig) -> Option<Value> {
        let (reconciler, cx) = self.hands(address, entry, sdk);
        let was = live(reconciler, entry, &cx).await?;
        let mut tagged = was.clone();
        tagged["tags"] = tags.clone();
        let diff = reconciler.compare(&tagged, Some(&was), &was);
        let id = entry.id.as_deref().expect("it is there");
        let given = reconciler.update(&tagged, id, &was, &diff, &cx).await;
        given.unwrap_or_else(|failure| panic!("{address}: {failure}"));
        Some(was)
    }
}

fn ready(state: &State) -> impl Iterator<Item = (&Address, &Entry)> {
    state.resources.iter().filter(|(_, entry)| entry.phase == Phase::Ready)
}

async fn live(reconciler: &dyn Reconciler, entry: &Entry, cx: &Context) -> Option<Value> {
    let id = entry.id.as_deref().expect("it is there");
    match reconciler.observe(&entry.spec, id, cx).await {
        Ok(Observation::Ready { live, .. }) => Some(live),
        Ok(Observation::Absent) => None,
        other => panic!("{}: {other:?}", cx.address()),
    }
}
