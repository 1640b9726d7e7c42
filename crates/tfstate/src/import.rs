//! Terraform's import blocks for the resources of a state, for the return to Terraform.

use crate::kinds;
use resource::Address;
use serde_json::Value;
use std::fmt::Write as _;

/// A recorded resource.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The address of the resource.
    pub address: &'a Address,
    /// `service:thing`.
    pub kind: &'a str,
    /// Its recorded id.
    pub id: &'a str,
    /// Its recorded spec.
    pub spec: &'a Value,
    /// Its recorded outputs.
    pub outputs: &'a Value,
    /// The account that it is in.
    pub account: &'a str,
}

/// A kind that Terraform has no type for.
#[derive(Debug, thiserror::Error)]
#[error("{address} is of kind {kind}, for which no type of Terraform is known")]
pub struct NoType {
    /// The address of the resource.
    pub address: Address,
    /// The kind of the resource.
    pub kind: String,
}

/// Kinds that the import of Terraform's state does not know, or for which Terraform has another type.
const OTHERS: &[(&str, &str)] = &[("lambda:permission", "aws_lambda_permission"), ("kms:key", "aws_kms_key")];

/// Terraform's type for a kind.
pub fn terraform_type(kind: &str) -> Option<&'static str> {
    let other = OTHERS.iter().find(|(ours, _)| *ours == kind).map(|(_, theirs)| *theirs);
    other.or_else(|| kinds::KINDS.iter().find(|one| one.ours == kind).map(|one| one.terraform))
}

/// An import block for each resource, and a comment for each that Terraform cannot import.
///
/// # Errors
/// [`NoType`] for a kind that Terraform has no type for.
pub fn import_blocks(resources: &[Exported<'_>]) -> Result<String, NoType> {
    let mut text = String::new();
    for one in resources {
        let Some(theirs) = terraform_type(one.kind) else {
            return Err(NoType { address: one.address.clone(), kind: one.kind.to_owned() });
        };
        let name = one.address.as_str().replace(['.', '-'], "_");
        // Writing to a string does not fail.
        let _ = match import_id(one) {
            Ok(id) => write!(text, "import {{\n  to = {theirs}.{name}\n  id = {}\n}}\n\n", quoted(&id)),
            Err(why) => write!(text, "# {}: {why}\n\n", one.address),
        };
        if one.kind == "kms:key"
            && let Some(alias) = one.spec.get("alias").and_then(Value::as_str)
        {
            let _ = write!(text, "import {{\n  to = aws_kms_alias.{name}\n  id = {}\n}}\n\n", quoted(alias));
        }
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// The id by which Terraform's AWS provider imports a resource, or the reason why it cannot. The section "Import" on
/// each resource's page gives the form of the id.
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>
fn import_id(one: &Exported<'_>) -> Result<String, &'static str> {
    match one.kind {
        "glue:database" | "budgets:budget" => Ok(format!("{}:{}", one.account, one.id)),
        "sagemaker:user-profile" | "sagemaker:space" => arn(one).ok_or("the state does not hold its ARN"),
        "sns:subscription" => arn(one)
            .filter(|arn| arn.starts_with("arn:"))
            .ok_or("Terraform cannot import a subscription that nobody has confirmed"),
        "sagemaker:endpoint" => Err("the pipeline deploys it, so no tool keeps it"),
        _ => Ok(one.id.to_owned()),
    }
}

fn arn(one: &Exported<'_>) -> Option<String> {
    one.outputs.get("arn").and_then(Value::as_str).map(str::to_owned)
}

/// A string in Terraform's language, where `${` and `%{` begin a template.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blocks(kind: &str, id: &str, spec: &Value, outputs: &Value) -> String {
        let address = Address::new("area", "one-thing");
        let one = Exported { address: &address, kind, id, spec, outputs, account: "123456789012" };
        import_blocks(&[one]).unwrap()
    }

    #[test]
    fn import_block_names_the_type_and_the_id_of_terraform() {
        let none = Value::Null;
        assert_eq!(
            blocks("ec2:vpc", "vpc-1", &none, &none),
            "import {\n  to = aws_vpc.area_one_thing\n  id = \"vpc-1\"\n}"
        );
        assert!(blocks("glue:database", "lake", &none, &none).contains("\"123456789012:lake\""));
        assert!(
            blocks("sns:subscription", "email|a@b", &none, &json!({"arn": "PendingConfirmation"})).starts_with("# ")
        );
        let key = blocks("kms:key", "1-2", &json!({"alias": "alias/x"}), &none);
        assert!(key.contains("aws_kms_key.area_one_thing") && key.contains("aws_kms_alias.area_one_thing"));
        assert!(blocks("logs:log-group", "${a}", &none, &none).contains("\"$${a}\""));
    }

    #[test]
    fn kind_without_a_type_of_terraform_is_refused_by_name() {
        let address = Address::new("area", "x");
        let one = Exported {
            address: &address,
            kind: "x:y",
            id: "1",
            spec: &Value::Null,
            outputs: &Value::Null,
            account: "",
        };
        assert!(import_blocks(&[one]).unwrap_err().to_string().contains("x:y"));
    }
}
