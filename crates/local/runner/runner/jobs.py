"""SageMaker's training and transform jobs, done by an image's programs in the container's directories."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import time
from typing import Any

from .batch_transform import batches, transformed
from .clients import Clients, Refusal
from .containers import Container, Images, JobFailed, Server, free_port
from .logs import Logs
from .objects import Objects, location
from .programs import Programs
from .serving import container_of

PAYLOAD_MB = 6  # SageMaker's default


@dataclass
class Job:
    request: dict[str, Any]
    arn: str
    status: str = "InProgress"
    failure: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    program: subprocess.Popen[bytes] | None = None


class Jobs:
    """Jobs of one kind are in progress, do their work in a thread, and end as the work does."""

    def __init__(self, clients: Clients, programs: Programs, images: Images, kind: str) -> None:
        self.clients, self.programs, self.images, self.kind = clients, programs, images, kind
        self.jobs: dict[str, Job] = {}
        self.before_work: Callable[[], None] = lambda: None
        clients.played["sagemaker", f"Create{kind}"] = self.create
        clients.played["sagemaker", f"Describe{kind}"] = self.describe
        clients.played["sagemaker", f"Stop{kind}"] = self.stop

    @property
    def objects(self) -> Objects:
        return Objects(self.clients.client("s3"))

    def find(self, request: dict[str, Any]) -> Job:
        job = self.jobs.get(request[f"{self.kind}Name"])
        if job is None:
            raise Refusal("ValidationException", "Requested resource not found.")
        return job

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request[f"{self.kind}Name"]
        if name in self.jobs:
            raise Refusal("ResourceInUse", f"{self.kind} names must be unique: {name}")
        words = {"TrainingJob": "training-job", "TransformJob": "transform-job"}
        arn = f"arn:aws:sagemaker:{self.clients.region}:{self.clients.account}:{words[self.kind]}/{name}"
        self.jobs[name] = Job(request, arn)
        Thread(target=self.work, args=(name, self.jobs[name]), daemon=True).start()
        return {f"{self.kind}Arn": arn}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self.find(request)
        shown = {
            **job.request,
            f"{self.kind}Arn": job.arn,
            f"{self.kind}Status": job.status,
            "CreationTime": job.created,
            **self.result(job),
        }
        if self.kind == "TrainingJob":
            shown["SecondaryStatus"] = "Training" if job.status == "InProgress" else job.status
        ended = "TrainingEndTime" if self.kind == "TrainingJob" else "TransformEndTime"
        if job.ended:
            shown[ended] = job.ended
        if job.failure:
            shown["FailureReason"] = job.failure
        return shown

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self.find(request)
        if job.status == "InProgress":
            job.status = "Stopped"
            self.end(job)
        return {}

    def end(self, job: Job) -> None:
        if job.program:
            self.programs.end(job.program)

    def started(self, job: Job, program: subprocess.Popen[bytes]) -> None:
        job.program = program
        if job.status == "Stopped":
            self.end(job)

    def work(self, name: str, job: Job) -> None:
        try:
            self.before_work()
            container = Container(self.image(job), self.images, self.programs)
            with container.folder:
                try:
                    self.run(name, job, container)
                finally:
                    self.log(name, container.said())
            status = "Completed"
        except Exception as error:
            status = "Failed"
            if job.status != "Stopped":
                job.failure = str(error) if isinstance(error, JobFailed) else f"InternalServerError: {error!r}"
        job.ended = datetime.now(UTC)
        if job.status != "Stopped":
            job.status = status

    def log(self, name: str, text: str) -> None:
        logs = Logs(self.clients.client("logs"))
        logs.write(f"/aws/sagemaker/{self.kind}s", f"{name}/algo-1-{int(time())}", text)

    def objects_of(self, source: dict[str, str]) -> dict[str, str]:
        """The URIs of a data source's objects, by the rest of their keys: those under a prefix, or in a manifest.

        <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html>
        """
        uri = source["S3Uri"]
        bucket, prefix = location(uri)
        if source["S3DataType"] == "ManifestFile":
            common, *names = json.loads(self.objects.get(uri))
            bucket, prefix = location(common["prefix"])
            keys = [prefix + name for name in names]
        else:
            keys = [item["Key"] for item in self.objects.list(uri)]
        if not keys:
            raise JobFailed(f"ClientError: No S3 objects found under S3 URL {uri!r}")
        return {key.removeprefix(prefix): f"s3://{bucket}/{key}" for key in keys}

    def image(self, job: Job) -> str:
        raise NotImplementedError

    def run(self, name: str, job: Job, container: Container) -> None:
        raise NotImplementedError

    def result(self, job: Job) -> dict[str, Any]:
        raise NotImplementedError


class TrainingJobs(Jobs):
    def __init__(self, clients: Clients, programs: Programs, images: Images) -> None:
        super().__init__(clients, programs, images, "TrainingJob")

    def image(self, job: Job) -> str:
        return job.request["AlgorithmSpecification"]["TrainingImage"]

    def artifact(self, job: Job) -> str:
        return f"{job.request['OutputDataConfig']['S3OutputPath']}/{job.request['TrainingJobName']}/output/model.tar.gz"

    def result(self, job: Job) -> dict[str, Any]:
        return {"ModelArtifacts": {"S3ModelArtifacts": self.artifact(job)}}

    def run(self, name: str, job: Job, container: Container) -> None:
        for channel in job.request["InputDataConfig"]:
            source = channel["DataSource"]["S3DataSource"]
            for name_in_channel, uri in self.objects_of(source).items():
                target = container.root / "input" / "data" / channel["ChannelName"] / name_in_channel
                self.objects.download(uri, target)
        parameters = job.request.get("HyperParameters", {})
        if "sagemaker_program" in parameters:
            raise JobFailed("ClientError: an image of AWS that trains by a script cannot run on this machine")
        container.write("input/config/hyperparameters.json", json.dumps(parameters).encode())
        program = container.start("train.py", TRAINING_JOB_NAME=name)
        self.started(job, program)
        if program.wait() != 0:
            raise JobFailed(f"AlgorithmError: {container.failure()}, exit code: {program.returncode}")
        self.objects.put(self.artifact(job), container.model())


class TransformJobs(Jobs):
    def __init__(self, clients: Clients, programs: Programs, images: Images) -> None:
        super().__init__(clients, programs, images, "TransformJob")

    def container(self, job: Job) -> dict[str, str]:
        return container_of(self.clients, job.request["ModelName"])

    def image(self, job: Job) -> str:
        return self.container(job)["Image"]

    def result(self, job: Job) -> dict[str, Any]:
        return {}

    def run(self, name: str, job: Job, container: Container) -> None:
        container.unpack(self.objects.get(self.container(job)["ModelDataUrl"]))
        server = Server(container, free_port())
        self.started(job, server.program)
        try:
            server.await_ping()
            for key, uri in self.objects_of(job.request["TransformInput"]["DataSource"]["S3DataSource"]).items():
                read, written = container.root / "rows", container.root / "answers"
                self.objects.download(uri, read)
                self.transform(job.request, server, read, written)
                self.objects.upload(written, f"{job.request['TransformOutput']['S3OutputPath']}/{key}.out")
        finally:
            server.end()

    def transform(self, request: dict[str, Any], server: Server, read: Path, written: Path) -> None:
        """Sends a file's rows request by request, and writes the answers, so that memory holds one request."""
        content_type, processing = request["TransformInput"]["ContentType"], request.get("DataProcessing", {})
        megabytes = request.get("MaxPayloadInMB") or PAYLOAD_MB
        with read.open(newline="", encoding="utf-8") as rows, written.open("w", encoding="utf-8") as answers:
            for batch in batches(rows, megabytes):
                predict = lambda sent: server.predict(sent.encode(), content_type).decode()  # noqa: E731
                answers.write(transformed(batch, processing, predict))
