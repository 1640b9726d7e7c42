"""Application Auto Scaling: targets and policies, kept as long as this process lives. Nothing scales on one machine."""

from __future__ import annotations

from typing import Any

from .clients import Clients, Refusal

SERVICE = "application-auto-scaling"


class Scaling:
    def __init__(self, clients: Clients) -> None:
        self.targets: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        for operation, answer in (
            ("RegisterScalableTarget", self.register),
            ("DeregisterScalableTarget", self.deregister),
            ("DescribeScalableTargets", self.describe),
            ("PutScalingPolicy", self.put_policy),
            ("DescribeScalingPolicies", self.describe_policies),
        ):
            clients.played[SERVICE, operation] = answer

    def register(self, request: dict[str, Any]) -> dict[str, Any]:
        self.targets[request["ResourceId"]] = request
        return {}

    def deregister(self, request: dict[str, Any]) -> dict[str, Any]:
        resource = request["ResourceId"]
        if self.targets.pop(resource, None) is None:
            raise Refusal("ObjectNotFoundException", f"No scalable target found for resource ID: {resource}")
        self.policies.pop(resource, None)
        return {}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("ResourceIds") or list(self.targets)
        return {"ScalableTargets": [self.targets[resource] for resource in wanted if resource in self.targets]}

    def put_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        self.policies[request["ResourceId"]] = request
        return {"PolicyARN": f"{request['ResourceId']}:policy/{request['PolicyName']}", "Alarms": []}

    def describe_policies(self, request: dict[str, Any]) -> dict[str, Any]:
        policy = self.policies.get(request["ResourceId"])
        return {"ScalingPolicies": [policy] if policy else []}
