"""The part of the SageMaker client that the functions use, over a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


def refused(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeRegistry:
    """A model package group's approved packages, newest first, and the package whose model answers at the endpoint."""

    def __init__(self, *packages: dict[str, str], serving: str | None = None) -> None:
        self.packages, self.serving = packages, serving
        self.listed: dict[str, Any] = {}

    @staticmethod
    def arn(number: int) -> str:
        return f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/models/{number}"

    def get_paginator(self, operation: str) -> FakeRegistry:
        assert operation == "list_model_packages"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.listed = request
        # A page can be empty and still have a successor.
        yield {"ModelPackageSummaryList": []}
        yield {"ModelPackageSummaryList": [{"ModelPackageArn": self.arn(i)} for i in range(len(self.packages))]}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        number = int(ModelPackageName.rsplit("/", 1)[1])
        if number >= len(self.packages):
            message = f"ModelPackage {ModelPackageName} does not exist."
            raise refused("ValidationException", message, "DescribeModelPackage")
        return {"ModelPackageArn": ModelPackageName, "CustomerMetadataProperties": self.packages[number]}

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        if self.serving == "denied":
            raise refused("AccessDeniedException", "not authorized", "DescribeEndpoint")
        if self.serving is None:
            raise refused("ValidationException", f'Could not find endpoint "{EndpointName}".', "DescribeEndpoint")
        return {"EndpointConfigName": "config"}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"ModelName": f"{EndpointConfigName}-model"}]}

    def describe_model(self, *, ModelName: str) -> dict[str, Any]:
        assert ModelName == "config-model"
        if self.serving == "not described to us":
            raise refused("AccessDeniedException", "not authorized", "DescribeModel")
        return {"PrimaryContainer": {"ModelPackageName": self.serving}}
