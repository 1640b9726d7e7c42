"""Objects in the buckets of the embedded AWS."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlparse


def location(uri: str) -> tuple[str, str]:
    parts = urlparse(uri)
    return parts.netloc, parts.path.lstrip("/")


class Objects:
    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def get(self, uri: str) -> bytes:
        bucket, key = location(uri)
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, uri: str, body: bytes) -> None:
        bucket, key = location(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def list(self, uri: str) -> list[dict[str, Any]]:
        """The objects under a prefix: keys, sizes and times."""
        bucket, prefix = location(uri)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]
