//! The identity of a state and its lineage.

use resource::{Tags, sha256_hex};
use vocabulary::Place;

/// The owner of a state and the bucket that it is kept in: the parts that tell one state from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateIdentity {
    /// The project, with which the names of all resources begin.
    pub project: String,
    /// The environment of the project.
    pub environment: String,
    /// The AWS account of the resources, twelve digits.
    pub account: String,
    /// The region of the resources.
    pub region: String,
    /// The bucket of the state.
    pub bucket: String,
}

impl StateIdentity {
    /// The identity of a stack's state. `tags` are those by which ownership of its resources is judged, of which
    /// `Project` and `Environment` count; `bucket` is where the state is kept.
    pub fn new(tags: &Tags, place: &Place, bucket: &str) -> Self {
        let tag = |key: &str| tags.get(key).unwrap_or_default().to_owned();
        Self::for_environment(&tag("Project"), &tag("Environment"), place, bucket)
    }

    /// The identity of the state of an environment. `bucket` is the bucket of the state.
    pub fn for_environment(project: &str, environment: &str, place: &Place, bucket: &str) -> Self {
        Self {
            project: project.to_owned(),
            environment: environment.to_owned(),
            account: place.account.clone(),
            region: place.region.clone(),
            bucket: bucket.to_owned(),
        }
    }

    /// The lineage of a state that begins here. It is computed, not drawn, so that a state that was lost and begun
    /// anew in the same bucket still owns the resources that have its lineage as a tag.
    ///
    /// The key is not part of it: it follows from project and environment, but for the states that mlopsctl 0.1 kept
    /// at the root of a bucket.
    pub fn lineage(&self) -> String {
        let Self { project, environment, account, region, bucket } = self;
        // None of these can hold a line break.
        let text = ["mlopsctl state", account, region, project, environment, bucket].join("\n");
        let digest = sha256_hex(text.as_bytes());
        [&digest[..8], &digest[8..12], &digest[12..16], &digest[16..20], &digest[20..32]].join("-")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An identity, for tests of the whole crate.
    pub(crate) fn identity() -> StateIdentity {
        let tags = [("Project", "shop"), ("Environment", "dev")].into_iter().collect();
        let place = Place::new("123456789012", "eu-west-1");
        StateIdentity::new(&tags, &place, "shop-dev-mlopsctl-state-123456789012")
    }

    #[test]
    fn lineage_is_the_same_in_the_same_place_and_another_in_every_other() {
        assert_eq!(identity().lineage(), identity().lineage());
        // Resources have it as a tag: a version that computes another would not know its own resources.
        assert_eq!(identity().lineage(), "3ac72348-a358-15c8-df7c-b92d9eb09939");
        let others = [
            StateIdentity { project: "shop-dev".into(), environment: String::new(), ..identity() },
            StateIdentity { environment: "prod".into(), ..identity() },
            StateIdentity { account: "210987654321".into(), ..identity() },
            StateIdentity { region: "eu-west-2".into(), ..identity() },
            StateIdentity { bucket: "company-states".into(), ..identity() },
        ];
        for other in others {
            assert_ne!(other.lineage(), identity().lineage(), "{other:?}");
        }
    }
}
