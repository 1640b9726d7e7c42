//! Asks a run to stop.

/// The mode of a run: it goes on, or it stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopMode {
    /// It goes on.
    #[default]
    Go,
    /// Nothing new is started; calls under way are finished and recorded.
    Soft,
    /// Calls under way are abandoned; the known results are recorded.
    Hard,
}
