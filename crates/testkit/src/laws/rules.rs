//! EventBridge spreads changes of rules in time: a new rule takes no targets at once, and one whose targets were removed
//! a moment ago cannot be deleted yet.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>
//! <https://github.com/hashicorp/terraform-provider-aws/blob/0cdab4ae09a963535e03dde0bff4784afe8e3517/internal/service/events/rule.go>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Rules by name.
#[derive(Clone, Default)]
pub(super) struct Rules {
    /// From when on they take targets.
    known_from: BTreeMap<String, Instant>,
    /// From when on the targets that were removed do not count.
    empty_from: BTreeMap<String, Instant>,
}

#[async_trait]
impl Law for Rules {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "events" {
            return None;
        }
        let waits = |from: &BTreeMap<String, Instant>, rule: &str| from.get(rule).is_some_and(|from| *from > world.now);
        let refuse = |code: &str, message: String| Some(Refusal::new(code, message).to(&asked.call));
        match asked.operation.as_str() {
            "PutTargets" if waits(&self.known_from, asked.text("Rule")) => {
                let message = format!("Rule {} does not exist on EventBus default.", asked.text("Rule"));
                refuse("ResourceNotFoundException", message)
            }
            "DeleteRule" if waits(&self.empty_from, asked.text("Name")) => {
                refuse("ValidationException", "Rule can't be deleted since it has targets.".to_owned())
            }
            _ => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "events" || response.status >= 300 {
            return;
        }
        let (rule, name) = (asked.text("Rule"), asked.text("Name"));
        // Half of the changes are known at once.
        let lag = |what: String| match world.chance.once_in(2, &what) {
            true => world.after(1..=10, &what),
            false => world.now,
        };
        match asked.operation.as_str() {
            "PutRule" => {
                self.known_from.entry(name.to_owned()).or_insert(lag(format!("{name} takes targets")));
            }
            "RemoveTargets" => {
                self.empty_from.insert(rule.to_owned(), lag(format!("{rule} is empty")));
            }
            "DeleteRule" => {
                self.known_from.remove(name);
                self.empty_from.remove(name);
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
