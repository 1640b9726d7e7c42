//! The lives of kinds, with durations in seconds.

use super::lifecycle::Lifecycle;
use serde_json::json;

const LIFECYCLE: Lifecycle = Lifecycle {
    service: "",
    create: "",
    shown_by: &[],
    describe: ("", &[]),
    key: &[],
    state: "Status",
    making: None,
    failed: ("Failed", &[("FailureReason", "Internal error. Please try again.")]),
    changing: None,
    delete: "",
    ending: ("Deleting", 1..=1),
    accepted: |_| json!({}),
    only: None,
    occupied_by: &[],
    busy: None,
    still_going: None,
    needed_by: &[],
};

pub(super) const LIFECYCLES: &[Lifecycle] = &[
    NAT_GATEWAY,
    INTERFACE_ENDPOINT,
    DOMAIN,
    USER_PROFILE,
    SPACE,
    APP,
    FEATURE_GROUP,
    MLFLOW_APP,
    STATE_MACHINE,
    TRIGGER,
];

/// A NAT gateway is pending, then available, and takes its time to be deleted.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>
const NAT_GATEWAY: Lifecycle = Lifecycle {
    service: "ec2",
    create: "CreateNatGateway",
    shown_by: &["CreateNatGateway", "DescribeNatGateways"],
    describe: ("DescribeNatGateways", &["NatGatewayId.1"]),
    key: &[(&["NatGatewayId", "NatGatewayId.1"], "natGatewayId")],
    state: "state",
    making: Some(("pending", 60..=180)),
    // A gateway can fail by an error of AWS's own, after it was accepted.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html>
    failed: ("failed", &[("failureCode", "InternalError"), ("failureMessage", "Network interface creation failed")]),
    delete: "DeleteNatGateway",
    ending: ("deleting", 60..=180),
    accepted: |id| json!({ "natGatewayId": id }),
    // A route may lead to a pending or a failed gateway, once EC2 knows the gateway.
    // <https://github.com/boto/boto3/issues/779>
    ..LIFECYCLE
};

/// An interface endpoint is pending while its network interfaces are made, and deleting while they go.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>
const INTERFACE_ENDPOINT: Lifecycle = Lifecycle {
    service: "ec2",
    create: "CreateVpcEndpoint",
    shown_by: &["CreateVpcEndpoint", "DescribeVpcEndpoints"],
    describe: ("DescribeVpcEndpoints", &["VpcEndpointId.1"]),
    key: &[(&["VpcEndpointId", "VpcEndpointId.1"], "vpcEndpointId")],
    state: "state",
    making: Some(("pending", 20..=120)),
    delete: "DeleteVpcEndpoints",
    ending: ("deleting", 20..=120),
    accepted: |_| json!({ "unsuccessful": "" }),
    only: Some(("vpcEndpointType", "Interface")),
    needed_by: &[(
        "ModifyVpcEndpoint",
        ("IncorrectState", "The vpcEndpoint '{key}' is not in a state that can be modified"),
    )],
    ..LIFECYCLE
};

const SAGEMAKER: Lifecycle = Lifecycle { service: "sagemaker", ..LIFECYCLE };

const NOT_IN_SERVICE: (&str, &str) = ("ValidationException", "Domain {key} is not in InService status.");

/// A domain changes one thing at a time, and goes only without apps, spaces and profiles.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeDomain.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html>
const DOMAIN: Lifecycle = Lifecycle {
    create: "CreateDomain",
    shown_by: &["DescribeDomain", "ListDomains"],
    describe: ("DescribeDomain", &["DomainId"]),
    key: &[(&["DomainId"], "DomainId")],
    making: Some(("Pending", 180..=480)),
    // The first file system of an account may fail so; another attempt works.
    // <https://github.com/aws/aws-cdk/issues/34818>
    failed: (
        "Failed",
        &[("FailureReason", "Unable to create Amazon EFS for domain because KMS key 'null' does not exist")],
    ),
    changing: Some(("UpdateDomain", &["Status"], "Updating", 10..=40)),
    delete: "DeleteDomain",
    ending: ("Deleting", 60..=240),
    occupied_by: &[
        ("ListApps", "Apps", &["DomainIdEquals"]),
        ("ListSpaces", "Spaces", &["DomainIdEquals"]),
        ("ListUserProfiles", "UserProfiles", &["DomainIdEquals"]),
    ],
    busy: Some((
        "ResourceInUse",
        "Domain {key} cannot be changed now: it is being changed, or it still has UserProfiles, Spaces or Apps.",
    )),
    needed_by: &[("CreateUserProfile", NOT_IN_SERVICE), ("CreateSpace", NOT_IN_SERVICE), ("CreateApp", NOT_IN_SERVICE)],
    ..SAGEMAKER
};

/// A profile goes only without apps.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeUserProfile.html>
const USER_PROFILE: Lifecycle = Lifecycle {
    create: "CreateUserProfile",
    shown_by: &["DescribeUserProfile", "ListUserProfiles"],
    describe: ("DescribeUserProfile", &["DomainId", "UserProfileName"]),
    key: &[(&["DomainId"], "DomainId"), (&["UserProfileName"], "UserProfileName")],
    making: Some(("Pending", 5..=30)),
    changing: Some(("UpdateUserProfile", &["Status"], "Updating", 5..=20)),
    delete: "DeleteUserProfile",
    ending: ("Deleting", 5..=40),
    occupied_by: &[("ListApps", "Apps", &["DomainIdEquals", "UserProfileNameEquals"])],
    busy: Some((
        "ResourceInUse",
        "UserProfile {key} cannot be changed now: it is being changed, or it still has Apps.",
    )),
    ..SAGEMAKER
};

