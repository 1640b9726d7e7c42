"""Clients of the embedded AWS, some of whose operations are played here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

Operation = Callable[[dict[str, Any]], dict[str, Any]]
REQUEST_ID = "00000000-0000-0000-0000-000000000000"


class Refusal(Exception):
    """An error as a service answers it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Clients:
    """Makes clients. An operation in `played` is answered by its function, all others by the embedded AWS.

    A request is held against the service's own model either way, as Step Functions does.
    """

    def __init__(self, endpoint: str, region: str, account: str) -> None:
        self.endpoint, self.region, self.account = endpoint, region, account
        # By the service's id in boto's events and the operation's name.
        self.played: dict[tuple[str, str], Operation] = {}

    def client(self, service_name: str, region_name: str | None = None, **_: Any) -> Any:
        """With the arguments of `boto3.client`, whose place it takes in moto's interpreter."""
        client = boto3.client(
            service_name,
            region_name=region_name or self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106
            # The embedded AWS is on this machine.
            config=Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"}),
        )
        service = client.meta.service_model.service_id.hyphenize()
        for (of, operation), answer in self.played.items():
            if of == service:
                self.play(client, service, operation, answer)
        return client

    def play(self, client: Any, service: str, operation: str, answer: Operation) -> None:
        # boto gives the request as it will be sent; what was asked for is kept until then.
        def keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
            context["asked"] = params

        def play(context: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
            try:
                body, status = answer(context["asked"]), 200
            except Refusal as error:
                body, status = {"Error": {"Code": error.code, "Message": str(error)}}, 400
            except ClientError as error:
                # The embedded AWS refused what the answer needs, such as a look at a function that is not there.
                body, status = {"Error": error.response["Error"]}, 400
            metadata = {"RequestId": REQUEST_ID, "HTTPStatusCode": status}
            return AWSResponse(self.endpoint, status, {}, None), {**body, "ResponseMetadata": metadata}

        client.meta.events.register(f"before-parameter-build.{service}.{operation}", keep)
        client.meta.events.register(f"before-call.{service}.{operation}", play)


def as_json(value: Any) -> str:
    """A service's answer as text, with times as Step Functions shows them."""
    return json.dumps(value, default=lambda time: time.isoformat() if isinstance(time, datetime) else str(time))
