"""Buckets as folders: filled before a run, written back after it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .objects import Objects

THREADS = 8


class Folder:
    """A bucket's objects as files. Objects keep their times, by which a script may tell the newer one."""

    def __init__(self, objects: Objects, bucket: str, path: Path) -> None:
        self.objects, self.bucket, self.path = objects, bucket, path
        path.mkdir()
        found = objects.list(f"s3://{bucket}/")
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.fetch, [item for item in found if not item["Key"].endswith("/")]))
            for item in found:
                seconds = item["LastModified"].timestamp()
                if not item["Key"].endswith("/"):
                    os.utime(path / item["Key"], (seconds, seconds))
        self.before = self.times()

    def fetch(self, item: dict) -> None:
        self.objects.download(f"s3://{self.bucket}/{item['Key']}", self.path / item["Key"])

    def times(self) -> dict[str, int]:
        files = [path for path in self.path.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {path.relative_to(self.path).as_posix(): path.stat().st_mtime_ns for path in files}

    def write_back(self) -> None:
        after = self.times()
        changed = [key for key, time in after.items() if self.before.get(key) != time]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.store, changed))
        for key in self.before.keys() - after.keys():
            self.objects.s3.delete_object(Bucket=self.bucket, Key=key)

    def store(self, key: str) -> None:
        self.objects.upload(self.path / key, f"s3://{self.bucket}/{key}")
