//! SageMaker: the Studio domain and what lives in it, feature groups, MLflow apps, the model registry.

use serde_json::{Value, json};

use super::documented::{Catalog, Tagging};
use super::documents::{Document, Documents, Refusal};
use super::endpoints::{ENDPOINT, ENDPOINT_CONFIG, MODEL};
use super::kind::{KIND, Kind, List, Match, default, merge};
use super::records;

pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[
        DOMAIN,
        USER_PROFILE,
        SPACE,
        APP,
        LIFECYCLE_CONFIG,
        FEATURE_GROUP,
        MLFLOW_APP,
        MODEL_PACKAGE_GROUP,
        MODEL_PACKAGE,
        MODEL,
        ENDPOINT_CONFIG,
        ENDPOINT,
    ],
    tagging: Tagging {
        add: "AddTags",
        added: "Tags",
        remove: "DeleteTags",
        removed: "TagKeys",
        list: "ListTags",
        arn: "ResourceArn",
        tags: "Tags",
        pair: Some(("Key", "Value")),
    },
    actions: records::actions,
    reopen: |_| false,
};

const DOMAIN: Kind = Kind {
    name: "Domain",
    create: "CreateDomain",
    describe: "DescribeDomain",
    update: Some("UpdateDomain"),
    delete: "DeleteDomain",
    lists: &[List { operation: "ListDomains", member: "Domains", only: None, filters: &[] }],
    key: &[("DomainId", &[])],
    answer: &["DomainArn", "DomainId", "Url"],
    updated: &["DomainArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:domain/{DomainId}"),
    arn_field: Some("DomainArn"),
    computed: &[("Status", "InService"), ("Url", "https://{DomainId}.studio.{region}.sagemaker.aws")],
    complete: |_, domain| {
        let id = generated(12);
        domain.insert("DomainId".to_owned(), format!("d-{id}").into());
        domain.insert("HomeEfsFileSystemId".to_owned(), format!("fs-{}", generated(17)).into());
        default(domain, json!({ "AppNetworkAccessType": "PublicInternetOnly", "TagPropagation": "DISABLED" }));
    },
    apply: |domain, mut update| {
        if let Some(settings) = update.remove("DomainSettingsForUpdate") {
            update.insert("DomainSettings".to_owned(), settings);
        }
        merge(domain, update);
    },
    children: &["App", "Space", "UserProfile"],
    ..KIND
};

/// The error code of a missing space or app.
/// <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sagemaker/space.go>
const NO_RECORD: (&str, &str) = ("ValidationException", "RecordNotFound: {key}");

const USER_PROFILE: Kind = Kind {
    name: "UserProfile",
    create: "CreateUserProfile",
    describe: "DescribeUserProfile",
    update: Some("UpdateUserProfile"),
    delete: "DeleteUserProfile",
    lists: &[List {
        operation: "ListUserProfiles",
        member: "UserProfiles",
        only: None,
        filters: &[
            ("DomainIdEquals", "DomainId", Match::Equals),
            ("UserProfileNameContains", "UserProfileName", Match::Contains),
        ],
    }],
    key: &[("DomainId", &[]), ("UserProfileName", &[])],
    answer: &["UserProfileArn"],
    updated: &["UserProfileArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:user-profile/{DomainId}/{UserProfileName}"),
    arn_field: Some("UserProfileArn"),
    computed: &[("Status", "InService")],
    check: check_sign_on,
    parent: Some("Domain"),
    children: &["App"],
    ..KIND
};

/// Refuses a profile that names no user of IAM Identity Center in a domain where people sign in with it, and one that
/// names a user in any other domain.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html>
fn check_sign_on(documents: &Documents, operation: &str, body: &Value) -> Result<(), Refusal> {
    if operation != USER_PROFILE.create {
        return Ok(());
    }
    let domain = body["DomainId"].as_str().and_then(|id| documents.get(DOMAIN.name, id));
    let is_sso = domain.is_some_and(|domain| domain.get("AuthMode") == Some(&"SSO".into()));
    let names_user = body["SingleSignOnUserIdentifier"] == "UserName" && body["SingleSignOnUserValue"].is_string();
    let message = match (is_sso, names_user) {
        (true, false) => "SingleSignOnUserIdentifier and SingleSignOnUserValue are required for an SSO domain.",
        (false, true) => "SingleSignOnUserIdentifier and SingleSignOnUserValue are only valid for an SSO domain.",
        _ => return Ok(()),
    };
    Err(Refusal { code: "ValidationException", message: message.to_owned() })
}

