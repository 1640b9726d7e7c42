//! Policies as IAM reads them. Only what this product's policies are made of: actions and resources with wildcards and
//! variables, some operators. Anything else is no policy that a test should trust, so it panics.

use super::demand::Demand;
use serde_json::Value;

/// Policies that hold together: what one of them allows and none denies is allowed.
pub(crate) struct Policies(Vec<Statement>);

struct Statement {
    /// Rather than denies.
    allows: bool,
    /// The actions that it names, or all but these.
    actions: Actions,
    resources: Vec<String>,
    conditions: Vec<PolicyCondition>,
}

enum Actions {
    Named(Vec<String>),
    AllBut(Vec<String>),
}

impl Actions {
    fn read(statement: &Value) -> Self {
        match (statement.get("Action"), statement.get("NotAction")) {
            (Some(named), None) => Self::Named(texts(named)),
            (None, Some(others)) => Self::AllBut(texts(others)),
            _ => panic!("a statement has either Action or NotAction: {statement}"),
        }
    }

    fn include(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let any = |patterns: &[String]| patterns.iter().any(|one| matches(&one.to_ascii_lowercase(), &action));
        match self {
            Self::Named(patterns) => any(patterns),
            Self::AllBut(patterns) => !any(patterns),
        }
    }
}

struct PolicyCondition {
    operator: String,
    key: String,
    values: Vec<String>,
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(truth) => vec![truth.to_string()],
        other => panic!("no text in a policy: {other}"),
    }
}

impl Policies {
    pub(crate) fn read(documents: &[Value]) -> Self {
        let statements = documents.iter().flat_map(|document| {
            assert_eq!(document["Version"], "2012-10-17");
            document["Statement"].as_array().expect("a policy has statements")
        });
        Self(statements.map(Statement::read).collect())
    }

    pub(crate) fn allow(&self, demand: &Demand) -> bool {
        self.0.iter().any(|one| one.allows && one.concerns(demand)) && !self.deny(demand)
    }

    /// True if one of the policies denies the request, even if another allows it.
    pub(crate) fn deny(&self, demand: &Demand) -> bool {
        self.0.iter().any(|one| !one.allows && one.concerns(demand))
    }
}

impl Statement {
    fn read(statement: &Value) -> Self {
        let effect = statement["Effect"].as_str().unwrap_or_default();
        assert!(["Allow", "Deny"].contains(&effect), "{effect}");
        let members: Vec<&String> = statement.as_object().expect("a statement has members").keys().collect();
        let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "Condition"];
        assert!(members.iter().all(|member| known.contains(&member.as_str())), "{members:?}");
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let conditions = operators.flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(|(key, values)| PolicyCondition {
                operator: operator.clone(),
                key: key.clone(),
                values: texts(values),
            })
        });
        Self {
            allows: effect == "Allow",
            actions: Actions::read(statement),
            resources: texts(&statement["Resource"]),
            conditions: conditions.collect(),
        }
    }

    fn concerns(&self, demand: &Demand) -> bool {
        self.actions.include(&demand.action)
            && self
                .resources
                .iter()
                .any(|pattern| filled(pattern, demand).is_some_and(|pattern| matches(&pattern, &demand.resource)))
            && self.conditions.iter().all(|condition| condition.holds(demand))
    }
}

impl PolicyCondition {
    /// A key that the request lacks meets no condition but that it be lacking.
    fn holds(&self, demand: &Demand) -> bool {
        if demand.assumes(&self.key) {
            return true;
        }
        let given = demand.values(&self.key);
        match self.operator.as_str() {
            "StringEquals" | "ForAnyValue:StringEquals" => given.iter().any(|value| self.values.contains(value)),
            // A key that the request lacks equals nothing.
            // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
            "StringNotEquals" => !given.iter().any(|value| self.values.contains(value)),
            "StringEqualsIfExists" => given.is_empty() || given.iter().any(|value| self.values.contains(value)),
            "Bool" => given.iter().any(|value| self.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))),
            "StringLike" | "ArnLike" | "ArnEquals" => {
                given.iter().any(|value| self.values.iter().any(|pattern| matches(pattern, value)))
            }
            "Null" => self.values.iter().any(|lacking| (lacking == "true") == given.is_empty()),
            operator => panic!("the law knows no operator {operator}"),
        }
    }
}

