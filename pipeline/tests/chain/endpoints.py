"""SageMaker's endpoints, which take their time to come into service, to be updated, and to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint
from moto.sagemaker.responses import SageMakerResponse

STEADY = {"InService", "Failed"}


class Endpoints:
    """Gives moto's endpoints a life. Each look at one shows where it is and lets it go one step further."""

    def __init__(self) -> None:
        # The end of the next deployments: well, rolled back, failed, not at all, or guarded: as the alarms want it.
        self.outcome = "well"
        self.is_alarming = lambda: False
        # The phases that an endpoint has still before it: status, configuration, reason.
        self.ahead: dict[str, list[tuple[str, str, str | None]]] = {}
        # The last request to update each endpoint.
        self.updates: dict[str, dict[str, Any]] = {}
        # The configuration that each endpoint had before it.
        self.before: dict[str, str] = {}
        for operation in (self.create_endpoint, self.update_endpoint, self.describe_endpoint, self.delete_config):
            self.attach(operation)

    def attach(self, serve: Callable[[Any, dict[str, Any], Any], Any]) -> None:
        name = {"delete_config": "delete_endpoint_config"}.get(serve.__name__, serve.__name__)
        served = getattr(SageMakerResponse, name, None)

        def handler(request: SageMakerResponse) -> Any:
            return serve(request.sagemaker_backend, json.loads(request.body), lambda: served(request))

        handler.__name__ = name
        setattr(SageMakerResponse, name, handler)

    def create_endpoint(self, backend: Any, request: dict[str, Any], record: Any) -> Any:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        if name in backend.endpoints:
            raise ValidationError(f"Cannot create already existing endpoint {name}")
        answer = record()
        end = {
            "failed": ("Failed", config, "The primary container did not pass the ping health check"),
            "never": ("Creating", config, None),
        }.get(self.outcome, ("InService", config, None))
        self.go(backend.endpoints[name], [("Creating", config, None), end])
        return answer

    def update_endpoint(self, backend: Any, request: dict[str, Any], _: Any) -> ActionResult:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        endpoint = backend.endpoints[name]
        if endpoint.endpoint_status not in STEADY - {"Failed"}:
            raise ValidationError(f"Cannot update in-progress endpoint {name}")
        before = endpoint.endpoint_config_name
        backend.describe_endpoint_config(config)
        self.updates[name], self.before[name] = request, before
        end = {
            "rolled back": [("RollingBack", before, None), ("InService", before, "An alarm is in ALARM state")],
            "superseded": [("InService", "another", None)],
            # The new instances have the traffic, and the old ones are kept for a while.
            "guarded": [("Updating", config, None), ("Updating", config, None), ("InService", config, None)],
        }.get(self.outcome, [("InService", config, None)])
        self.go(endpoint, [("Updating", before, None), *end])
        return ActionResult({"EndpointArn": endpoint.arn})

    def describe_endpoint(self, backend: Any, request: dict[str, Any], describe: Any) -> Any:
        answer = describe()
        endpoint = backend.endpoints[request["EndpointName"]]
        if self.outcome == "guarded" and endpoint.endpoint_status == "Updating" and self.is_alarming():
            before = self.before[endpoint.endpoint_name]
            self.ahead[endpoint.endpoint_name] = [("InService", before, "An alarm is in ALARM state")]
        self.go(endpoint, self.ahead.get(endpoint.endpoint_name, []))
        return answer

    def go(self, endpoint: FakeEndpoint, ahead: list[tuple[str, str, str | None]]) -> None:
        if ahead:
            endpoint.endpoint_status, endpoint.endpoint_config_name, endpoint.failure_reason = ahead[0]
        self.ahead[endpoint.endpoint_name] = ahead[1:]

    def delete_config(self, backend: Any, request: dict[str, Any], delete: Any) -> Any:
        """AWS asks never to do this. Here it is refused, and would be seen."""
        users = [e for e in backend.endpoints.values() if e.endpoint_config_name == request["EndpointConfigName"]]
        if users:
            raise ValidationError("Cannot delete the configuration of a live endpoint")
        return delete()
