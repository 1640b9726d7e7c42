"""Tells the embedded AWS what happens in an execution."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime
from typing import Any

from .clients import Clients
from .containers import DIRECT

# The operation is the embedded AWS's own.
TARGET = "AWSStepFunctions.RecordExecution"


class Recording:
    def __init__(self, clients: Clients, execution: str) -> None:
        self.clients, self.execution = clients, execution

    def tell(self, described: dict[str, Any], events: list[dict[str, Any]]) -> None:
        # The first event is the embedded AWS's own.
        events = [event for event in events if event["type"] != "ExecutionStarted"]
        # The protocol's times are seconds since 1970.
        for event in events:
            event["timestamp"] = datetime.fromisoformat(event["timestamp"]).timestamp()
        body = json.dumps({"executionArn": self.execution, **described, "events": events})
        scope = f"local/20260101/{self.clients.region}/states/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": TARGET,
            # The embedded AWS reads where a call goes, and checks no signature.
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        with DIRECT.open(urllib.request.Request(self.clients.endpoint, body.encode(), headers)) as answer:
            answer.read()
