"""Runs mlopsctl and keeps what every run printed."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Run:
    """One command that has ended."""

    arguments: list[str]
    expected: tuple[int, ...]
    code: int
    seconds: float
    stdout: str
    stderr: str

    @property
    def is_as_expected(self) -> bool:
        return self.code in self.expected

    @property
    def events(self) -> list[dict]:
        """The event lines of up, destroy and reconcile."""
        if not {"up", "destroy", "reconcile"} & set(self.arguments[:1]):
            return []
        # A killed process may leave half a line.
        lines = [line for line in self.stdout.splitlines() if line.startswith("{") and line.endswith("}")]
        return [json.loads(line) for line in lines]

    @property
    def summary(self) -> dict:
        return next((event for event in reversed(self.events) if event["event"] == "summary"), {})

    @property
    def document(self) -> dict:
        return json.loads(self.stdout)


class UnexpectedError(Exception):
    """A command that did not end as it should: the steps of this environment end here."""

    def __init__(self, run: Run):
        super().__init__(f"mlopsctl {' '.join(run.arguments)} ended with {run.code}, expected {run.expected}")
        self.run = run


@dataclass
class Program:
    """mlopsctl in the folder of a project."""

    binary: Path
    folder: Path
    environment: dict[str, str]
    say: object
    runs: list[Run] = field(default_factory=list)

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,), check: bool = True) -> Run:
        """Runs a command to its end. Raises `UnexpectedError` for another exit code, unless told not to check."""
        begun = time.monotonic()
        command = [self.binary, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return self._keep(list(arguments), expect, done.returncode, begun, done.stdout, done.stderr, check)

    def kill(self, *arguments: str, after: float) -> Run:
        """Kills a command some seconds after it has begun the first step."""
        begun = time.monotonic()
        process = subprocess.Popen(
            [self.binary, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = ""
        for line in process.stdout:
            first += line
            if '"started"' in line:
                break
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        stdout, stderr = process.communicate()
        # A command that was quicker than the kill has ended well.
        return self._keep(
            list(arguments), (-signal.SIGKILL, 0), process.returncode, begun, first + stdout, stderr, True
        )

    def _keep(self, arguments, expect, code, begun, stdout, stderr, check) -> Run:
        run = Run(arguments, tuple(expect), code, time.monotonic() - begun, stdout, stderr)
        self.runs.append(run)
        self.say(f"  mlopsctl {' '.join(arguments)}: exit code {code}, {run.seconds:.1f} s")
        if check and not run.is_as_expected:
            raise UnexpectedError(run)
        return run


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of this process with these settings, without those of mlopsctl."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLOPSCTL_")}
    return {**inherited, "NO_COLOR": "1", **settings}
