//! Asks a run to stop.

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopMode {
    /// It does.
    #[default]
    Go,
    /// Nothing new is started; calls under way are finished and recorded.
    Soft,
    /// Calls under way are abandoned; what is known is recorded.
    Hard,
}
