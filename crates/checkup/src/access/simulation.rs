//! A policy as questions to IAM: would this be allowed?

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType, ResourceSpecificResult,
};
use serde_json::Value;
use vocabulary::has_unknown;

/// More actions than this are asked about in several calls.
const AT_ONCE: usize = 50;

/// Some actions, on some resources, in some circumstances.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    pub(crate) actions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) context: Vec<ContextEntry>,
}

impl Question {
    /// The same, with any text in place of unknown values.
    pub(crate) fn without_unknowns(mut self) -> Self {
        self.resources.retain(|resource| !has_unknown(&Value::from(resource.as_str())));
        if self.resources.is_empty() {
            self.resources.push("*".to_owned());
        }
        self
    }
}

/// The questions about the actions that a policy document allows.
pub(crate) fn questions(policy: &Value) -> Vec<Question> {
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let questions = statements.flat_map(|statement| {
        let (resources, context) = (texts(&statement["Resource"]), context(&statement["Condition"]));
        let actions = texts(&statement["Action"]);
        let parts: Vec<Question> = actions
            .chunks(AT_ONCE)
            .map(|actions| Question {
                actions: actions.to_vec(),
                resources: resources.clone(),
                context: context.clone(),
            })
            .collect();
        parts
    });
    questions.collect()
}

/// The circumstances in which a condition holds. Of what must be absent nothing is said.
fn context(condition: &Value) -> Vec<ContextEntry> {
    let operators = condition.as_object().into_iter().flatten();
    let said = operators.filter(|(operator, _)| *operator != "Null");
    let entries = said.flat_map(|(operator, keys)| {
        let kind = match operator.as_str() {
            operator if operator.starts_with("For") => ContextKeyTypeEnum::StringList,
            operator if operator.starts_with("Bool") => ContextKeyTypeEnum::Boolean,
            _ => ContextKeyTypeEnum::String,
        };
        keys.as_object().into_iter().flatten().map(move |(key, values)| {
            let values = texts(values);
            // Of alternatives one suffices.
            let values =
                if kind == ContextKeyTypeEnum::StringList { values } else { values[..values.len().min(1)].to_vec() };
            ContextEntry::builder()
                .context_key_name(key)
                .context_key_type(kind.clone())
                .set_context_key_values(Some(values))
                .build()
        })
    });
    entries.collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// True if the action is allowed on any of the resources. A statement holds actions on several types of resources, and
/// none is allowed on those of another type.
pub(crate) fn is_allowed(result: &EvaluationResult) -> bool {
    let specific = result.resource_specific_results().iter().map(ResourceSpecificResult::eval_resource_decision);
    specific.chain([result.eval_decision()]).any(|decision| *decision == PolicyEvaluationDecisionType::Allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_statement_is_asked_about_where_its_conditions_hold() {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"},
            {"Effect": "Allow", "Action": ["ec2:CreateVpc", "ec2:CreateSubnet"], "Resource": ["arn:a", "arn:b"],
             "Condition": {"StringEquals": {"aws:RequestTag/Project": ["ml", "other"]},
                           "Null": {"aws:ResourceTag/Project": "true"}}},
        ]});
        let questions = questions(&policy);
        assert_eq!(questions.len(), 2);
        assert_eq!((questions[0].actions.len(), questions[0].context.len()), (1, 0));
        assert_eq!(questions[1].resources, ["arn:a", "arn:b"]);
        let [entry] = questions[1].context.as_slice() else { panic!("{:?}", questions[1].context) };
        assert_eq!(entry.context_key_name(), Some("aws:RequestTag/Project"));
        assert_eq!(entry.context_key_values(), ["ml"]);
    }

    #[test]
    fn many_actions_are_asked_about_in_several_calls() {
        let actions: Vec<String> = (0..120).map(|number| format!("glue:Action{number}")).collect();
        let asked = questions(&json!({"Statement": [{"Action": actions, "Resource": "*"}]}));
        assert_eq!(asked.iter().map(|question| question.actions.len()).collect::<Vec<_>>(), [50, 50, 20]);
    }
}
