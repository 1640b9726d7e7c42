//! Statements: permissions under the same conditions together, one for each service.

use crate::Scope;
use resource::Tags;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{ANYTHING, Permission, PermissionCondition};

/// The ownership tags by which IAM identifies a stack's resources. `ManagedBy` is not among them: people may change it.
fn marks_of(identity: &Tags) -> impl Iterator<Item = (&str, &str)> {
    identity.iter().filter(|(key, _)| *key != "ManagedBy")
}

/// The Sid of the statement for actions without resources.
const EVERYWHERE: &str = "NoResourceLevel";

/// A statement that allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sid: String,
    pub(crate) actions: BTreeSet<String>,
    pub(crate) resources: BTreeSet<String>,
    pub(crate) conditions: Vec<PermissionCondition>,
    /// The account that must own what it is done to, where ARNs do not name it.
    pub(crate) owner: Option<String>,
}

/// The properties that the permissions of one statement share: a service, and conditions that differ in their values
/// only. Actions name the types of their resources, so a statement for several resources grants nothing more, with
/// three exceptions. A creation has a statement of its own, or it would be allowed inside foreign resources. Objects
/// with known keys have one of their own, or a reader of the state could read all data. Existing roles and buckets,
/// which are only read, are apart from the stack's own, or they could be changed like those.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    service: String,
    conditions: Vec<PermissionCondition>,
    /// The type of resource that a creation makes, as ARNs have it.
    made: String,
    /// The resource, if the action is one of S3.
    kind: Kind,
    /// True if it is outside of the stack.
    is_outside: bool,
}

/// The resource of an S3 action.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Nothing of S3.
    Other,
    /// A bucket that does not exist yet, so that it has no owner.
    NewBucket,
    /// Buckets.
    Bucket,
    /// All objects of buckets.
    Objects,
    /// Objects whose keys are known.
    NamedObjects,
}

impl Kind {
    fn new(action: &str, permission: &Permission) -> Self {
        let key = permission.resources.first().and_then(|arn| arn.split_once(":::")).map(|(_, name)| name);
        match key.map(|name| name.split_once('/')) {
            _ if !action.starts_with("s3:") => Self::Other,
            None => Self::Other,
            Some(None) if action == "s3:CreateBucket" => Self::NewBucket,
            Some(None) => Self::Bucket,
            Some(Some((_, "*"))) => Self::Objects,
            Some(Some(_)) => Self::NamedObjects,
        }
    }

    /// The word for this kind within a Sid.
    fn word(self) -> &'static str {
        match self {
            Self::Other | Self::Bucket => "",
            Self::NewBucket => "NewBucket",
            Self::Objects => "Objects",
            Self::NamedObjects => "NamedObjects",
        }
    }
}

impl Group {
    fn new(action: &str, permission: &Permission, conditions: &[PermissionCondition], is_outside: bool) -> Self {
        let anything = permission.resources.iter().any(|resource| resource == ANYTHING);
        let service = if anything { EVERYWHERE } else { action.split(':').next().unwrap_or_default() };
        let made = match (conditions, permission.resources.first()) {
            ([PermissionCondition::GivesTags], Some(arn)) if !anything => kind(arn),
            _ => "",
        };
        let kind = Kind::new(action, permission);
        Self { service: service.to_owned(), conditions: conditions.to_vec(), made: made.to_owned(), kind, is_outside }
    }
}

/// `vpc` in `arn:aws:ec2:eu-west-1:123456789012:vpc/*`.
fn kind(arn: &str) -> &str {
    arn.splitn(6, ':').last().and_then(|resource| resource.split(['/', ':']).next()).unwrap_or_default()
}

/// The conditions without their values, and those by themselves.
fn apart(conditions: &[PermissionCondition]) -> (Vec<PermissionCondition>, Vec<Vec<String>>) {
    let mut sorted = conditions.to_vec();
    sorted.sort();
    let bare = |condition: &PermissionCondition| match condition {
        PermissionCondition::Is(key, values) => (PermissionCondition::Is(key, Vec::new()), values.clone()),
        PermissionCondition::Like(key, values) => (PermissionCondition::Like(key, Vec::new()), values.clone()),
        other => (other.clone(), Vec::new()),
    };
    sorted.iter().map(bare).unzip()
}

/// Everything that is needed, in few statements and always in the same order.
pub(crate) fn all(needed: &[Permission], scope: &Scope) -> Vec<Statement> {
    let mut groups: BTreeMap<Group, (Statement, Vec<BTreeSet<String>>)> = BTreeMap::new();
    for permission in needed {
        let (conditions, values) = apart(&permission.conditions);
        let actions = permission.actions.iter();
        for (action, resource) in actions.flat_map(|action| permission.resources.iter().map(move |one| (action, one))) {
            let group = Group::new(action, permission, &conditions, scope.is_outside(resource));
            let (statement, joined) = groups.entry(group.clone()).or_insert_with(|| (begun(&group, scope), Vec::new()));
            statement.actions.insert(action.clone());
            statement.resources.extend(scope.widen(resource));
            joined.resize(values.len().max(joined.len()), BTreeSet::new());
            for (joined, values) in joined.iter_mut().zip(&values) {
                joined.extend(values.iter().cloned());
            }
        }
    }
    let mut statements: Vec<Statement> =
        groups.into_values().map(|(statement, values)| statement.with(values)).collect();
    without_repetitions(&mut statements);
    statements.iter_mut().for_each(Statement::tidy);
    statements
}

