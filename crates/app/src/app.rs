//! The entry to this library.

use crate::{Frontend, Settings};
use std::sync::Arc;

/// Opens environments.
#[derive(Clone)]
pub struct App {
    /// The place of the environment files, and the options for all operations on them.
    pub settings: Settings,
    /// The program around this library.
    pub frontend: Arc<dyn Frontend>,
}

impl App {
    /// The environments of these settings, for this frontend.
    pub fn new(settings: Settings, frontend: Arc<dyn Frontend>) -> Self {
        Self { settings, frontend }
    }
}
