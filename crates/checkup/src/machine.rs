//! The machines that a pipeline starts, as Service Quotas counts them.

/// Machines of one type that run at once, at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine {
    /// `ml.m5.large`.
    pub instance_type: String,
    /// The use that SageMaker counts the machines by.
    pub used_for: Use,
    /// The number of machines.
    pub count: u16,
}

/// The uses by which SageMaker counts machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Training jobs.
    Training,
    /// Training jobs on spare capacity.
    SpotTraining,
    /// Batch predictions.
    Transform,
    /// Endpoints.
    Endpoint,
}

impl Use {
    /// As Service Quotas names it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Training => "training job usage",
            Self::SpotTraining => "spot training job usage",
            Self::Transform => "transform job usage",
            Self::Endpoint => "endpoint usage",
        }
    }
}