fn begun(group: &Group, scope: &Scope) -> Statement {
    let how: String = group.conditions.iter().map(word).collect();
    let how = if how.is_empty() && group.service != EVERYWHERE { "ByArn".to_owned() } else { how };
    let existing = if group.is_outside { "Existing" } else { "" };
    let sid = format!("{}{how}{}{}{existing}", capital(&group.service), capital(&group.made), group.kind.word());
    let owned = !matches!(group.kind, Kind::Other | Kind::NewBucket);
    let owner = owned.then(|| scope.account().to_owned());
    let (actions, resources) = (BTreeSet::new(), BTreeSet::new());
    Statement { sid, actions, resources, conditions: group.conditions.clone(), owner }
}

/// The word for a condition within a Sid.
fn word(condition: &PermissionCondition) -> String {
    match condition {
        PermissionCondition::GivesTags => "New".to_owned(),
        PermissionCondition::HasTags => "Ours".to_owned(),
        PermissionCondition::HasNoStackTags => "Untagged".to_owned(),
        PermissionCondition::Is(key, _) | PermissionCondition::Like(key, _) => {
            capital(key.rsplit([':', '/']).next().unwrap_or_default())
        }
    }
}

/// Letters and digits only, as Sids are, each word with a capital.
fn capital(text: &str) -> String {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// Removes actions that the statement without resources and conditions allows already.
fn without_repetitions(statements: &mut Vec<Statement>) {
    let free = statements.iter().find(|one| one.sid == EVERYWHERE).map(|one| one.actions.clone()).unwrap_or_default();
    for statement in statements.iter_mut().filter(|one| one.sid != EVERYWHERE) {
        statement.actions.retain(|action| !free.contains(action));
    }
    statements.retain(|statement| !statement.actions.is_empty());
}

impl Statement {
    fn with(self, values: Vec<BTreeSet<String>>) -> Self {
        let filled = self.conditions.into_iter().zip(values).map(|(condition, values)| {
            let values = values.into_iter().collect();
            match condition {
                PermissionCondition::Is(key, _) => PermissionCondition::Is(key, values),
                PermissionCondition::Like(key, _) => PermissionCondition::Like(key, values),
                other => other,
            }
        });
        Self { conditions: filled.collect(), ..self }
    }

    /// Drops resources that another pattern covers.
    fn tidy(&mut self) {
        let all = self.resources.clone();
        let covered = |one: &String| {
            all.iter().any(|other| {
                other != one
                    && other.strip_suffix('*').is_some_and(|start| !start.contains('*') && one.starts_with(start))
            })
        };
        self.resources.retain(|one| !covered(one));
    }

    /// In IAM's form. `identity` are the stack's tags.
    pub(crate) fn json(&self, identity: &Tags) -> Value {
        let mut statement = Map::new();
        statement.insert("Sid".into(), self.sid.clone().into());
        statement.insert("Effect".into(), "Allow".into());
        statement.insert("Action".into(), listed(&self.actions));
        statement.insert("Resource".into(), listed(&self.resources));
        let mut condition = json!({});
        for one in &self.conditions {
            write(one, identity, &mut condition);
        }
        if let Some(owner) = &self.owner {
            condition["StringEquals"]["aws:ResourceAccount"] = owner.as_str().into();
        }
        if condition.as_object().is_some_and(|condition| !condition.is_empty()) {
            statement.insert("Condition".into(), condition);
        }
        Value::Object(statement)
    }
}

/// One by itself needs no list.
fn listed<'a>(values: impl IntoIterator<Item = &'a String>) -> Value {
    let values: Vec<&String> = values.into_iter().collect();
    match values.as_slice() {
        [only] => (*only).clone().into(),
        several => json!(several),
    }
}

