"""Whole lives of the shipped environments on the embedded AWS, with every request recorded."""

import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from certificate.account import Account
from certificate.emulator import serving
from certificate.life import DESTROY, UP, Life, Phase
from certificate.program import Program, environment
from certificate.project import REPOSITORY, Project
from certificate.report import is_passed

from judges.policies import Kind, Policy
from judges.relay import Recorded, recording

SHIPPED = ("dev", "staging", "prod")
# Has the kinds of resources that the shipped environments lack.
EVERY = "every"
REGION = "ap-south-1"
VARIANTS = ((), ("--read-only",))


@dataclass
class Lived:
    """The requests and the output of mlopsctl."""

    requests: list[Recorded] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)

    @property
    def is_passed(self) -> bool:
        return is_passed(self.phases)


def live(binary: Path, folder: Path, say: Callable[[str], None]) -> Lived:
    """Takes every environment through its life. What went wrong on the way is in the phases."""
    lived = Lived()
    with serving("embedded", binary, folder) as settings:
        account = Account(REGION, settings)
        project = Project.create(folder, REGION, account.id())
        with recording(settings["AWS_ENDPOINT_URL"], lived.requests) as relay:
            # Only mlopsctl's own requests: changes by hand go straight to the emulator.
            program = Program(
                binary, folder, environment({**settings, "AWS_ENDPOINT_URL": relay}), say
            )
            life = Life(project, program, account, emulated=True, say=say, phases=lived.phases)
            for name in SHIPPED:
                life.go(name, by_least_policy=False)
            _add_every(project, account.id())
            with _phase(lived, "up and destroy", program):
                program.run("up", EVERY, *UP, check=False)
                program.run("destroy", EVERY, *DESTROY, check=False)
            with _phase(lived, "permissions", program):
                lived.policies += _printed(program, account.id())
    return lived


def _add_every(project: Project, account: str) -> None:
    fixture = REPOSITORY / "tests/fixture/as-built"
    shutil.copy(fixture / "every.toml", project.file(EVERY))
    tool = project.folder / "tools/mlopsctl"
    tool.parent.mkdir()
    shutil.copy(fixture / "program", tool)
    project.replace(EVERY, r"^project = .*$", f'project = "{project.name}"')
    project.replace(
        EVERY, r"^region = .*$", f'region = "{REGION}"\nallowed_accounts = ["{account}"]'
    )


def _printed(program: Program, account: str) -> list[Policy]:
    policies = []
    for name in (*SHIPPED, EVERY):
        for variant in VARIANTS:
            run = program.run("permissions", name, "--account", account, *variant, check=False)
            place = " ".join(["mlopsctl permissions", name, *variant])
            policies.append(Policy(place, Kind.IDENTITY, run.stdout))
    return policies


@contextmanager
def _phase(lived: Lived, name: str, program: Program):
    phase = Phase(EVERY, name)
    lived.phases.append(phase)
    before = len(program.runs)
    yield
    phase.runs = program.runs[before:]
