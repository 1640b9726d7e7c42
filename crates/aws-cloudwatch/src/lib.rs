//! Reconcilers for CloudWatch: alarms and dashboards.

mod alarms;
mod composite_alarm;
mod dashboard;
mod metric_alarm;

pub use composite_alarm::CompositeAlarm;
pub use dashboard::{Dashboard, DashboardOutputs};
pub use metric_alarm::{Comparison, MetricAlarm, MissingData};

use resource::KindRegistry;
use serde::{Deserialize, Serialize};

/// The outputs of an alarm of either kind that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlarmOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<CompositeAlarm>().with::<Dashboard>().with::<MetricAlarm>()
}
