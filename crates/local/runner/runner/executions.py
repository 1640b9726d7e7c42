"""One execution of a state machine, interpreted by moto."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from .clients import as_json

POLL_INTERVAL = 0.1  # seconds


class Execution:
    """An execution under way: its definition's interpreter works in a thread of its own."""

    def __init__(self, arn: str, definition: str, role: str, given: str) -> None:
        _, _, _, region, account, _, machine, name = arn.split(":")
        backend = StepFunctionsParserBackend(region, account)
        made = backend.create_state_machine(name=machine, definition=definition, roleArn=role)
        self.moto = backend.start_execution(made.arn, name=name, execution_input=given)

    def described(self) -> dict[str, Any]:
        """Its status, and how it ended, as DescribeExecution shows it."""
        shown = json.loads(as_json(self.moto.to_describe_output()))
        ended = ("status", "output", "error", "cause")
        return {name: shown[name] for name in ended if shown.get(name) is not None}

    def history(self) -> list[dict[str, Any]]:
        """The events so far, as GetExecutionHistory shows it."""
        return json.loads(as_json(self.moto.to_history_output()["events"]))

    def follow(self, tell: Callable[[dict[str, Any], list[dict[str, Any]]], None]) -> None:
        """Tells of new events as they happen, until the end."""
        told = 0
        while True:
            # The status first: a history that is read after the end is whole.
            described, events = self.described(), self.history()
            if events[told:] or described["status"] != "RUNNING":
                tell(described, events[told:])
                told = len(events)
            if described["status"] != "RUNNING":
                return
            time.sleep(POLL_INTERVAL)
