"""Programs that do the work of jobs: each in a process of its own, which ends with this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any


class Programs:
    """Starts Python programs with the environment of a job, and knows those that run."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            # A thread of XGBoost's for each core: more of them spin while they wait for each other.
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(os.cpu_count() or 1)),
        }
        self.running: set[subprocess.Popen[Any]] = set()
        self.ended = False
        self.lock = Lock()

    def start(self, arguments: list[str | Path], environment: dict[str, str], **options: Any) -> subprocess.Popen[Any]:
        # The settings of AWS that this process was started with belong to another AWS.
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with self.lock:
            if self.ended:
                raise RuntimeError("all programs are being ended")
            program = subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                env={**own, **self.environment, **environment},
                start_new_session=True,
                **options,
            )
            self.running = {other for other in self.running if other.poll() is None} | {program}
        return program

    def end(self, program: subprocess.Popen[Any]) -> None:
        """Ends a program and those that it started: the JVM of Spark would go on writing for a moment."""
        # macOS answers EPERM for a group whose only process is a zombie.
        with suppress(ProcessLookupError, PermissionError):
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def end_all(self) -> None:
        """Ends all programs. None is started from then on."""
        with self.lock:
            self.ended = True
            for program in self.running:
                self.end(program)
