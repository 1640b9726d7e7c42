"""The model that a new one is compared with: the one in service, otherwise the newest that is approved."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

# SageMaker has no error of its own for what does not exist.
MISSING = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException")


def described(call: Any, *, own: bool = True, **request: str) -> dict[str, Any] | None:
    """The answer of a describe call, None if there is no such resource.

    The role may look at this platform's models alone, so one that is not the platform's `own` may be denied.
    """
    try:
        return call(**request)
    except ClientError as error:
        text = error.response["Error"]["Message"].lower()
        missing = "could not find" in text or "does not exist" in text or "not found" in text
        if error.response["Error"]["Code"] in MISSING and missing:
            return None
        if not own and error.response["Error"]["Code"] == "AccessDeniedException":
            return None
        raise


def serving_package(sagemaker: Any, endpoint: str) -> str | None:
    """The ARN of the package whose model answers at an endpoint, None where that is not known."""
    found = described(sagemaker.describe_endpoint, EndpointName=endpoint)
    name = found and found.get("EndpointConfigName")
    config = name and described(sagemaker.describe_endpoint_config, EndpointConfigName=name)
    variant = config["ProductionVariants"][0] if config else {}
    model = variant.get("ModelName") and described(sagemaker.describe_model, own=False, ModelName=variant["ModelName"])
    containers = [model.get("PrimaryContainer") or {}, *model.get("Containers", [])] if model else []
    return next((c["ModelPackageName"] for c in containers if c.get("ModelPackageName")), None)


def newest_approved(sagemaker: Any, group: str) -> str | None:
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    # A page can be empty and still have a successor.
    return next((s["ModelPackageArn"] for page in pages for s in page["ModelPackageSummaryList"]), None)


def find(sagemaker: Any, group: str, endpoint: str | None) -> dict[str, Any] | None:
    """The description of the champion's package; None for the first model of a group."""
    serving = serving_package(sagemaker, endpoint) if endpoint else None
    # The model in service may be a foreign one, and a deleted package can be scored no more.
    if serving and f":model-package/{group}/" in serving:
        package = described(sagemaker.describe_model_package, ModelPackageName=serving)
        if package:
            return package
    approved = newest_approved(sagemaker, group)
    return sagemaker.describe_model_package(ModelPackageName=approved) if approved else None
