"""The part of the SageMaker client that the functions use, over a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class FakeRegistry:
    """A model package group's approved packages, newest first."""

    def __init__(self, *packages: dict[str, str]) -> None:
        self.packages = packages
        self.listed: dict[str, Any] = {}

    def get_paginator(self, operation: str) -> FakeRegistry:
        assert operation == "list_model_packages"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.listed = request
        # A page can be empty and still have a successor.
        yield {"ModelPackageSummaryList": []}
        yield {"ModelPackageSummaryList": [{"ModelPackageArn": f"arn:{i}"} for i in range(len(self.packages))]}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        return {"CustomerMetadataProperties": self.packages[int(ModelPackageName.removeprefix("arn:"))]}
