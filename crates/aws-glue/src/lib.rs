//! Reconcilers for AWS Glue: the data catalogue's databases, crawlers, jobs, and the workflows and
//! triggers that run them.

mod batch;
mod charges;
mod crawler;
mod database;
mod errors;
mod firing;
mod job;
mod lake_formation;
mod log_groups;
mod role;
mod security_configuration;
mod tagging;
mod trigger;
mod workflow;

pub use crawler::{Crawler, CrawlerOutputs, DeleteBehavior, RecrawlBehavior, S3Target, Schedule, UpdateBehavior};
pub use database::{Database, DatabaseOutputs};
pub use firing::{Action, CrawlState, Firing, JobState, Logical, TriggerCondition};
pub use job::{ExecutionClass, Job, JobOutputs};
pub use log_groups::JobLogs;
pub use security_configuration::{
    BookmarkEncryption, LogEncryption, S3Encryption, SecurityConfiguration, SecurityConfigurationOutputs,
};
pub use trigger::{Trigger, TriggerOutputs};
pub use workflow::{Workflow, WorkflowOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry
        .with::<Crawler>()
        .with::<Database>()
        .with::<Job>()
        .with::<SecurityConfiguration>()
        .with::<Trigger>()
        .with::<Workflow>()
}