fn write(condition: &PermissionCondition, identity: &Tags, into: &mut Value) {
    let mut marks = |prefix: &str| {
        for (mark, value) in marks_of(identity) {
            into["StringEquals"][format!("{prefix}/{mark}")] = value.into();
        }
    };
    match condition {
        PermissionCondition::GivesTags => marks("aws:RequestTag"),
        PermissionCondition::HasTags => marks("aws:ResourceTag"),
        // A resource without either tag counts as untagged. `Project` is the last of the usual tags.
        PermissionCondition::HasNoStackTags => {
            if let Some((mark, _)) = marks_of(identity).last() {
                into["Null"][format!("aws:ResourceTag/{mark}")] = "true".into();
            }
        }
        PermissionCondition::Is(key, values) => into["StringEquals"][*key] = listed(values),
        PermissionCondition::Like(key, values) => into["StringLike"][*key] = listed(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope::new("ml-dev", "123456789012")
    }

    const JOB: &str = "arn:aws:glue:eu-west-1:123456789012:job/ml-dev-etl";
    const ROLE: &str = "arn:aws:iam::123456789012:role/ml-dev-etl";

    #[test]
    fn what_holds_under_the_same_conditions_is_one_statement_whatever_the_order() {
        let needed = [
            Permission::read(["glue:BatchGetJobs"]).on([JOB]),
            Permission::change(["glue:CreateJob"]).on([JOB]),
            Permission::read(["iam:ListRoles"]).on_anything(),
            Permission::read(["glue:ListJobs"]).on_anything(),
        ];
        let statements = all(&needed, &scope());
        let sids: Vec<&str> = statements.iter().map(|one| one.sid.as_str()).collect();
        assert_eq!(sids, ["NoResourceLevel", "GlueByArn"]);
        let mut backwards = needed.to_vec();
        backwards.reverse();
        assert_eq!(all(&backwards, &scope()), statements);
    }

    #[test]
    fn existing_roles_and_buckets_stand_apart_from_the_stacks_own() {
        let existing = "arn:aws:iam::123456789012:role/platform/company-etl";
        let needed = [
            Permission::read(["iam:GetRole"]).on([ROLE, existing]),
            Permission::change(["iam:DeleteRole"]).on([ROLE]),
            Permission::read(["s3:ListBucket"]).on(["arn:aws:s3:::central-states"]),
            Permission::change(["s3:DeleteBucket"]).on(["arn:aws:s3:::ml-dev-data-123456789012"]),
        ];
        let statements = all(&needed, &scope());
        let changed = statements.iter().filter(|one| one.actions.iter().any(|action| action.contains("Delete")));
        let reached: Vec<&String> = changed.flat_map(|one| &one.resources).collect();
        assert_eq!(reached.len(), 2, "{reached:?}");
        assert!(reached.iter().all(|arn| arn.contains("ml-dev-")), "{reached:?}");
    }

    #[test]
    fn what_is_made_stands_apart_from_what_it_is_made_within() {
        let arn = |kind: &str| [format!("arn:aws:ec2:eu-west-1:1:{kind}/*")];
        let new =
            |action: &str, kind: &str| Permission::change([action]).on(arn(kind)).when(PermissionCondition::GivesTags);
        let statements = all(&[new("ec2:CreateVpc", "vpc"), new("ec2:CreateSubnet", "subnet")], &scope());
        let sids: Vec<&str> = statements.iter().map(|one| one.sid.as_str()).collect();
        assert_eq!(sids, ["Ec2NewSubnet", "Ec2NewVpc"]);
    }

    #[test]
    fn values_of_one_condition_are_joined() {
        let pass = |service: &str| {
            let to = PermissionCondition::Is("iam:PassedToService", vec![service.to_owned()]);
            Permission::change(["iam:PassRole"]).on([ROLE]).when(to)
        };
        let statements = all(&[pass("glue.amazonaws.com"), pass("events.amazonaws.com")], &scope());
        assert_eq!(statements.len(), 1);
        let expected = json!({
            "Sid": "IamPassedToService", "Effect": "Allow", "Action": "iam:PassRole",
            "Resource": "arn:aws:iam::123456789012:role/ml-dev-*",
            "Condition": {"StringEquals": {"iam:PassedToService": ["events.amazonaws.com", "glue.amazonaws.com"]}},
        });
        assert_eq!(statements[0].json(&Tags::default()), expected);
    }

    #[test]
    fn conditions_name_the_tags_of_the_owner_as_the_file_calls_them() {
        let changed = Permission::change(["kms:PutKeyPolicy"]).on(["arn:aws:kms:eu-west-1:1:key/*"]);
        let statements = all(&[changed.when(PermissionCondition::HasTags)], &scope());
        let identity = [("app", "ml"), ("stage", "Production"), ("ManagedBy", "mlopsctl")].into_iter().collect();
        let has_tags = json!({"StringEquals": {"aws:ResourceTag/app": "ml", "aws:ResourceTag/stage": "Production"}});
        assert_eq!(statements[0].json(&identity)["Condition"], has_tags);
    }

    #[test]
    fn what_is_allowed_everywhere_is_not_allowed_twice_and_what_a_pattern_covers_is_not_named() {
        let everywhere = Permission::read(["ec2:DescribeVpcs"]).on_anything();
        let again = Permission::read(["ec2:DescribeVpcs"]).on(["arn:aws:ec2:eu-west-1:1:vpc/*"]);
        assert_eq!(all(&[everywhere, again], &scope()).len(), 1);
        let jobs =
            Permission::change(["glue:CreateJob"]).on([JOB, &JOB.replace("-etl", "-*"), &JOB.replace("-etl", "")]);
        let resources = &all(&[jobs], &scope())[0].resources;
        assert_eq!(resources.len(), 2, "{resources:?}");
    }
}
