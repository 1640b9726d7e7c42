"""SageMaker's training and transform jobs, done by the programs of `pipeline/image` in the container's directories."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import urlparse

import boto3
from moto.core.responses import EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, SagemakerClientError
from moto.sagemaker.responses import SageMakerResponse

SERVES_WITHIN = 300  # seconds
# No proxy of the environment stands before this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ResourceLimitExceeded(SagemakerClientError):
    code = "ResourceLimitExceeded"


class JobFailed(Exception):
    """Why, in SageMaker's words: an algorithm error is the container's own, a client error the request's."""


def location(uri: str) -> tuple[str, str]:
    parts = urlparse(uri)
    return parts.netloc, parts.path.lstrip("/")


def objects(source: dict[str, str]) -> dict[str, bytes]:
    """What a data source names, by the rest of the keys: what is under a prefix, or what a manifest lists.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    s3, (bucket, prefix) = boto3.client("s3"), location(source["S3Uri"])
    if source["S3DataType"] == "ManifestFile":
        common, *names = json.load(s3.get_object(Bucket=bucket, Key=prefix)["Body"])
        bucket, prefix = location(common["prefix"])
        keys = [prefix + name for name in names]
    else:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    if not keys:
        raise JobFailed(f"ClientError: No S3 objects found under S3 URL {source['S3Uri']!r}")
    return {key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def put(uri: str, body: bytes) -> None:
    bucket, key = location(uri)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


class Container:
    """One run of an image: its `/opt/ml`, and the program in it."""

    def __init__(self, image: str, images: dict[str, Path]) -> None:
        if image not in images:
            raise JobFailed(f"ClientError: Cannot find repository or image {image}")
        self.programs = images[image]
        self.folder = TemporaryDirectory(prefix="opt-ml-")
        self.root = Path(self.folder.name)

    def write(self, path: str, content: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def start(self, program: str, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, self.programs / program],
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(self.root), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def model(self) -> bytes:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path in sorted((self.root / "model").iterdir()):
                tar.add(path, arcname=path.name)
        return archive.getvalue()

    def failure(self) -> str:
        path = self.root / "output" / "failure"
        return path.read_text()[:1024] if path.exists() else "the container left no reason"


def train(job: dict[str, Any], images: dict[str, Path], started: Any) -> None:
    container = Container(job["AlgorithmSpecification"]["TrainingImage"], images)
    with container.folder:
        for channel in job["InputDataConfig"]:
            source = channel["DataSource"]["S3DataSource"]
            for name, body in objects(source).items():
                container.write(f"input/data/{channel['ChannelName']}/{name}", body)
        parameters = json.dumps(job.get("HyperParameters", {}))
        container.write("input/config/hyperparameters.json", parameters.encode())
        program = container.start("train.py")
        started(program)
        if program.wait() != 0:
            raise JobFailed(f"AlgorithmError: {container.failure()}, exit code: {program.returncode}")
        put(
            f"{job['OutputDataConfig']['S3OutputPath']}/{job['TrainingJobName']}/output/model.tar.gz", container.model()
        )


def chosen(path: str, row: list[str]) -> list[str]:
    """The fields that a filter names: `$[1:]` a slice, `$[0,-1]` single fields."""
    if path == "$":
        return row
    inner = re.fullmatch(r"\$\[([-\d:,]+)\]", path)
    if not inner:
        raise JobFailed(f"ClientError: {path!r} is no filter of a CSV row")
    if ":" in inner[1]:
        first, last = (int(end) if end else None for end in inner[1].split(":"))
        return row[first:last]
    return [row[int(position)] for position in inner[1].split(",")]


def transformed(lines: str, processing: dict[str, str], predict: Any) -> str:
    """The rows that the model sees, and its answers joined to the rows that were read."""
    rows = [row for row in csv.reader(lines.splitlines()) if row]
    sent = "".join(",".join(chosen(processing.get("InputFilter", "$[0:]"), row)) + "\n" for row in rows)
    answers = [answer.split(",") for answer in predict(sent).splitlines()]
    if len(answers) != len(rows):
        raise JobFailed(f"ClientError: {len(rows)} rows were sent and {len(answers)} predictions came back")
    joined = [row + answer for row, answer in zip(rows, answers, strict=True)]
    shown = joined if processing.get("JoinSource") == "Input" else answers
    return "".join(",".join(chosen(processing.get("OutputFilter", "$[0:]"), row)) + "\n" for row in shown)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_ping(address: str, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVES_WITHIN
    while program.poll() is None and time.monotonic() < deadline:
        try:
            with DIRECT.open(f"{address}/ping", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise JobFailed("AlgorithmError: the container did not pass the health check")


def container_of(model: dict[str, Any]) -> dict[str, Any]:
    """What a model says, or the package that it is made of."""
    if "ModelPackageName" not in model:
        return model
    package = boto3.client("sagemaker").describe_model_package(ModelPackageName=model["ModelPackageName"])
    return package["InferenceSpecification"]["Containers"][0]


def transform(job: dict[str, Any], model: dict[str, Any], images: dict[str, Path], started: Any) -> None:
    container = Container(model["Image"], images)
    with container.folder:
        bucket, key = location(model["ModelDataUrl"])
        archive = boto3.client("s3").get_object(Bucket=bucket, Key=key)
        with tarfile.open(fileobj=io.BytesIO(archive["Body"].read())) as tar:
            tar.extractall(container.root / "model", filter="data")
        port = free_port()
        program = container.start("serve.py", SAGEMAKER_BIND_TO_PORT=str(port))
        started(program)
        try:
            address = f"http://127.0.0.1:{port}"
            await_ping(address, program)

            def predict(body: str) -> str:
                headers = {"Content-Type": job["TransformInput"]["ContentType"]}
                request = urllib.request.Request(f"{address}/invocations", body.encode(), headers)
                with DIRECT.open(request, timeout=SERVES_WITHIN) as answer:
                    return answer.read().decode()

            for name, body in objects(job["TransformInput"]["DataSource"]["S3DataSource"]).items():
                output = transformed(body.decode(), job.get("DataProcessing", {}), predict)
                put(f"{job['TransformOutput']['S3OutputPath']}/{name}.out", output.encode())
        finally:
            program.kill()
            program.wait()


class Jobs:
    """Gives moto's jobs a life: they are in progress, do their work in a thread, and end as the work does."""

    def __init__(self) -> None:
        self.images: dict[str, Path] = {}
        # How many requests for training are still to be refused for want of instances.
        self.refusals = 0
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        for kind in ("training", "transform"):
            self.attach(kind, getattr(SageMakerResponse, f"create_{kind}_job"))

    def attach(self, kind: str, record: Any) -> None:
        def create(request: SageMakerResponse) -> Any:
            body, backend = json.loads(request.body), request.sagemaker_backend
            if kind == "training" and self.refusals:
                self.refusals -= 1
                raise ResourceLimitExceeded("The account-level service limit of instances has been reached")
            name, known = body[f"{kind.title()}JobName"], getattr(backend, f"{kind}_jobs")
            if name in known:
                raise ResourceInUseException(f"{kind.title()} job names must be unique: {name}")
            answer = record(request)
            job = known[name]
            self.show(kind, job, "InProgress")

            def started(program: subprocess.Popen[bytes]) -> None:
                self.programs[name] = program
                if getattr(job, f"{kind}_job_status") == "Stopped":
                    self.end(name)

            work = [body, self.images, started]
            if kind == "transform":
                work.insert(1, container_of(backend.describe_model(body["ModelName"]).primary_container))
            Thread(target=self.work, args=(kind, job, work), daemon=True).start()
            return answer

        def stop(request: SageMakerResponse) -> Any:
            body = json.loads(request.body)
            name = body[f"{kind.title()}JobName"]
            self.show(kind, getattr(request.sagemaker_backend, f"{kind}_jobs")[name], "Stopped")
            self.end(name)
            return EmptyResult()

        create.__name__, stop.__name__ = f"create_{kind}_job", f"stop_{kind}_job"
        setattr(SageMakerResponse, create.__name__, create)
        setattr(SageMakerResponse, stop.__name__, stop)

    def work(self, kind: str, job: Any, work: list[Any]) -> None:
        try:
            (train if kind == "training" else transform)(*work)
            self.show(kind, job, "Completed")
        except Exception as error:
            if getattr(job, f"{kind}_job_status") != "Stopped":
                job.failure_reason = str(error) if isinstance(error, JobFailed) else f"InternalServerError: {error!r}"
                self.show(kind, job, "Failed")

    @staticmethod
    def show(kind: str, job: Any, status: str) -> None:
        setattr(job, f"{kind}_job_status", status)
        if kind == "training":
            job.secondary_status = status

    def end(self, name: str) -> None:
        program = self.programs.get(name)
        if program:
            program.kill()
            program.wait()

    def end_all(self) -> None:
        for name in self.programs:
            self.end(name)