/// A pattern with the values of its variables, such as `${sagemaker:DomainId}`. A variable that the request gives no
/// value matches nothing.
fn filled(pattern: &str, demand: &Demand) -> Option<String> {
    let (mut text, mut rest) = (String::new(), pattern);
    while let Some((before, variable)) = rest.split_once("${") {
        let (name, after) = variable.split_once('}')?;
        text.push_str(before);
        text.push_str(demand.values(name).first()?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// `*` stands for any characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while from < text.len() {
        if at < pattern.len() && (pattern[at] == '?' || pattern[at] == text[from]) && pattern[at] != '*' {
            (at, from) = (at + 1, from + 1);
        } else if at < pattern.len() && pattern[at] == '*' {
            retry = Some((at, from));
            at += 1;
        } else if let Some((star, taken)) = retry {
            retry = Some((star, taken + 1));
            (at, from) = (star + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(condition: Value) -> Policies {
        Policies::read(&[json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["ec2:DeleteVpc"], "Resource": "arn:aws:ec2:r:1:vpc/*", "Condition": condition},
        ]})])
    }

    #[test]
    fn wildcards_match_as_iam_says() {
        assert!(matches("arn:*:job/ml-dev-*", "arn:aws:glue:r:1:job/ml-dev-etl"));
        assert!(matches("ml-dev-*-123/*", "ml-dev-a-b-123/key/more"));
        assert!(matches("*", "*") && !matches("arn:*", "*"));
        assert!(!matches("ml-dev-*", "ml-dev2-x") && !matches("a?", "a"));
    }

    #[test]
    fn conditions_bind_and_what_a_request_lacks_meets_none() {
        let ours = policy(json!({"StringEquals": {"aws:ResourceTag/Project": "ml"}}));
        let vpc = || Demand::new("ec2:DeleteVpc", "arn:aws:ec2:r:1:vpc/vpc-1");
        assert!(ours.allow(&vpc().with("aws:ResourceTag/Project", "ml")));
        assert!(!ours.allow(&vpc().with("aws:ResourceTag/Project", "other")) && !ours.allow(&vpc()));
        let untagged = policy(json!({"Null": {"aws:ResourceTag/Project": "true"}}));
        assert!(untagged.allow(&vpc()) && !untagged.allow(&vpc().with("aws:ResourceTag/Project", "ml")));
        assert!(!ours.allow(&Demand::new("ec2:DeleteSubnet", "arn:aws:ec2:r:1:vpc/vpc-1")));
        let pending = policy(json!({"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "Pending"}}));
        let with = |status: &str| vpc().with("sagemaker:ModelApprovalStatus", status);
        assert!(pending.allow(&vpc()) && pending.allow(&with("Pending")) && !pending.allow(&with("Approved")));
    }

    #[test]
    fn denial_outweighs_what_is_allowed_and_binds_only_where_its_condition_is_met() {
        let mut document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ec2:DeleteVpc", "Resource": "*"},
            {"Effect": "Deny", "Action": "ec2:DeleteVpc", "Resource": "*"},
        ]});
        let vpc = || Demand::new("ec2:DeleteVpc", "arn:aws:ec2:r:1:vpc/vpc-1");
        assert!(!Policies::read(&[document.clone()]).allow(&vpc()));
        document["Statement"][1]["Condition"] = json!({"ArnEquals": {"lambda:SourceFunctionArn": "arn:f"}});
        let policies = Policies::read(&[document]);
        assert!(policies.allow(&vpc()) && !policies.allow(&vpc().with("lambda:SourceFunctionArn", "arn:f")));
    }

    #[test]
    fn denial_of_all_other_regions_spares_the_actions_that_it_excepts() {
        let policies = Policies::read(&[json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["ap-south-1"]}},
        }]})]);
        let asked = |action: &str, region: &str| Demand::new(action, "*").with("aws:RequestedRegion", region);
        assert!(policies.deny(&asked("s3:CreateBucket", "eu-west-1")));
        assert!(!policies.deny(&asked("s3:CreateBucket", "ap-south-1")));
        assert!(!policies.deny(&asked("iam:CreateRole", "us-east-1")));
    }

    #[test]
    fn a_variable_stands_for_what_the_request_gives_and_otherwise_for_nothing() {
        let demand = Demand::new("sagemaker:CreateSpace", "arn:aws:sagemaker:r:1:space/d-1/team");
        let pattern = "arn:aws:sagemaker:r:1:space/${sagemaker:DomainId}/*";
        assert_eq!(filled(pattern, &demand), None);
        let demand = demand.with("sagemaker:DomainId", "d-1");
        assert_eq!(filled(pattern, &demand).as_deref(), Some("arn:aws:sagemaker:r:1:space/d-1/*"));
        assert_eq!(filled("job/*", &demand).as_deref(), Some("job/*"));
    }
}
