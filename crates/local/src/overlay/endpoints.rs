//! SageMaker: models, and the endpoints they are served at.

use super::kind::{KIND, Kind, List, Match};

pub(super) const MODEL: Kind = Kind {
    name: "Model",
    create: "CreateModel",
    describe: "DescribeModel",
    delete: "DeleteModel",
    lists: &[List {
        operation: "ListModels",
        member: "Models",
        only: None,
        filters: &[("NameContains", "ModelName", Match::Contains)],
    }],
    key: &[("ModelName", &[])],
    answer: &["ModelArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:model/{ModelName}"),
    arn_field: Some("ModelArn"),
    modified: None,
    missing: ("ValidationException", "Could not find model \"{key}\"."),
    exists: ("ValidationException", "Cannot create already existing model \"{key}\"."),
    ..KIND
};

pub(super) const ENDPOINT_CONFIG: Kind = Kind {
    name: "EndpointConfig",
    create: "CreateEndpointConfig",
    describe: "DescribeEndpointConfig",
    delete: "DeleteEndpointConfig",
    lists: &[List {
        operation: "ListEndpointConfigs",
        member: "EndpointConfigs",
        only: None,
        filters: &[("NameContains", "EndpointConfigName", Match::Contains)],
    }],
    key: &[("EndpointConfigName", &[])],
    answer: &["EndpointConfigArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:endpoint-config/{EndpointConfigName}"),
    arn_field: Some("EndpointConfigArn"),
    modified: None,
    missing: ("ValidationException", "Could not find endpoint configuration \"{key}\"."),
    exists: ("ValidationException", "Cannot create already existing endpoint configuration \"{key}\"."),
    ..KIND
};

pub(super) const ENDPOINT: Kind = Kind {
    name: "Endpoint",
    create: "CreateEndpoint",
    describe: "DescribeEndpoint",
    update: Some("UpdateEndpoint"),
    delete: "DeleteEndpoint",
    lists: &[List {
        operation: "ListEndpoints",
        member: "Endpoints",
        only: None,
        filters: &[("NameContains", "EndpointName", Match::Contains)],
    }],
    key: &[("EndpointName", &[])],
    answer: &["EndpointArn"],
    updated: &["EndpointArn"],
    arn: Some("arn:aws:sagemaker:{region}:{account}:endpoint/{EndpointName}"),
    arn_field: Some("EndpointArn"),
    computed: &[("EndpointStatus", "InService")],
    missing: ("ValidationException", "Could not find endpoint \"{key}\"."),
    exists: ("ValidationException", "Cannot create already existing endpoint \"{key}\"."),
    ..KIND
};
