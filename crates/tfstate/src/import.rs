//! Terraform's import blocks for the resources of a state, for the return to Terraform.

use crate::Types;
use resource::{Address, ImportId};
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

/// An import block for each resource, and a comment for each that Terraform cannot import.
///
/// # Errors
/// [`NoType`] for a kind that Terraform has no type for.
pub fn import_blocks(resources: &[Exported<'_>], types: &Types) -> Result<String, NoType> {
    let mut text = String::new();
    for one in resources {
        let Some(terraform) = types.of_kind(one.kind) else {
            return Err(NoType { address: one.address.clone(), kind: one.kind.to_owned() });
        };
        let name = one.address.as_str().replace(['.', '-'], "_");
        // Writing to a string does not fail.
        let theirs = terraform.exported_as;
        let _ = match import_id(one, terraform.import) {
            Ok(id) => write!(text, "import {{\n  to = {theirs}.{name}\n  id = {}\n}}\n\n", quoted(&id)),
            Err(why) => write!(text, "# {}: {why}\n\n", one.address),
        };
        if let Some((second, field)) = terraform.second_import
            && let Some(id) = one.spec.get(field).and_then(Value::as_str)
        {
            let _ = write!(text, "import {{\n  to = {second}.{name}\n  id = {}\n}}\n\n", quoted(id));
        }
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// The id by which Terraform's AWS provider imports a resource, or the reason why it cannot.
fn import_id(one: &Exported<'_>, form: ImportId) -> Result<String, &'static str> {
    match form {
        ImportId::Recorded => Ok(one.id.to_owned()),
        ImportId::AfterAccount => Ok(format!("{}:{}", one.account, one.id)),
        ImportId::Arn(otherwise) => arn(one).ok_or(otherwise),
        ImportId::Never(why) => Err(why),
    }
}

/// The output `arn`, unless AWS has a word in its place: `PendingConfirmation`.
fn arn(one: &Exported<'_>) -> Option<String> {
    let arn = one.outputs.get("arn").and_then(Value::as_str);
    arn.filter(|arn| arn.starts_with("arn:")).map(str::to_owned)
}

/// A string in Terraform's language, where `${` and `%{` begin a template.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::Terraform;
    use serde_json::json;

    const NOT_CONFIRMED: &str = "nobody has confirmed it";

    fn types() -> Types {
        let key = Terraform {
            exported_as: "aws_kms_key",
            second_import: Some(("aws_kms_alias", "alias")),
            ..Terraform::named("aws_kms_alias", &[("name", "alias")])
        };
        let import = |import, name| Terraform { import, ..Terraform::named(name, &[("name", "name")]) };
        let kinds = [
            ("ec2:vpc", Terraform::assigned("aws_vpc", &[("cidr_block", "cidr")])),
            ("glue:database", import(ImportId::AfterAccount, "aws_glue_catalog_database")),
            ("sns:subscription", import(ImportId::Arn(NOT_CONFIRMED), "aws_sns_topic_subscription")),
            ("sagemaker:endpoint", import(ImportId::Never("the pipeline deploys it"), "aws_sagemaker_endpoint")),
            ("kms:key", key),
            ("logs:log-group", Terraform::named("aws_cloudwatch_log_group", &[("name", "name")])),
        ];
        kinds.into_iter().collect()
    }

    fn blocks(kind: &str, id: &str, spec: &Value, outputs: &Value) -> String {
        let address = Address::new("area", "one-thing");
        let one = Exported { address: &address, kind, id, spec, outputs, account: "123456789012" };
        import_blocks(&[one], &types()).unwrap()
    }

    #[test]
    fn import_block_names_the_type_and_the_id_of_terraform() {
        let none = Value::Null;
        assert_eq!(
            blocks("ec2:vpc", "vpc-1", &none, &none),
            "import {\n  to = aws_vpc.area_one_thing\n  id = \"vpc-1\"\n}"
        );
        assert!(blocks("glue:database", "lake", &none, &none).contains("\"123456789012:lake\""));
        let subscription = |arn: &str| blocks("sns:subscription", "email|a@b", &none, &json!({ "arn": arn }));
        assert_eq!(subscription("PendingConfirmation"), "# area.one-thing: nobody has confirmed it");
        assert!(subscription("arn:aws:sns:x").contains("id = \"arn:aws:sns:x\""));
        assert!(blocks("sagemaker:endpoint", "x", &none, &none).starts_with("# area.one-thing: the pipeline"));
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
        assert!(import_blocks(&[one], &types()).unwrap_err().to_string().contains("x:y"));
    }
}
