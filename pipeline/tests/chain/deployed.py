"""The endpoint, models and configurations of deployments in the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from account import Account, Execution

Deploy = Callable[..., Execution]


def serving(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    return account.sagemaker.describe_endpoint(EndpointName=values["endpoint_name"])


def left(account: Account) -> tuple[set[str], set[str]]:
    """The names of all configurations and models."""
    configs = account.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    models = account.sagemaker.list_models()["Models"]
    return {config["EndpointConfigName"] for config in configs}, {model["ModelName"] for model in models}


def scaling(account: Account, values: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    client = account.clients.client("application-autoscaling")
    resource = f"endpoint/{values['endpoint_name']}/variant/AllTraffic"
    targets = client.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])
    policies = client.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=resource)
    return targets["ScalableTargets"], policies["ScalingPolicies"]
