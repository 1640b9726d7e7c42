"""Objects in the buckets of the embedded AWS."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

CHUNK = 1 << 20  # bytes


def location(uri: str) -> tuple[str, str]:
    """The bucket and the key, which may have any characters."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class Objects:
    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def get(self, uri: str) -> bytes:
        bucket, key = location(uri)
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, uri: str, body: bytes) -> None:
        bucket, key = location(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def download(self, uri: str, path: Path) -> None:
        """Writes an object to a file, in one call: the embedded AWS would read it from its beginning for each part."""
        bucket, key = location(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(self.s3.get_object(Bucket=bucket, Key=key)["Body"], file, CHUNK)

    def upload(self, path: Path, uri: str) -> None:
        bucket, key = location(uri)
        self.s3.upload_file(str(path), bucket, key)

    def list(self, uri: str) -> list[dict[str, Any]]:
        """The objects under a prefix: keys, sizes and times."""
        bucket, prefix = location(uri)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]
