//! Budgets with their notifications. They belong to the account, whatever the region of a call.

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::documents::Refusal;
use super::wire::Wire;
use crate::service::{Scope, Service};
use crate::{Call, Response};

/// The region under which the account's budgets are kept.
const HOME: &str = "us-east-1";

/// A budget as it was given.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Budget {
    definition: Map<String, Value>,
    tags: Vec<Value>,
    /// Notifications with their subscribers.
    notifications: Vec<(Value, Value)>,
}

#[derive(Default)]
pub(crate) struct Budgets(Mutex<BTreeMap<String, Budget>>);

impl Budgets {
    fn budgets(&self) -> MutexGuard<'_, BTreeMap<String, Budget>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let mut budgets = self.budgets();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if operation == "CreateBudget" {
            let name = text(&body["Budget"]["BudgetName"]);
            if budgets.contains_key(&name) {
                return Err(Refusal { code: "DuplicateRecordException", message: format!("the budget {name} exists") });
            }
            let tags = body["ResourceTags"].as_array().cloned().unwrap_or_default();
            budgets.insert(name, Budget { definition: object(&body["Budget"]), tags, notifications: Vec::new() });
            return Ok(json!({}));
        }
        let arn = text(&body["ResourceARN"]);
        let name = [text(&body["BudgetName"]), text(&body["NewBudget"]["BudgetName"])].concat();
        let name = arn.rsplit_once('/').map_or(name, |(_, name)| name.to_owned());
        let Some(budget) = budgets.get_mut(&name) else {
            return Err(Refusal { code: "NotFoundException", message: format!("there is no budget {name}") });
        };
        match operation {
            "DescribeBudget" => return Ok(json!({ "Budget": budget.definition })),
            "UpdateBudget" => budget.definition = object(&body["NewBudget"]),
            "DeleteBudget" => {
                budgets.remove(&name);
            }
            "ListTagsForResource" => return Ok(json!({ "ResourceTags": budget.tags })),
            "TagResource" => {
                let added = body["ResourceTags"].as_array().cloned().unwrap_or_default();
                budget.tags.retain(|tag| !added.iter().any(|new| new["Key"] == tag["Key"]));
                budget.tags.extend(added);
            }
            "UntagResource" => {
                let removed = body["ResourceTagKeys"].as_array().cloned().unwrap_or_default();
                budget.tags.retain(|tag| !removed.contains(&tag["Key"]));
            }
            _ => return budget.notify(operation, body),
        }
        Ok(json!({}))
    }
}

impl Budget {
    fn notify(&mut self, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let at = self.notifications.iter().position(|(notification, _)| *notification == body["Notification"]);
        match (operation, at) {
            ("DescribeNotificationsForBudget", _) => {
                let all: Vec<&Value> = self.notifications.iter().map(|(notification, _)| notification).collect();
                Ok(json!({ "Notifications": all }))
            }
            ("DescribeSubscribersForNotification", Some(at)) => Ok(json!({ "Subscribers": self.notifications[at].1 })),
            ("CreateNotification", None) => {
                self.notifications.push((body["Notification"].clone(), body["Subscribers"].clone()));
                Ok(json!({}))
            }
            ("CreateNotification", Some(_)) => {
                Err(Refusal { code: "DuplicateRecordException", message: "the notification exists".to_owned() })
            }
            ("DeleteNotification", Some(at)) => {
                self.notifications.remove(at);
                Ok(json!({}))
            }
            _ => Err(Refusal { code: "NotFoundException", message: format!("{operation}: there is none") }),
        }
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl Service for Budgets {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        let wire = Wire::new(&call);
        let answer = match wire.read(&call.request.body) {
            Ok(body) => match self.own(&call.operation, &body) {
                Ok(answer) => wire.answer(&answer),
                Err(Refusal { code, message }) => wire.refusal(code, &message),
            },
            Err(reason) => wire.refusal("SerializationException", &reason),
        };
        Box::pin(std::future::ready(answer))
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        match scope.region {
            HOME => serde_json::to_value(&*self.budgets()).map_err(|error| error.to_string()),
            _ => Ok(Value::Null),
        }
    }

    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String> {
        if scope.region == HOME && !state.is_null() {
            *self.budgets() = serde_json::from_value(state).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
