//! Compares a resolved spec with the planned spec, in which placeholders match any value.

use serde_json::Value;
use vocabulary::has_unknown;

/// True if an actual declaration is the planned one, with placeholders filled in.
pub(super) fn fits(planned: &Value, actual: &Value) -> bool {
    match (planned, actual) {
        _ if planned == actual => true,
        (Value::Object(planned), Value::Object(actual)) => {
            let keys_fit = planned.keys().all(|key| key.contains(vocabulary::UNKNOWN_OPEN) || actual.contains_key(key));
            keys_fit && actual.iter().all(|(key, actual)| planned.get(key).is_none_or(|planned| fits(planned, actual)))
        }
        (Value::Array(planned_items), Value::Array(actual_items)) if planned_items.len() == actual_items.len() => {
            has_unknown(planned)
                || planned_items.iter().zip(actual_items).all(|(planned, actual)| fits(planned, actual))
        }
        _ => has_unknown(planned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_plan_knew_must_hold_and_what_it_did_not_may_be_anything() {
        let planned =
            json!({"cidr": "10.0.0.0/24", "vpc": "⟦network.vpc.id⟧", "arn": "a:⟦x.y⟧:b", "list": ["⟦q⟧", "k"]});
        assert!(fits(&planned, &json!({"cidr": "10.0.0.0/24", "vpc": "vpc-1", "arn": "a:b:b", "list": ["k", "z"]})));
        assert!(!fits(&planned, &json!({"cidr": "10.0.1.0/24", "vpc": "vpc-1", "arn": "a:b:b", "list": ["k", "z"]})));
    }
}
