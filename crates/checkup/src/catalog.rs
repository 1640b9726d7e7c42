//! Checks whether IAM alone controls access to the data catalog, or Lake Formation as well.

use crate::{DoctorInput, Finding};
use aws_client::Attempt as _;
use aws_sdk_lakeformation::{
    Client,
    types::{Permission, PrincipalPermissions},
};

const CHECK: &str = "catalog";
/// Lake Formation's group of all principals that IAM allows.
const WHOM_IAM_ALLOWS: &str = "IAM_ALLOWED_PRINCIPALS";

/// In new accounts, IAM controls the catalog: Lake Formation's defaults for new databases and tables grant everything
/// to the principals that IAM allows. With other defaults, each database and table needs grants of Lake Formation.
/// <https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html>
pub(crate) async fn run_checks(input: &DoctorInput<'_>) -> Vec<Finding> {
    let is_in_catalog = |kind: &str| input.registry.get(kind).is_ok_and(|kind| kind.in_data_catalog());
    if !input.declared.iter().any(|(kind, _)| is_in_catalog(kind)) {
        return Vec::new();
    }
    let call = Client::new(input.sdk).get_data_lake_settings();
    let settings = match call.send().await.during("GetDataLakeSettings") {
        Ok(answer) => answer.data_lake_settings,
        Err(failure) => return vec![Finding::unknown(CHECK, "the defaults of Lake Formation", &failure)],
    };
    let databases = settings.as_ref().is_some_and(|one| left_to_iam(one.create_database_default_permissions()));
    let tables = settings.as_ref().is_some_and(|one| left_to_iam(one.create_table_default_permissions()));
    let governed = match (databases, tables) {
        (true, true) => return vec![Finding::ok(CHECK, "IAM alone decides about new databases and tables")],
        (false, true) => "databases",
        (true, false) => "tables",
        (false, false) => "databases and tables",
    };
    vec![Finding::warning(
        CHECK,
        format!("Lake Formation governs new {governed} of this account's data catalog, whatever IAM allows"),
        "let a data lake administrator grant these credentials Create database on the catalog, and the roles of Glue and \
         SageMaker their databases, tables and data locations; or let the catalog's defaults use only IAM access control",
    )]
}

fn left_to_iam(defaults: &[PrincipalPermissions]) -> bool {
    defaults.iter().any(|default| {
        default.principal().and_then(|principal| principal.data_lake_principal_identifier()) == Some(WHOM_IAM_ALLOWS)
            && default.permissions().contains(&Permission::All)
    })
}
