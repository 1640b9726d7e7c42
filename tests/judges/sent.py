"""Requests as boto3 sends them, to plant faults in."""

import functools
from dataclasses import replace
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from judges.relay import Recorded


def sent(service: str, operation: str, **members) -> Recorded:
    """The request of boto3 for a call with these members, which it does not check."""
    try:
        getattr(_client(service), operation)(**members)
    except _Kept as kept:
        return kept.recorded
    raise RuntimeError("nothing was sent")


@functools.cache
def _client(service: str):
    config = Config(
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
    )
    session = boto3.Session("key", "secret", region_name="eu-west-1")
    client = session.client(service, config=config)
    client.meta.events.register("before-send", _keep)
    return client


def _keep(request, **_):
    parts = urlsplit(request.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else bytes(body)
    raise _Kept(Recorded(request.method, path or "/", headers, body))


class _Kept(Exception):  # noqa: N818 (what would be sent, on its way out of boto3)
    def __init__(self, recorded: Recorded):
        super().__init__()
        self.recorded = recorded


def changed(recorded: Recorded, old: str, new: str) -> Recorded:
    """A request with another text in its path or its body."""
    body = recorded.body.replace(old.encode(), new.encode())
    altered = replace(recorded, path=recorded.path.replace(old, new), body=body)
    if altered == recorded:
        raise ValueError(f"{old} is not in the request")
    return altered


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else value
