"""Glue's job runs: the script that the job names, run under Spark on S3."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import urlparse

import boto3
from moto.glue.models import FakeJob, FakeJobRun
from pyspark.sql import SparkSession


class Mount:
    """A bucket as Spark sees it under `s3://`: a folder that is filled before a run and written back after it.

    PyPI has no S3 client for Hadoop, whose file systems of its own can be mounted under any scheme.
    """

    def __init__(self, spark: SparkSession, bucket: str, folder: Path) -> None:
        self.bucket, self.folder, self.s3 = bucket, folder, boto3.client("s3")
        settings = spark.sparkContext._jsc.hadoopConfiguration()
        settings.set("fs.s3.impl", "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme")
        settings.set("fs.viewfs.overload.scheme.target.file.impl", "org.apache.hadoop.fs.LocalFileSystem")
        settings.set("fs.s3.impl.disable.cache", "true")
        settings.set(f"fs.viewfs.mounttable.{bucket}.linkFallback", folder.as_uri())
        folder.mkdir()
        self.before = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                path = folder / item["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                written = item["LastModified"].timestamp()
                os.utime(path, (written, written))
                self.before[item["Key"]] = path.stat().st_mtime_ns

    def write_back(self) -> None:
        files = [path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        after = {str(path.relative_to(self.folder)): path.stat().st_mtime_ns for path in files}
        for key in after.keys() - {key for key, time in self.before.items() if after.get(key) == time}:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=(self.folder / key).read_bytes())
        for key in self.before.keys() - after.keys():
            self.s3.delete_object(Bucket=self.bucket, Key=key)


def read(uri: str) -> bytes:
    parts = urlparse(uri)
    return boto3.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()


def execute(job: FakeJob, run: FakeJobRun, spark: SparkSession) -> None:
    with TemporaryDirectory(prefix="glue-") as name:
        folder = Path(name)
        script = folder / "script.py"
        script.write_bytes(read(job.command["ScriptLocation"]))
        spec = importlib.util.spec_from_file_location("glue_script", script)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        # Its data classes look their module up by name.
        sys.modules["glue_script"] = module
        spec.loader.exec_module(module)
        mount = Mount(spark, urlparse(run.arguments["--raw"]).netloc, folder / "bucket")
        try:
            given = {"--JOB_NAME": job.name, **run.arguments}
            module.main([str(script), *[part for pair in given.items() for part in pair]])
        finally:
            mount.write_back()


class Runs:
    """Gives moto's job runs a life: they run in a thread and end as the script does."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        record, describe = FakeJob.start_job_run, FakeJobRun.as_dict

        def start_job_run(job: FakeJob, **request: Any) -> str:
            run_id = record(job, **request)
            run = next(run for run in job.job_runs if run.job_run_id == run_id)
            # moto would let it succeed at the first look.
            run._transitions, run.status, run.error = [], "RUNNING", None
            Thread(target=self.work, args=(job, run), daemon=True).start()
            return run_id

        def as_dict(run: FakeJobRun) -> dict[str, Any]:
            shown = describe(run)
            return shown | {"ErrorMessage": run.error} if run.error else shown

        FakeJob.start_job_run, FakeJobRun.as_dict = start_job_run, as_dict

    def work(self, job: FakeJob, run: FakeJobRun) -> None:
        try:
            execute(job, run, self.spark)
            run.status = "SUCCEEDED"
        except BaseException as error:
            run.error = f"{type(error).__name__}: {error}"
            run.status = "FAILED"
