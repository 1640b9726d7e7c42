//! Usage that depends on other resources of a stack.

/// The name by which the usage of one resource refers to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A bucket.
    Bucket(String),
    /// An endpoint.
    Endpoint(String),
    /// A Lambda function.
    Function(String),
    /// A Glue job.
    Job(String),
    /// A log group.
    LogGroup(String),
}

/// Usage that depends on another resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It pays for the logs that it writes to this log group.
    PaysForLogs(Name),
    /// It copies everything to this bucket.
    CopiesTo(Name),
    /// It has the instances of its [`Deployment`].
    IsDeployed,
    /// It deploys an endpoint.
    Deploys(Deployment),
}

/// The instances with which an endpoint is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The endpoint.
    pub endpoint: Name,
    /// The instances of each variant; `None` for a variant without any, such as a serverless one.
    pub variants: Vec<Option<Instances>>,
    /// The least and the most instances, with autoscaling.
    pub autoscaling: Option<(u64, u64)>,
}

/// Instances of SageMaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instances {
    /// `ml.m5.large`.
    pub instance_type: String,
    /// The number of uses.
    pub count: u64,
}