const SPACE: Kind = Kind {
    name: "Space",
    create: "CreateSpace",
    describe: "DescribeSpace",
    update: Some("UpdateSpace"),
    delete: "DeleteSpace",
    lists: &[List {
        operation: "ListSpaces",
        member: "Spaces",
        only: None,
        filters: &[("DomainIdEquals", "DomainId", Match::Equals), ("SpaceNameContains", "SpaceName", Match::Contains)],
    }],
    key: &[("DomainId", &[]), ("SpaceName", &[])],
    answer: &["SpaceArn"],
    updated: &["SpaceArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:space/{DomainId}/{SpaceName}"),
    arn_field: Some("SpaceArn"),
    computed: &[
        ("Status", "InService"),
        ("Url", "https://{DomainId}.studio.{region}.sagemaker.aws/spaces/{SpaceName}"),
    ],
    missing: NO_RECORD,
    parent: Some("Domain"),
    children: &["App"],
    ..KIND
};

/// An app belongs to a user profile or a space; its key runs through its owner's, so that an owner
/// is in use as long as it has apps.
const APP: Kind = Kind {
    name: "App",
    create: "CreateApp",
    describe: "DescribeApp",
    delete: "DeleteApp",
    lists: &[List {
        operation: "ListApps",
        member: "Apps",
        only: None,
        filters: &[
            ("DomainIdEquals", "DomainId", Match::Equals),
            ("UserProfileNameEquals", "UserProfileName", Match::Equals),
            ("SpaceNameEquals", "SpaceName", Match::Equals),
        ],
    }],
    key: &[("DomainId", &[]), ("UserProfileName", &["SpaceName"]), ("AppType", &[]), ("AppName", &[])],
    answer: &["AppArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:app/{DomainId}/{UserProfileName}{SpaceName}/{AppType}/{AppName}"),
    arn_field: Some("AppArn"),
    computed: &[("Status", "InService")],
    modified: None,
    parent: Some("Domain"),
    missing: NO_RECORD,
    ..KIND
};

const LIFECYCLE_CONFIG: Kind = Kind {
    name: "StudioLifecycleConfig",
    create: "CreateStudioLifecycleConfig",
    describe: "DescribeStudioLifecycleConfig",
    delete: "DeleteStudioLifecycleConfig",
    lists: &[List {
        operation: "ListStudioLifecycleConfigs",
        member: "StudioLifecycleConfigs",
        only: None,
        filters: &[
            ("NameContains", "StudioLifecycleConfigName", Match::Contains),
            ("AppTypeEquals", "StudioLifecycleConfigAppType", Match::Equals),
        ],
    }],
    key: &[("StudioLifecycleConfigName", &[])],
    answer: &["StudioLifecycleConfigArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:studio-lifecycle-config/{StudioLifecycleConfigName}"),
    arn_field: Some("StudioLifecycleConfigArn"),
    ..KIND
};

const FEATURE_GROUP: Kind = Kind {
    name: "FeatureGroup",
    create: "CreateFeatureGroup",
    describe: "DescribeFeatureGroup",
    update: Some("UpdateFeatureGroup"),
    delete: "DeleteFeatureGroup",
    lists: &[List {
        operation: "ListFeatureGroups",
        member: "FeatureGroupSummaries",
        only: None,
        filters: &[
            ("NameContains", "FeatureGroupName", Match::Contains),
            ("FeatureGroupStatusEquals", "FeatureGroupStatus", Match::Equals),
        ],
    }],
    key: &[("FeatureGroupName", &[])],
    answer: &["FeatureGroupArn"],
    updated: &["FeatureGroupArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:feature-group/{FeatureGroupName}"),
    arn_field: Some("FeatureGroupArn"),
    computed: &[("FeatureGroupStatus", "Created")],
    complete: complete_feature_group,
    apply: |group, mut update| {
        let added = update.remove("FeatureAdditions");
        if let (Some(Value::Array(features)), Some(Value::Array(added))) = (group.get_mut("FeatureDefinitions"), added)
        {
            features.extend(added);
        }
        merge(group, update);
        group.insert("LastUpdateStatus".to_owned(), json!({ "Status": "Successful" }));
    },
    missing: ("ResourceNotFound", "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {key}"),
    exists: (
        "ResourceInUse",
        "Resource Already Exists: FeatureGroup with name {key} already exists. Choose a different name.",
    ),
    ..KIND
};

/// Adds AWS's fields of the stores: the resolved S3 location and the Glue table of the offline store.
fn complete_feature_group(_: &Documents, group: &mut Document) {
    let name = group.get("FeatureGroupName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::Object(offline)) = group.get_mut("OfflineStoreConfig") {
        if let Some(Value::Object(s3)) = offline.get_mut("S3StorageConfig") {
            let uri = s3.get("S3Uri").and_then(Value::as_str).unwrap_or_default();
            let resolved = format!("{}/{name}/data", uri.trim_end_matches('/'));
            s3.insert("ResolvedOutputS3Uri".to_owned(), resolved.into());
        }
        default(offline, json!({ "DisableGlueTableCreation": false, "TableFormat": "Glue" }));
        if offline.get("DisableGlueTableCreation") == Some(&json!(false)) {
            let table = name.replace('-', "_");
            default(
                offline,
                json!({ "DataCatalogConfig": {
                    "Catalog": "AwsDataCatalog",
                    "Database": "sagemaker_featurestore",
                    "TableName": table,
                } }),
            );
        }
        group.insert("OfflineStoreStatus".to_owned(), json!({ "Status": "Active" }));
    }
    if group.get("OnlineStoreConfig").is_some_and(|online| online["EnableOnlineStore"] == true) {
        default(group, json!({ "OnlineStoreConfig": { "StorageType": "Standard" } }));
        group.insert("OnlineStoreTotalSizeBytes".to_owned(), 0.into());
    }
}

