"""tests/aws/run: builds mlopsctl, asks for consent, takes the environments through their lives, writes the report."""

import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from certificate.account import Account
from certificate.arguments import USAGE, parse
from certificate.emulator import serving
from certificate.life import Life
from certificate.program import Program, environment
from certificate.project import REPOSITORY, Project
from certificate.report import Facts, is_passed, render

HOURS_IN_A_MONTH = 730
# The most hours that all phases of an environment may take, as a bound of the cost: AWS takes about an hour.
HOURS_FOR_EACH = 6


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def built(binary: Path | None) -> Path:
    if binary is not None:
        return binary.resolve()
    say("building mlopsctl")
    subprocess.run(["cargo", "build", "--locked", "-p", "mlopsctl"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return REPOSITORY / target / "debug/mlopsctl"


def upper_bound(program: Program, environments: list[str]) -> float:
    """The most that the environments cost, in USD: so many hours of each, and one execution of the pipeline."""
    total = 0.0
    for name in environments:
        cost = program.run("cost", name, "--json").document
        executions = sum(run["at_most"] for run in cost["runs"])
        total += cost["monthly"] / HOURS_IN_A_MONTH * HOURS_FOR_EACH + executions
    return total


def consented(account: str, given: str | None, bound: float, environments: list[str]) -> bool:
    """True if the person agrees that this account is used and billed."""
    say(
        f"This builds and removes {', '.join(environments)} in account {account}, under a project name of its own. "
        f"It costs at most {bound:.2f} USD, plus what `mlopsctl cost` counts by use."
    )
    if given is None and sys.stdin.isatty():
        given = input("Type the account's id to go on: ").strip()
    if given != account:
        say("tests/aws/run: without consent nothing is done: name the account, --account ID")
    return given == account


def main() -> int:
    arguments = parse()
    report = arguments.report.resolve()
    binary = built(arguments.binary)
    environments = ["dev", "staging", "prod"] if arguments.full else ["dev"]
    with tempfile.TemporaryDirectory(prefix="certificate-") as folder:
        folder = Path(folder)
        emulated = arguments.emulator is not None
        place = serving(arguments.emulator, binary, folder) if emulated else nullcontext({})
        with place as settings:
            account = Account(arguments.region, settings)
            project = Project.create(folder, arguments.region, account.id())
            program = Program(binary, folder, environment(settings), say)
            bound = upper_bound(program, environments)
            if not emulated and not consented(account.id(), arguments.account, bound, environments):
                return USAGE
            begun = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            life = Life(project, program, account, emulated, say)
            facts = Facts(
                program.run("--version").stdout.strip(), commit(), arguments.region, where(arguments), begun, bound
            )
            try:
                for name in environments:
                    life.go(name)
            finally:
                report.write_text(render(facts, life.phases))
                say(f"report: {report}")
    return 0 if is_passed(life.phases) else 1


def commit() -> str:
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True)
    return head.stdout.strip() or "unknown"


def where(arguments) -> str:
    names = {None: "AWS", "embedded": "the embedded AWS", "localstack": "LocalStack and moto"}
    return names[arguments.emulator]


if __name__ == "__main__":
    sys.exit(main())
