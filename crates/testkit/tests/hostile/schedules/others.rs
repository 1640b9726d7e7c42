//! Changes by other teams in the same account to a platform, before a run and during one.

use super::chance::Chance;
use resource::Address;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};
use testkit::{Aws, Platform, Theirs};

/// The time that AWS may show tags as they were.
const SHOWN_EVERYWHERE: Duration = Duration::from_secs(600);

/// Chooses about one address in so many.
pub(super) fn about_one_in(count: u64, chance: &mut Chance) -> impl Fn(&Address) -> bool + use<> {
    let salt = chance.number();
    move |address| {
        let mut hasher = DefaultHasher::new();
        (salt, address.as_str()).hash(&mut hasher);
        hasher.finish().is_multiple_of(count)
    }
}

/// A domain that is deleted without its home directories leaves them, and a key is never gone at once.
pub(super) fn may_be_deleted(address: &Address) -> bool {
    address.as_str() != "studio.domain" && address.area() != "encryption"
}

/// Resources that another team has taken over.
pub(super) struct TakenOver {
    before: Theirs,
    theirs: Theirs,
}

/// Another team takes over some resources, if the platform has a state.
pub(super) fn take_over(platform: &Platform, aws: &mut Aws, chance: &mut Chance) -> Option<TakenOver> {
    aws.run(async |sdk| platform.state(&sdk).await)?;
    aws.wait(SHOWN_EVERYWHERE);
    let before = aws.run(async |sdk| platform.hand_over(about_one_in(8, chance), &sdk).await);
    aws.wait(SHOWN_EVERYWHERE);
    let theirs = aws.run(async |sdk| platform.observe(before.keys(), &sdk).await);
    Some(TakenOver { before, theirs })
}

impl TakenOver {
    pub(super) fn has(&self, address: &Address) -> bool {
        self.theirs.contains_key(address)
    }

    /// Asserts that no run changed the resources of the other team, and gives them back.
    pub(super) fn hand_back(&self, seed: u64, platform: &Platform, aws: &mut Aws) {
        let after = aws.run(async |sdk| platform.observe(self.theirs.keys(), &sdk).await);
        assert!(after == self.theirs, "seed {seed}: the other team has {after:#?} instead of {:#?}", self.theirs);
        aws.run(async |sdk| platform.hand_back(&self.before, &sdk).await);
        aws.wait(SHOWN_EVERYWHERE);
    }
}