/// Several apps may have the same name, so their ARNs tell them apart.
const MLFLOW_APP: Kind = Kind {
    name: "MlflowApp",
    create: "CreateMlflowApp",
    describe: "DescribeMlflowApp",
    update: Some("UpdateMlflowApp"),
    delete: "DeleteMlflowApp",
    lists: &[List {
        operation: "ListMlflowApps",
        member: "Summaries",
        only: None,
        filters: &[("Status", "Status", Match::Equals)],
    }],
    key: &[("Id", &["Arn"])],
    answer: &["Arn"],
    updated: &["Arn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:mlflow-app/{Id}"),
    arn_field: Some("Arn"),
    computed: &[("Status", "Created"), ("MlflowVersion", "3.4")],
    complete: |_, app| {
        app.insert("Id".to_owned(), format!("app-{}", generated(12).to_uppercase()).into());
        default(
            app,
            json!({
                "ModelRegistrationMode": "AutoModelRegistrationDisabled",
                "AccountDefaultStatus": "DISABLED",
                "WeeklyMaintenanceWindowStart": "Tue:03:30",
            }),
        );
    },
    ..KIND
};

const MODEL_PACKAGE_GROUP: Kind = Kind {
    name: "ModelPackageGroup",
    create: "CreateModelPackageGroup",
    describe: "DescribeModelPackageGroup",
    delete: "DeleteModelPackageGroup",
    lists: &[List {
        operation: "ListModelPackageGroups",
        member: "ModelPackageGroupSummaryList",
        only: None,
        filters: &[("NameContains", "ModelPackageGroupName", Match::Contains)],
    }],
    key: &[("ModelPackageGroupName", &[])],
    answer: &["ModelPackageGroupArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:model-package-group/{ModelPackageGroupName}"),
    arn_field: Some("ModelPackageGroupArn"),
    computed: &[("ModelPackageGroupStatus", "Completed")],
    modified: None,
    children: &["ModelPackage"],
    in_use: "ConflictException",
    missing: ("ValidationException", "ModelPackageGroup {key} does not exist."),
    exists: ("ValidationException", "Model Package Group already exists: {key}"),
    complete: |_, group| {
        // AWS always shows the creator as a structure, empty for a role session.
        default(group, json!({ "CreatedBy": {} }));
    },
    ..KIND
};

const MODEL_PACKAGE: Kind = Kind {
    name: "ModelPackage",
    create: "CreateModelPackage",
    describe: "DescribeModelPackage",
    update: Some("UpdateModelPackage"),
    delete: "DeleteModelPackage",
    lists: &[List {
        operation: "ListModelPackages",
        member: "ModelPackageSummaryList",
        only: None,
        filters: &[
            ("ModelPackageGroupName", "ModelPackageGroupName", Match::Equals),
            ("ModelApprovalStatus", "ModelApprovalStatus", Match::Equals),
        ],
    }],
    key: &[("ModelPackageArn", &["ModelPackageName"])],
    answer: &["ModelPackageArn"],
    updated: &["ModelPackageArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:model-package/{ModelPackageGroupName}/{ModelPackageVersion}"),
    arn_field: Some("ModelPackageArn"),
    computed: &[("ModelPackageStatus", "Completed"), ("ModelApprovalStatus", "PendingManualApproval")],
    parent: Some("ModelPackageGroup"),
    missing: ("ValidationException", "ModelPackage {key} does not exist."),
    complete: |documents, package| {
        let group = package.get("ModelPackageGroupName").cloned();
        let versions = documents.of("ModelPackage").filter_map(|(_, other)| {
            (other.get("ModelPackageGroupName") == group.as_ref())
                .then(|| other.get("ModelPackageVersion")?.as_u64())
                .flatten()
        });
        let version = versions.max().unwrap_or(0) + 1;
        package.insert("ModelPackageVersion".to_owned(), version.into());
        default(package, json!({ "ModelPackageStatusDetails": { "ValidationStatuses": [] } }));
    },
    ..KIND
};

/// Lower-case letters and digits, as in the ids AWS assigns.
fn generated(length: usize) -> String {
    let mut id = uuid::Uuid::new_v4().simple().to_string();
    id.truncate(length);
    id
}
