"""The life of one environment: up, drift, edits, a kill, an execution, the least policy, and the end."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from certificate.account import Account
from certificate.edits import BUCKET, edits
from certificate.program import Program, Run, UnexpectedError
from certificate.project import Project

# Another run's lease ends within a minute; a killed one is waited for.
LOCK = ("--lock-timeout", "3m")
UP = ("--yes", "--json", "--delete-data", *LOCK)
# The rest of a project goes in any case: it exists for this report only.
DESTROY = ("--yes", "--json", "--delete-data", "--with-state", "--unprotect", "*", *LOCK)
TAGS_SPREAD_WITHIN = 300  # seconds until the tag index of AWS has forgotten what was deleted


@dataclass
class Phase:
    """A step of the life, for the report."""

    environment: str
    name: str
    seconds: float = 0.0
    runs: list[Run] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Life:
    """Takes one environment through its life. Every phase is kept, whatever comes of it."""

    project: Project
    program: Program
    account: Account
    emulated: bool
    say: Callable[[str], None]
    phases: list[Phase] = field(default_factory=list)

    def go(self, environment: str, by_least_policy: bool = True) -> None:
        """All phases of an environment. The platform is removed at the end, also after a failure."""
        try:
            self._live(environment)
            if by_least_policy:
                self._live_by_least_policy(environment)
        except UnexpectedError as unexpected:
            self.say(f"  {unexpected}")
        finally:
            self._end(environment)

    def _live(self, environment: str) -> None:
        with self._phase(environment, "look first"):
            self.program.run("validate", environment)
            self.program.run("doctor", environment, "--json")
            self.program.run("plan", environment)
        with self._phase(environment, "up"):
            self.program.run("up", environment, *UP)
        with self._phase(environment, "nothing to do, no drift"):
            self._is_settled(environment)
        with self._phase(environment, "changed by hand, put back") as phase:
            self._drift(environment, phase)
        with self._phase(environment, "ten edits"):
            for what, edit in edits(self.project, environment):
                self.say(f"  edit: {what}")
                edit()
                # prod protects what holds data.
                self.program.run("up", environment, *UP, "--unprotect", "storage.*")
                self.program.run("plan", environment, "--exit-code")
        with self._phase(environment, "killed, gone on with"):
            self.project.append(environment, BUCKET.replace("reports", "after-a-kill"))
            self.project.replace(environment, r"^log_retention_days = .*$", "log_retention_days = 30")
            self.program.kill("up", environment, *UP, after=0.3)
            self.program.run("up", environment, *UP)
            self._is_settled(environment)
        with self._phase(environment, "the pipeline") as phase:
            self._execute(environment, phase)
        with self._phase(environment, "destroy") as phase:
            self._destroy(environment, phase)

    def _live_by_least_policy(self, environment: str) -> None:
        """The same platform again, by a role that may do no more than `permissions` prints."""
        role = f"{self.project.name}-{environment}-least"
        with self._phase(environment, "again, by the least policy"):
            folder = self.project.folder / f"least-{environment}"
            self.program.run("permissions", environment, "--split", str(folder))
            arn = self.account.grant_least(role, sorted(folder.iterdir()))
            own = dict(self.program.environment)
            try:
                self.program.environment.pop("AWS_PROFILE", None)
                self.program.environment.update(self.account.assume(arn))
                self.program.run("up", environment, *UP)
                self._is_settled(environment)
                self.program.run("destroy", environment, *DESTROY)
            finally:
                self.program.environment = own

    def _end(self, environment: str) -> None:
        """Removes what is there, whatever happened, and looks for leftovers."""
        with self._phase(environment, "the end") as phase:
            state = self.program.run("state", "list", environment, "--json", expect=(0, 1, 64), check=False)
            if state.code == 0 and state.document:
                self.program.run("destroy", environment, *DESTROY, check=False)
            self.account.revoke(f"{self.project.name}-{environment}-least")
            self._leaves_nothing(phase)

    def _is_settled(self, environment: str) -> None:
        self.program.run("plan", environment, "--exit-code")
        self.program.run("drift", environment, "--json")

    def _drift(self, environment: str, phase: Phase) -> None:
        changed = self.account.change_by_hand(f"{self.project.name}-{environment}")
        drift = self.program.run("drift", environment, "--json", expect=(2,))
        shown = {one["address"] for one in drift.document["drifted"]}
        phase.wrong += [f"drift does not show {address}" for address in changed if address not in shown]
        self.program.run("reconcile", environment, "--json", *LOCK)
        self._is_settled(environment)

    def _execute(self, environment: str, phase: Phase) -> None:
        rows = self.project.folder / "customers.csv"
        generate = self.project.folder / "pipeline/sample/generate.py"
        subprocess.run([sys.executable, generate, "--rows", "5000", rows], check=True, capture_output=True)
        self.program.run("pipeline", environment, "upload", str(rows))
        if self.emulated:
            phase.notes.append("not executed: an emulator runs neither Glue nor SageMaker")
            return
        self.program.run("pipeline", environment, "run", "--follow")
        self.program.run("pipeline", environment, "status", "--json")
        self.program.run("pipeline", environment, "approve", "--yes")

    def _destroy(self, environment: str, phase: Phase) -> None:
        self.program.run("destroy", environment, *DESTROY)
        self._leaves_nothing(phase)

    def _leaves_nothing(self, phase: Phase) -> None:
        deadline = time.monotonic() + (10 if self.emulated else TAGS_SPREAD_WITHIN)
        while (left := self.account.leftovers(self.project.name)) and time.monotonic() < deadline:
            time.sleep(2 if self.emulated else 20)
        phase.wrong += [f"left behind: {what}" for what in left]

    @contextmanager
    def _phase(self, environment: str, name: str) -> Iterator[Phase]:
        self.say(f"{environment}: {name}")
        phase = Phase(environment, name)
        self.phases.append(phase)
        before, begun = len(self.program.runs), time.monotonic()
        try:
            yield phase
        except UnexpectedError:
            raise
        except Exception as error:
            # A call beside mlopsctl failed, or a file that a step edits has changed: the life ends, the report is kept.
            phase.wrong.append(f"{type(error).__name__}: {error}")
            self.say(f"  {phase.wrong[-1]}")
            if name != "the end":
                raise UnexpectedError(Run([], (0,), 1, 0.0, "", phase.wrong[-1])) from error
        finally:
            phase.seconds = time.monotonic() - begun
            phase.runs = self.program.runs[before:]
