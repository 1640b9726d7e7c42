//! The monthly budget of the platform.

use crate::build_context::BuildContext;
use aws_budgets::Budget;
use aws_sns::Topic;
use resource::{Handle, Stack, Tags};

/// The budget, if the file sets one. It counts what carries the stack's tags.
pub(crate) fn build(stack: &mut Stack, context: &BuildContext, topic: Handle<Topic>) {
    let Some(budget) = context.environment.budget.clone() else { return };
    let name = context.prefix();
    let counted = context.environment.owner_tags().map(|(key, value)| (key.to_owned(), value.to_owned()));
    stack.add("operations", "budget", topic.ready(), move |topic| Budget {
        name: name.clone(),
        monthly_usd: budget.monthly_usd,
        counted: counted.iter().cloned().collect(),
        alerts: budget.alert_percent.iter().map(|percent| (percent.to_string(), topic.arn.clone())).collect(),
        tags: Tags::default(),
    });
}
