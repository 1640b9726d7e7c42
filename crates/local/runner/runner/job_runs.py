"""Glue's job runs: the script that the job names, run under Spark on this machine."""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any

from .buckets import Folder
from .clients import Clients, Refusal
from .logs import Logs
from .objects import Objects, location
from .programs import Programs

PROCESS = Path(__file__).with_name("spark_process.py")
# Arguments that Glue reads itself; all others are the script's.
MODULES = "--extra-py-files"
OF_GLUE = {MODULES, "--TempDir", "--spark-event-logs-path", "--extra-jars", "--extra-files"}


class Spark:
    """A process with Spark in it. One that was ended is started anew."""

    def __init__(self, programs: Programs, memory: str) -> None:
        self.programs, self.memory = programs, memory
        self.folder = TemporaryDirectory(prefix="spark-")
        self.turn = Lock()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.process = self.programs.start(
                [PROCESS, self.memory, self.folder.name],
                {},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self.process

    def run(self, asked: dict[str, Any]) -> str | None:
        process = self.start()
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return json.loads(answer)["error"] if answer else "the process of Spark ended"

    def end(self) -> None:
        if self.process:
            self.programs.end(self.process)

    def end_if_idle(self) -> None:
        """Frees the memory of Spark, unless it does a run."""
        if self.turn.acquire(blocking=False):
            try:
                self.end()
            finally:
                self.turn.release()


@dataclass
class Run:
    id: str
    job: str
    arguments: dict[str, str]
    state: str = "RUNNING"
    error: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None

    def shown(self) -> dict[str, Any]:
        fields = {
            "Id": self.id,
            "Attempt": 0,
            "JobName": self.job,
            "JobRunState": self.state,
            "Arguments": self.arguments,
            "StartedOn": self.started,
            "CompletedOn": self.completed,
            "ErrorMessage": self.error,
        }
        return {name: value for name, value in fields.items() if value is not None}


class JobRuns:
    """Job runs are under way, work in a thread, and end as their script does. Spark does one at a time."""

    def __init__(self, clients: Clients, programs: Programs, memory: str) -> None:
        self.clients, self.spark = clients, Spark(programs, memory)
        self.runs: dict[str, Run] = {}
        for operation, answer in (
            ("StartJobRun", self.start),
            ("GetJobRun", self.describe),
            ("GetJobRuns", self.list),
            ("BatchStopJobRun", self.stop),
        ):
            clients.played["glue", operation] = answer

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self.clients.client("glue").get_job(JobName=request["JobName"])["Job"]
        arguments = {**job.get("DefaultArguments", {}), **request.get("Arguments", {})}
        run = Run(f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}", job["Name"], arguments)
        self.runs[run.id] = run
        Thread(target=self.work, args=(job, run), daemon=True).start()
        return {"JobRunId": run.id}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(request["RunId"])
        if run is None:
            raise Refusal("EntityNotFoundException", f"Job Run not found: {request['RunId']}")
        return {"JobRun": run.shown()}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        runs = [run.shown() for run in self.runs.values() if run.job == request["JobName"]]
        return {"JobRuns": sorted(runs, key=lambda run: run["StartedOn"], reverse=True)}

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        for run in [self.runs.get(name) for name in request["JobRunIds"]]:
            if run and run.state == "RUNNING":
                run.state = "STOPPED"
                self.spark.end()
        stopped = [{"JobName": request["JobName"], "JobRunId": name} for name in request["JobRunIds"]]
        return {"SuccessfulSubmissions": stopped, "Errors": []}

    def work(self, job: dict[str, Any], run: Run) -> None:
        with self.spark.turn, TemporaryDirectory(prefix="glue-") as name:
            log = Path(name) / "log"
            log.touch()
            try:
                error = self.execute(job, run, Path(name), log)
            except Exception as failure:
                error = f"{type(failure).__name__}: {failure}"
            self.write_log(job, run, log.read_text(errors="replace"), error)
        run.completed = datetime.now(UTC)
        if run.state != "STOPPED":
            run.state, run.error = ("FAILED", error) if error else ("SUCCEEDED", None)

    def execute(self, job: dict[str, Any], run: Run, folder: Path, log: Path) -> str | None:
        objects = Objects(self.clients.client("s3"))
        script = folder / "script.py"
        script.write_bytes(objects.get(job["Command"]["ScriptLocation"]))
        archives = [self.fetch(objects, uri, run) for uri in run.arguments.get(MODULES, "").split(",") if uri]
        told = [value for name, value in run.arguments.items() if name not in OF_GLUE]
        names = {location(value)[0] for value in told if value.startswith("s3://")}
        mounted = {bucket: Folder(objects, bucket, folder / bucket) for bucket in sorted(names)}
        given = {"--JOB_NAME": job["Name"], **run.arguments}
        asked = {
            "script": str(script),
            "modules": [str(archive) for archive in archives],
            "arguments": [part for pair in given.items() for part in pair],
            "buckets": {bucket: str(mount.path) for bucket, mount in mounted.items()},
            "log": str(log),
        }
        error = self.spark.run(asked)
        for mount in mounted.values():
            mount.write_back()
        return error

    def fetch(self, objects: Objects, uri: str, run: Run) -> Path:
        # A path of its own for each run: Python and Spark keep what they have read from an archive. It stays as long as
        # Spark, which may look for it in a later run.
        archive = Path(self.spark.folder.name) / f"{run.id}-{location(uri)[1].rsplit('/', 1)[-1]}"
        archive.write_bytes(objects.get(uri))
        return archive

    def write_log(self, job: dict[str, Any], run: Run, text: str, error: str | None) -> None:
        logs = Logs(self.clients.client("logs"))
        output, errors = groups(job)
        logs.write(output, run.id, text)
        if error:
            logs.write(errors, run.id, error)


def groups(job: dict[str, Any]) -> tuple[str, str]:
    """The log groups of what a script prints and of its errors. Glue 4.0 has one of a job's own, Glue 5 has two.

    <https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html>
    """
    arguments, security = job.get("DefaultArguments", {}), job.get("SecurityConfiguration")
    if group := arguments.get("--continuous-log-logGroup"):
        group += f"-{security}" if security else ""
        return group, group
    place = f"/{security}-role/{job['Role'].rsplit('/', 1)[-1]}" if security else ""
    prefix = arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs")
    return f"{prefix}{place}/output", f"{prefix}{place}/error"
