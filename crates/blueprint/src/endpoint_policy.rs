//! The policies of the VPC's endpoints: only identities of this account pass. Stolen or foreign credentials inside the
//! VPC cannot send data out through an endpoint.

use crate::policy::Policy;
use serde_json::{Value, json};
use vocabulary::Place;

/// Interface endpoints whose requests have a token and no signature, so that AWS may not know the caller's account.
const WITHOUT_SIGNATURE: [&str; 2] = ["codeartifact.repositories", "git-codecommit"];

/// The policy of an interface endpoint, or null for AWS's default, which allows everything.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
pub(crate) fn of_interface(endpoint: &str, place: &Place) -> Value {
    if WITHOUT_SIGNATURE.contains(&endpoint) {
        return Value::Null;
    }
    own_identities(place).document()
}

/// The policy of the gateway endpoint for S3. The roles' own policies limit the buckets that roles of the platform
/// reach.
pub(crate) fn of_s3(place: &Place) -> Value {
    let objects = |bucket: String| format!("arn:{}:s3:::{bucket}/*", place.partition);
    let region = &place.region;
    let of_aws = [
        // ECR presigns the URLs of an image's layers with its own identity.
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-setting-up-s3-gateway>
        format!("prod-{region}-starport-layer-bucket"),
        // Package managers read packages of Amazon Linux without a signature.
        // <https://repost.aws/knowledge-center/ec2-al1-al2-update-yum-without-internet>
        format!("amazonlinux-2-repos-{region}"),
        format!("al2023-repos-{region}-de612dc2"),
    ];
    own_identities(place).allow(["s3:GetObject"], of_aws.map(objects)).for_principal(json!("*")).document()
}

fn own_identities(place: &Place) -> Policy {
    let anything = Policy::new().allow(["*"], ["*"]).for_principal(json!("*"));
    anything.when("StringEquals", "aws:PrincipalAccount", place.account.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("123456789012", "eu-west-1")
    }

    #[test]
    fn interface_endpoint_lets_identities_of_the_account_pass() {
        let policy = of_interface("sts", &place());
        let [statement] = policy["Statement"].as_array().unwrap().as_slice() else { panic!("{policy}") };
        assert_eq!(statement["Condition"], json!({"StringEquals": {"aws:PrincipalAccount": "123456789012"}}));
        assert_eq!(of_interface("git-codecommit", &place()), Value::Null);
    }

    #[test]
    fn gateway_to_s3_lets_everybody_read_buckets_of_aws_alone() {
        let policy = of_s3(&place());
        let open = policy["Statement"].as_array().unwrap().iter().filter(|one| one.get("Condition").is_none());
        let [open] = open.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(open["Action"], json!(["s3:GetObject"]));
        let resources = open["Resource"].as_array().unwrap();
        assert!(resources.iter().all(|one| one.as_str().unwrap().contains("eu-west-1")), "{open}");
        assert!(resources.contains(&json!("arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*")), "{open}");
    }
}
