//! Another version of mlopsctl at work on the same state.

use crate::{Platform, platform::STATE};
use aws_config::SdkConfig;
use state::{State, Store};

/// A version that is later than every version of this repository.
const LATER: &str = "7.8.9";

impl Platform {
    /// Writes the state as a later version of mlopsctl does in a run without changes. Returns false if there is no
    /// state, if the store fails, or if another write comes first.
    ///
    /// # Panics
    /// When the stored state is invalid.
    pub async fn overtake(&self, sdk: &SdkConfig) -> bool {
        let store = self.state_bucket(sdk).store();
        let Ok(Some(stored)) = store.get(STATE).await else { return false };
        let state = State::read(&stored.bytes, STATE, &self.state_identity()).expect("the state is valid");
        let later = State { serial: state.serial + 1, tool: LATER.to_owned(), changing: None, ..state };
        store.put(STATE, later.write().into(), Some(&stored.version)).await.is_ok()
    }
}
