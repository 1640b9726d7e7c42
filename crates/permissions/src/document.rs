//! Policy documents, and how AWS counts them.

use crate::{
    Scope,
    statement::{self, Statement},
};
use resource::Tags;
use serde_json::{Value, json};
use vocabulary::{Need, Permission};

/// The characters of a managed policy, white space aside.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const LARGEST: usize = 6144;

/// A policy that allows what is needed and nothing else.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
    identity: Tags,
}

impl Policy {
    /// The policy for what is needed on the names of a stack. `identity` are the tags by which its things are known.
    pub(crate) fn new(needed: &[Permission], scope: &Scope, identity: &Tags) -> Self {
        Self { statements: statement::all(needed, scope), identity: identity.clone() }
    }

    /// The policy that allows reads only.
    pub(crate) fn read_only(needed: &[Permission], scope: &Scope, identity: &Tags) -> Self {
        let reads: Vec<Permission> = needed.iter().filter(|one| one.need == Need::Read).cloned().collect();
        Self::new(&reads, scope, identity)
    }

    /// The document.
    pub fn document(&self) -> Value {
        document(&self.statements, &self.identity)
    }

    /// The same in as few documents as hold it, each no larger than AWS takes for a managed policy.
    pub fn split(&self) -> Vec<Value> {
        let mut documents: Vec<Vec<Statement>> = Vec::new();
        for statement in self.statements.iter().flat_map(|one| self.cut(one)) {
            let fits = |document: &&mut Vec<Statement>| {
                let with: Vec<Statement> = document.iter().chain([&statement]).cloned().collect();
                size(&self::document(&with, &self.identity)) <= LARGEST
            };
            match documents.iter_mut().find(fits) {
                Some(document) => document.push(statement),
                None => documents.push(vec![statement]),
            }
        }
        documents.iter().map(|statements| document(statements, &self.identity)).collect()
    }

    /// A statement in parts that fit, each with some of its actions.
    fn cut(&self, statement: &Statement) -> Vec<Statement> {
        let count = statement.actions.len();
        if count < 2 || size(&document(std::slice::from_ref(statement), &self.identity)) <= LARGEST {
            return vec![statement.clone()];
        }
        let mut actions = statement.actions.iter().cloned();
        let first = actions.by_ref().take(count / 2).collect();
        let parts = [(first, "A"), (actions.collect(), "B")];
        let part = |(actions, end)| Statement { actions, sid: format!("{}{end}", statement.sid), ..statement.clone() };
        parts.map(part).iter().flat_map(|part| self.cut(part)).collect()
    }
}

fn document(statements: &[Statement], identity: &Tags) -> Value {
    let statements: Vec<Value> = statements.iter().map(|statement| statement.json(identity)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The characters that AWS counts.
pub fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|char| !char.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn large() -> Policy {
        let actions: Vec<String> = (0..600).map(|at| format!("glue:Action{at:03}")).collect();
        let many = Permission::change(actions.iter().map(String::as_str)).on(["arn:aws:glue:eu-west-1:1:job/ml-dev-a"]);
        let few = Permission::read(["iam:ListRoles"]).on_anything();
        Policy::new(&[many, few], &Scope::new("ml-dev", "1"), &Tags::default())
    }

    fn actions(document: &Value) -> Vec<String> {
        let statements = document["Statement"].as_array().into_iter().flatten();
        let listed = statements.flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            one => vec![one.clone()],
        });
        listed.filter_map(|action| action.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn a_policy_that_is_too_large_is_split_into_parts_that_fit_and_loses_nothing() {
        let policy = large();
        assert!(size(&policy.document()) > LARGEST);
        let parts = policy.split();
        assert!(parts.len() > 1 && parts.iter().all(|part| size(part) <= LARGEST));
        let mut together: Vec<String> = parts.iter().flat_map(actions).collect();
        let mut whole = actions(&policy.document());
        together.sort();
        whole.sort();
        assert_eq!(together, whole);
        let statements = parts.iter().flat_map(|part| part["Statement"].as_array().unwrap());
        let sids: Vec<String> = statements.map(|statement| statement["Sid"].to_string()).collect();
        assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), sids.len(), "each by another name: {sids:?}");
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(size(&json!({"Version": "a b c"})), r#"{"Version":"abc"}"#.len());
    }
}
