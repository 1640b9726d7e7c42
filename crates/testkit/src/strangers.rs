//! Another team in the same account: what was this stack's is theirs now.

use crate::Platform;
use aws_config::SdkConfig;
use resource::{Address, Cx, Observation, Reconciler, Tags, tags_of};
use serde_json::Value;
use state::{Entry, Phase};
use std::collections::{BTreeMap, BTreeSet};

/// The tags of a team that uses neither this tool nor this project's names.
fn theirs() -> Tags {
    [("Project", "billing"), ("Environment", "prod"), ("ManagedBy", "Terraform"), ("Owner", "team-b")]
        .into_iter()
        .collect()
}

impl Platform {
    /// Replaces the tags of everything that has any by another team's, the way a thing of the same name or id would
    /// bear them that the other team made. Returns these addresses.
    ///
    /// # Panics
    /// When a kind cannot be observed or tagged.
    pub async fn hand_over(&self, sdk: &SdkConfig) -> BTreeSet<Address> {
        let (state, _) = self.state(sdk).await.expect("it was brought up");
        let mut handed_over = BTreeSet::new();
        for (address, entry) in state.resources.iter().filter(|(_, entry)| entry.phase == Phase::Ready) {
            let cx = Cx::new(self.cloud(sdk), address.clone(), self.identity().clone(), String::new(), false);
            let reconciler = self.registry().get(&entry.kind).expect("the state is of this version");
            if tags_of(&entry.spec).is_some() {
                give_tags(reconciler, entry, &cx).await;
                handed_over.insert(address.clone());
            }
        }
        handed_over
    }

    /// What is at these addresses now.
    ///
    /// # Panics
    /// When it cannot be observed.
    pub async fn look_at(
        &self,
        addresses: impl Iterator<Item = &Address>,
        sdk: &SdkConfig,
    ) -> BTreeMap<Address, Value> {
        let (state, _) = self.state(sdk).await.expect("it was brought up");
        let mut seen = BTreeMap::new();
        for address in addresses {
            seen.insert(address.clone(), self.seen(address, &state.resources[address], sdk).await);
        }
        seen
    }

    async fn seen(&self, address: &Address, entry: &Entry, sdk: &SdkConfig) -> Value {
        let cx = Cx::new(self.cloud(sdk), address.clone(), self.identity().clone(), String::new(), false);
        let reconciler = self.registry().get(&entry.kind).expect("the state is of this version");
        live(reconciler, entry, &cx).await
    }
}

async fn live(reconciler: &dyn Reconciler, entry: &Entry, cx: &Cx) -> Value {
    let id = entry.id.as_deref().expect("it is there");
    match reconciler.observe(&entry.spec, id, cx).await {
        Ok(Observation::Ready { live, .. }) => live,
        other => panic!("{}: {other:?}", cx.address()),
    }
}

async fn give_tags(reconciler: &dyn Reconciler, entry: &Entry, cx: &Cx) {
    let live = live(reconciler, entry, cx).await;
    let mut handed_over = live.clone();
    handed_over["tags"] = serde_json::to_value(theirs()).expect("tags are text");
    let diff = reconciler.compare(&handed_over, Some(&live), &live);
    let id = entry.id.as_deref().expect("it is there");
    let given = reconciler.update(&handed_over, id, &live, &diff, cx).await;
    given.unwrap_or_else(|failure| panic!("{}: {failure}", cx.address()));
}
