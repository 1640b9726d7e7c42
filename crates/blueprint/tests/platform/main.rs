//! The blueprint's declarations for the environment files, judged without any cloud.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod costs;
mod data;
mod drift_job;
mod existing;
mod existing_network;
mod grants;
mod ignored;
mod kinds;
mod machines;
mod names;
mod pipeline;
mod placement;
mod policies;
mod reference;
mod scan;
mod secrets;
mod storage;

use blueprint::{Inputs, Placement};
use config::Environment;
use resource::Declaration;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vocabulary::Place;

pub(crate) const ACCOUNT: &str = "123456789012";

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An environment with an account and zones for its stack.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) place: Place,
    pub(crate) placement: Placement,
    pub(crate) program: Option<PathBuf>,
}

impl Project {
    /// In three zones of the region that the environment names.
    pub(crate) fn of(root: &Path, environment: Environment) -> Self {
        let place = Place::new(ACCOUNT, environment.region.clone());
        let placement = Placement::in_zones(["a", "b", "c"].map(|zone| format!("{}{zone}", environment.region)));
        Self { root: root.to_owned(), environment, place, placement, program: None }
    }

    /// An environment file of this repository, after an edit.
    pub(crate) fn edited(name: &str, edit: impl FnOnce(&mut Environment)) -> Self {
        let root = repository();
        let mut environment = config::load(&root.join(format!("environments/{name}.toml")), &root).unwrap();
        edit(&mut environment);
        Self::of(&root, environment)
    }

    /// With the network in these zones.
    pub(crate) fn placed(self, placement: Placement) -> Self {
        Self { placement, ..self }
    }

    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            environment: &self.environment,
            name: &self.environment.environment,
            place: &self.place,
            placement: &self.placement,
            root: &self.root,
            is_state_at_root: false,
            program: self.program.as_deref(),
        }
    }

    pub(crate) fn declared(&self) -> Vec<Declaration> {
        blueprint::stack(&self.inputs()).unwrap().declarations(&blueprint::registry(), &self.place).unwrap()
    }
}

/// Everything that an environment file declares.
pub(crate) fn declared(name: &str) -> Vec<Declaration> {
    declared_after(name, |_| ())
}

/// The same, after an edit of the file.
pub(crate) fn declared_after(name: &str, edit: impl FnOnce(&mut Environment)) -> Vec<Declaration> {
    Project::edited(name, edit).declared()
}

/// The same, of a project that is a copy of this repository's files.
pub(crate) fn declared_in(root: &Path, name: &str, edit: impl FnOnce(&mut Environment)) -> Vec<Declaration> {
    Project { root: root.to_owned(), ..Project::edited(name, edit) }.declared()
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
