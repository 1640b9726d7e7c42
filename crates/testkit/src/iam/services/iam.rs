//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use super::given_tags::form_tags;
use crate::{
    iam::{
        demand::{ACCOUNT, Demand},
        tags::Tags,
    },
    wire::Asked,
};

pub(super) async fn demands(asked: &Asked, tags: &Tags) -> Option<Vec<Demand>> {
    let action = format!("iam:{}", asked.operation);
    match asked.operation.as_str() {
        "GetAccountAuthorizationDetails" | "ListRoles" => Some(vec![Demand::anywhere(action)]),
        "RemoveRoleFromInstanceProfile" => {
            let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/{}", asked.text("InstanceProfileName"));
            Some(vec![Demand::new(action, profile)])
        }
        _ if asked.text("RoleName").is_empty() => policy(asked),
        _ => {
            let name = asked.text("RoleName");
            let path = match asked.text("Path") {
                "" => tags.path(name).await.unwrap_or_else(|| "/".to_owned()),
                given => given.to_owned(),
            };
            let role = format!("arn:aws:iam::{ACCOUNT}:role{path}{name}");
            let given = form_tags(asked, "Tags.member");
            let creates_tagged = asked.operation == "CreateRole" && !given.is_empty();
            let boundary = match asked.text("PermissionsBoundary") {
                "" => tags.boundary(name).await,
                given => Some(given.to_owned()),
            };
            let mut demand = Demand::new(action, &role).with("iam:PolicyARN", asked.text("PolicyArn"));
            if let Some(boundary) = boundary {
                demand = demand.with("iam:PermissionsBoundary", boundary);
            }
            let mut demands = vec![demand];
            demands.extend(creates_tagged.then(|| Demand::new("iam:TagRole", &role)));
            Some(demands.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect())
        }
    }
}

/// The calls about managed policies. Of those that name one for something else, none is made.
fn policy(asked: &Asked) -> Option<Vec<Demand>> {
    let arn = match asked.operation.as_str() {
        "CreatePolicy" => {
            let path = Some(asked.text("Path")).filter(|path| !path.is_empty()).unwrap_or("/");
            format!("arn:aws:iam::{ACCOUNT}:policy{path}{}", asked.text("PolicyName"))
        }
        "CreatePolicyVersion"
        | "DeletePolicy"
        | "DeletePolicyVersion"
        | "GetPolicy"
        | "GetPolicyVersion"
        | "ListEntitiesForPolicy"
        | "ListPolicyVersions"
        | "TagPolicy"
        | "UntagPolicy" => asked.text("PolicyArn").to_owned(),
        _ => return None,
    };
    let given = form_tags(asked, "Tags.member");
    let creates_tagged = asked.operation == "CreatePolicy" && !given.is_empty();
    let mut demands = vec![Demand::new(format!("iam:{}", asked.operation), &arn)];
    demands.extend(creates_tagged.then(|| Demand::new("iam:TagPolicy", &arn)));
    Some(demands.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect())
}
