"""The part of the S3 client that the functions use, over a dictionary."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from botocore.response import StreamingBody


class FakeS3:
    def __init__(self, objects: dict[str, str | bytes] | None = None, page_size: int = 2) -> None:
        self.objects = {k: v.encode() if isinstance(v, str) else v for k, v in (objects or {}).items()}
        self.page_size = page_size

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        body = self.objects[f"{Bucket}/{Key}"]
        return {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentLength": len(body)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        self.objects[f"{Bucket}/{Key}"] = Body

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        names = sorted(name for name in self.objects if name.startswith(f"{Bucket}/{Prefix}"))
        if not names:
            yield {"KeyCount": 0}
        for start in range(0, len(names), self.page_size):
            page = names[start : start + self.page_size]
            yield {"Contents": [{"Key": n.removeprefix(f"{Bucket}/"), "Size": len(self.objects[n])} for n in page]}
