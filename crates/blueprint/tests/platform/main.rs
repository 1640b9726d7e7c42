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
use std::{
    fs,
    path::{Path, PathBuf},
};

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
    declared_in(&repository(), name, edit)
}

/// The same, of a project that is a copy of this repository's files.
pub(crate) fn declared_in(root: &Path, name: &str, edit: impl FnOnce(&mut config::Environment)) -> Vec<Declaration> {
    let repository = repository();
    let mut environment = config::load(&repository.join(format!("environments/{name}.toml")), &repository).unwrap();
    edit(&mut environment);
    let place = Place::new(ACCOUNT, environment.region.clone());
    let placement = blueprint::Placement::in_zones(["a", "b", "c"].map(|zone| format!("{}{zone}", environment.region)));
    let inputs = blueprint::Inputs {
        environment: &environment,
        name,
        place: &place,
        placement: &placement,
        root,
        is_state_at_root: false,
    };
    blueprint::stack(&inputs).unwrap().declarations(&blueprint::registry(), &place).unwrap()
}

/// A project ends at its root, so its files must be in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
