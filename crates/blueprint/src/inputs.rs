//! The inputs of a stack.

use crate::Placement;
use config::Environment;
use std::path::Path;
use vocabulary::Place;

/// The inputs of a stack.
pub struct Inputs<'a> {
    /// The environment file.
    pub environment: &'a Environment,
    /// Its name.
    pub name: &'a str,
    /// Account, region, partition.
    pub place: &'a Place,
    /// The zones and endpoints of the network.
    pub placement: &'a Placement,
    /// The folder that the paths of the environment file start from.
    pub root: &'a Path,
    /// True if the state is at the root of the state bucket that the file names, where mlopsctl 0.1 kept it.
    pub is_state_at_root: bool,
    /// The program of a drift job whose file names none; `None` for the running one.
    pub program: Option<&'a Path>,
}
