//! A composite alarm's rule does not find a new alarm at once.
//! <https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// From when on rules can name alarms, by name.
#[derive(Clone, Default)]
pub(super) struct Alarms(BTreeMap<String, Instant>);

#[async_trait]
impl Law for Alarms {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if !asked.is("monitoring", "PutCompositeAlarm") {
            return None;
        }
        let rule = asked.text("AlarmRule");
        let new = self.0.iter().filter(|(name, from)| **from > world.now && rule.contains(name.as_str()));
        let new: Vec<&str> = new.map(|(name, _)| name.as_str()).collect();
        let names = new.join(", ");
        let words = format!("Could not save the composite alarm as alarms [{names}] in the alarm rule do not exist");
        (!new.is_empty()).then(|| Refusal::new("ValidationError", words).to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.is("monitoring", "PutMetricAlarm") && response.status < 300 {
            let name = asked.text("AlarmName");
            let from = world.after(1..=15, &format!("{name} can be named"));
            self.0.entry(name.to_owned()).or_insert(from);
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
