"""tests/judges/run: whole lives on the embedded AWS, and what the judges find in them."""

import argparse
import sys
import tempfile
from pathlib import Path

from certificate.__main__ import built
from certificate.project import REPOSITORY

from judges import archive, documents, machines, policies, wire
from judges import requests as members
from judges.exceptions import load, remaining
from judges.lives import Lived, live
from judges.relay import Recorded

# The least number of operations that a life of the shipped environments sends.
# Less means that a judge saw too little.
OPERATIONS = 150
POLICIES = 40
MACHINES = 2


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def judged(lived: Lived) -> tuple[list[str], str]:
    """The findings of all judges, without repetition, and a line with the numbers of cases."""
    findings, operations = [], set()
    found_policies, machine_texts = dict.fromkeys(lived.policies), {}
    for recorded in different(lived.requests):
        try:
            call = wire.read(recorded)
        except wire.UnreadableError as error:
            findings.append(str(error))
            continue
        operations.add(call.name)
        findings += members.judge(call)
        found_policies |= dict.fromkeys(documents.policies(call))
        machine_texts |= dict(documents.definitions(call))
    sent = len(machine_texts)
    for file in sorted((REPOSITORY / "pipeline").glob("*.asl.json")):
        machine_texts[f"pipeline/{file.name}"] = file.read_text()
    for policy in found_policies:
        findings += policies.judge(policy)
    for place, text in machine_texts.items():
        findings += machines.judge(place, text)
    seen = (len(operations), len(found_policies), sent)
    if any(
        count < least for count, least in zip(seen, (OPERATIONS, POLICIES, MACHINES), strict=True)
    ):
        findings.append(f"too little was sent: {seen} operations, policies, state machines")
    summary = "{} requests of {} operations, {} policies, {} state machines"
    return list(dict.fromkeys(findings)), summary.format(len(lived.requests), *seen)


def different(sent: list[Recorded]) -> list[Recorded]:
    """The requests without those that say the same again: plans look at everything many times."""

    def said(one: Recorded):
        own = [(name, value) for name, value in one.headers.items() if members.is_own(name)]
        scope = one.headers.get("authorization", "").partition("/aws4_request")[0]
        target = one.headers.get("x-amz-target"), scope.rpartition("/")[2]
        return one.method, one.path, one.body, target, tuple(sorted(own))

    return list({said(one): one for one in sent}.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/judges/run", description=__doc__)
    parser.add_argument(
        "--binary", type=Path, help="this mlopsctl instead of one built from the repository"
    )
    parser.add_argument("--keep", type=Path, help="write what was sent and printed to this file")
    parser.add_argument("--again", type=Path, help="judge what --keep wrote, without new lives")
    arguments = parser.parse_args()
    if arguments.again:
        lived = archive.read(arguments.again)
    else:
        with tempfile.TemporaryDirectory(prefix="judges-") as folder:
            lived = live(built(arguments.binary), Path(folder), say)
    if arguments.keep:
        archive.write(lived, arguments.keep)
    findings, summary = judged(lived)
    findings = remaining(findings, load())
    findings += [
        f"{phase.environment}, {phase.name}: {what}"
        for phase in lived.phases
        for what in phase.wrong
    ]
    findings += [
        f"mlopsctl {' '.join(run.arguments)}: exit code {run.code}: {run.stderr}"
        for phase in lived.phases
        for run in phase.runs
        if not run.is_as_expected
    ]
    for finding in findings:
        say(f"found: {finding}")
    say(f"{summary}: {len(findings) or 'nothing'} found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
