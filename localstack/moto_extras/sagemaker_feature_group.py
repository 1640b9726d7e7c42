"""Feature groups: the online store, updates and deletion that moto leaves out."""

from copy import deepcopy

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import AWSValidationException, ResourceNotFound
from moto.sagemaker.models import FeatureGroup, SageMakerModelBackend
from moto.sagemaker.utils import arn_formatter

from moto_extras.operation import Members, given, merged, sagemaker_operation, store

KEPT_FROM_CREATE = ("OnlineStoreConfig", "Description", "ThroughputConfig")


def feature_group_arn(backend: SageMakerModelBackend, name: str) -> str:
    return arn_formatter("feature-group", name.lower(), backend.account_id, backend.region_name)


def feature_group(backend: SageMakerModelBackend, name: str) -> FeatureGroup:
    try:
        return backend.feature_groups[feature_group_arn(backend, name)]
    except KeyError:
        raise ResourceNotFound(f"Resource Not Found: FeatureGroup {name} not found.") from None


def details(backend: SageMakerModelBackend, group: FeatureGroup) -> Members:
    """The members of a feature group beyond moto's record of it, by their names in the API."""
    return store(backend, "feature_group").setdefault(group.arn, {})


@sagemaker_operation
def create_feature_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    offline = parameters.get("OfflineStoreConfig")
    name = parameters["FeatureGroupName"]
    # moto cannot make a group without an offline store: it gets one and loses it again.
    arn = backend.create_feature_group(
        feature_group_name=name,
        record_identifier_feature_name=parameters["RecordIdentifierFeatureName"],
        event_time_feature_name=parameters["EventTimeFeatureName"],
        feature_definitions=parameters["FeatureDefinitions"],
        offline_store_config=deepcopy(offline or {"S3StorageConfig": {"S3Uri": ""}}),
        role_arn=parameters.get("RoleArn", ""),
        tags=parameters.get("Tags") or [],
    )
    group = feature_group(backend, name)
    if offline is None:
        vars(group)["offline_store_config"] = None
    details(backend, group).update(given(parameters, KEPT_FROM_CREATE))
    return {"FeatureGroupArn": arn}


@sagemaker_operation
def describe_feature_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    group = feature_group(backend, parameters["FeatureGroupName"])
    return {**group.describe(), **details(backend, group)}


@sagemaker_operation
def update_feature_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """Features can be added and never taken away, as in AWS."""
    group = feature_group(backend, parameters["FeatureGroupName"])
    known = {feature["FeatureName"] for feature in group.feature_definitions}
    additions = parameters.get("FeatureAdditions", [])
    for feature in additions:
        if feature["FeatureName"] in known:
            raise AWSValidationException(
                f"Feature {feature['FeatureName']} already exists in {group.feature_group_name}."
            )
    group.feature_definitions = [*group.feature_definitions, *additions]
    changed = details(backend, group)
    for name, value in given(parameters, ("OnlineStoreConfig", "ThroughputConfig")).items():
        changed[name] = merged(changed.get(name), value)
    changed["LastModifiedTime"] = utcnow()
    changed["LastUpdateStatus"] = {"Status": "Successful"}
    return {"FeatureGroupArn": group.arn}


@sagemaker_operation
def delete_feature_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    group = feature_group(backend, parameters["FeatureGroupName"])
    store(backend, "feature_group").pop(group.arn, None)
    del backend.feature_groups[group.arn]
    return {}


@sagemaker_operation
def list_feature_groups(backend: SageMakerModelBackend, parameters: Members) -> Members:
    part = parameters.get("NameContains", "")
    return {
        "FeatureGroupSummaries": [
            {
                "FeatureGroupName": group.feature_group_name,
                "FeatureGroupArn": group.arn,
                "CreationTime": group.creation_time,
                "FeatureGroupStatus": "Created",
            }
            for group in backend.feature_groups.values()
            if part in group.feature_group_name
        ]
    }
