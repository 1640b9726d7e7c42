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
        let Ok(Some((state, version))) = self.try_state(sdk).await else { return false };
        let later = State { serial: state.serial + 1, tool: LATER.to_owned(), changing: None, ..state };
        self.state_bucket(sdk).store().put(STATE, later.write().into(), Some(&version)).await.is_ok()
    }
}
