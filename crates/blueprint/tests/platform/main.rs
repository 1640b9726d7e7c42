//! What the blueprint makes of the environment files, judged without any cloud.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod data;
mod drift_job;
mod existing;
mod existing_network;
mod grants;
mod ignored;
mod names;
mod pipeline;
mod placement;
mod policies;
mod scan;
mod secrets;

use resource::{Declaration, Place};
use std::path::PathBuf;

pub(crate) const ACCOUNT: &str = "123456789012";

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything that an environment file declares.
pub(crate) fn declared(name: &str) -> Vec<Declaration> {
    declared_after(name, |_| ())
}

/// The same, after an edit of the file.
pub(crate) fn declared_after(name: &str, edit: impl FnOnce(&mut config::Environment)) -> Vec<Declaration> {
    let root = repository();
    let mut environment = config::load(&root.join(format!("environments/{name}.toml")), &root).unwrap();
    edit(&mut environment);
    let place = Place::new(ACCOUNT, environment.region.clone());
    let placement = blueprint::Placement::in_zones(["a", "b", "c"].map(|zone| format!("{}{zone}", environment.region)));
    let inputs =
        blueprint::Inputs { environment: &environment, name, place: &place, placement: &placement, root: &root };
    blueprint::stack(&inputs).unwrap().declarations(&blueprint::registry(), &place).unwrap()
}
