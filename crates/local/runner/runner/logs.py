"""The output of jobs and functions, in CloudWatch Logs of the embedded AWS."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

# Of CloudWatch Logs: events and bytes in one request, with 26 bytes for each event.
# <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
MOST_EVENTS, MOST_BYTES, OVERHEAD = 10_000, 1_048_576, 26
LONGEST_LINE = 100_000


class Logs:
    def __init__(self, client: Any) -> None:
        self.client = client

    def write(self, group: str, stream: str, text: str) -> None:
        """Adds the lines of a text to a stream. Groups that nobody declared are made, as AWS's services do."""
        lines = [line[:LONGEST_LINE] for line in text.splitlines() if line.strip()]
        if not lines:
            return
        with suppress(self.client.exceptions.ResourceAlreadyExistsException):
            self.client.create_log_group(logGroupName=group)
        with suppress(self.client.exceptions.ResourceAlreadyExistsException):
            self.client.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(time.time() * 1000)
        batch: list[dict[str, Any]] = []
        size = 0
        for line in lines:
            length = len(line.encode()) + OVERHEAD
            if batch and (len(batch) == MOST_EVENTS or size + length > MOST_BYTES):
                self.client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
                batch, size = [], 0
            batch.append({"timestamp": now, "message": line})
            size += length
        self.client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