/// A space goes only without apps.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeSpace.html>
const SPACE: Lifecycle = Lifecycle {
    create: "CreateSpace",
    shown_by: &["DescribeSpace", "ListSpaces"],
    describe: ("DescribeSpace", &["DomainId", "SpaceName"]),
    key: &[(&["DomainId"], "DomainId"), (&["SpaceName"], "SpaceName")],
    making: Some(("Pending", 5..=30)),
    changing: Some(("UpdateSpace", &["Status"], "Updating", 5..=20)),
    delete: "DeleteSpace",
    ending: ("Deleting", 5..=40),
    occupied_by: &[("ListApps", "Apps", &["DomainIdEquals", "SpaceNameEquals"])],
    busy: Some(("ResourceInUse", "Space {key} cannot be changed now: it is being changed, or it still has Apps.")),
    ..SAGEMAKER
};

/// An app takes its time to start and to stop.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeApp.html>
const APP: Lifecycle = Lifecycle {
    create: "CreateApp",
    shown_by: &["DescribeApp", "ListApps"],
    describe: ("DescribeApp", &["DomainId", "UserProfileName", "SpaceName", "AppType", "AppName"]),
    key: &[
        (&["DomainId"], "DomainId"),
        (&["UserProfileName"], "UserProfileName"),
        (&["SpaceName"], "SpaceName"),
        (&["AppType"], "AppType"),
        (&["AppName"], "AppName"),
    ],
    making: Some(("Pending", 10..=60)),
    delete: "DeleteApp",
    ending: ("Deleting", 10..=60),
    busy: Some(("ResourceInUse", "App {key} cannot be deleted now.")),
    ..SAGEMAKER
};

/// A feature group changes one thing at a time, and its name is taken until it is gone.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeFeatureGroup.html>
const FEATURE_GROUP: Lifecycle = Lifecycle {
    create: "CreateFeatureGroup",
    shown_by: &["DescribeFeatureGroup", "ListFeatureGroups"],
    describe: ("DescribeFeatureGroup", &["FeatureGroupName"]),
    key: &[(&["FeatureGroupName"], "FeatureGroupName")],
    state: "FeatureGroupStatus",
    making: Some(("Creating", 15..=90)),
    // The role's policies may not count yet when AWS makes the table.
    // <https://github.com/aws/amazon-sagemaker-examples/issues/2079>
    failed: ("CreateFailed", &[("FailureReason", "The role is not authorized to perform: glue:CreateTable")]),
    changing: Some(("UpdateFeatureGroup", &["LastUpdateStatus", "Status"], "InProgress", 15..=60)),
    delete: "DeleteFeatureGroup",
    ending: ("Deleting", 15..=60),
    busy: Some(("ResourceInUse", "FeatureGroup {key} is being created, updated or deleted.")),
    still_going: Some((
        "FeatureGroupName",
        ("ResourceInUse", "FeatureGroup with name {key} already exists with status Deleting."),
    )),
    ..SAGEMAKER
};

/// An MLflow app changes one thing at a time, and takes a few minutes to come and to go.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeMlflowApp.html>
const MLFLOW_APP: Lifecycle = Lifecycle {
    create: "CreateMlflowApp",
    shown_by: &["DescribeMlflowApp", "ListMlflowApps"],
    describe: ("DescribeMlflowApp", &["Arn"]),
    key: &[(&["Arn"], "Arn")],
    making: Some(("Creating", 60..=180)),
    failed: ("CreateFailed", &[]),
    changing: Some(("UpdateMlflowApp", &["Status"], "Updating", 20..=90)),
    delete: "DeleteMlflowApp",
    ending: ("Deleting", 30..=120),
    busy: Some(("ConflictException", "MLflow App {key} cannot be changed in its current status.")),
    ..SAGEMAKER
};

/// A state machine goes once its executions have ended, and its name is taken until then.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
const STATE_MACHINE: Lifecycle = Lifecycle {
    service: "states",
    create: "CreateStateMachine",
    shown_by: &["DescribeStateMachine"],
    describe: ("DescribeStateMachine", &["stateMachineArn"]),
    key: &[(&["stateMachineArn"], "stateMachineArn")],
    state: "status",
    delete: "DeleteStateMachine",
    ending: ("DELETING", 10..=60),
    still_going: Some(("name", ("StateMachineDeleting", "State Machine Deleting: '{key}'"))),
    needed_by: &[("UpdateStateMachine", ("StateMachineDeleting", "State Machine Deleting: '{key}'"))],
    ..LIFECYCLE
};

/// A trigger takes a moment to be made and to go.
/// <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-trigger.html>
const TRIGGER: Lifecycle = Lifecycle {
    service: "glue",
    create: "CreateTrigger",
    shown_by: &["GetTrigger", "BatchGetTriggers"],
    describe: ("GetTrigger", &["Name"]),
    key: &[(&["Name"], "Name")],
    state: "State",
    making: Some(("CREATING", 1..=10)),
    delete: "DeleteTrigger",
    ending: ("DELETING", 1..=15),
    accepted: |name| json!({ "Name": name }),
    ..LIFECYCLE
};
