"""The report, as Markdown."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from certificate.life import Phase

SLOWEST = 15
BOOK = Path(__file__).resolve().parents[3] / "docs/aws-behaviour.md"
# An answer of AWS that a step waited for, as an event has it.
ANSWER = re.compile(r"(?P<operation>[A-Z]\w+): (?P<code>[A-Z][A-Za-z.]+): (?P<message>.*?)( \(request [^)]*\))?")


@dataclass
class Facts:
    """The lines of the report about the place and the program."""

    version: str
    commit: str
    region: str
    where: str
    begun: str
    upper_bound_usd: float


def is_passed(phases: list[Phase]) -> bool:
    return bool(phases) and all(not phase.wrong and all(run.is_as_expected for run in phase.runs) for phase in phases)


def render(facts: Facts, phases: list[Phase]) -> str:
    """The whole report. Account ids do not appear in the part above the errors."""
    verdict = "passed" if is_passed(phases) else "FAILED"
    lines = [
        f"# Certificate: {verdict}",
        "",
        f"{facts.version}, commit {facts.commit}; {facts.where}, region {facts.region}; begun {facts.begun}; "
        f"upper bound of cost {facts.upper_bound_usd:.2f} USD.",
        "",
        "| Environment | Phase | Result | Time | Commands | API calls |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(phase) for phase in phases]
    lines += ["", *_notes(phases), *_slowest(phases), *_failures(phases), *_unwritten(phases), *_said(phases)]
    return "\n".join(lines).rstrip() + "\n"


def _row(phase: Phase) -> str:
    good = not phase.wrong and all(run.is_as_expected for run in phase.runs)
    calls = sum(_calls(run) for run in phase.runs)
    return (
        f"| {phase.environment} | {phase.name} | {'passed' if good else '**failed**'} | {phase.seconds:.1f} s | "
        f"{len(phase.runs)} | {calls or ''} |"
    )


def _calls(run) -> int:
    return run.summary.get("api_calls", 0)


def _notes(phases):
    notes = [f"- {phase.environment}, {phase.name}: {note}" for phase in phases for note in phase.notes]
    return ["## Not done", "", *notes, ""] if notes else []


def _slowest(phases):
    """Each resource's slowest step, as AWS took it."""
    steps = [
        (event["elapsed_ms"] / 1000, phase.environment, event["address"], event["action"])
        for phase in phases
        for run in phase.runs
        for event in run.events
        if event["event"] == "step" and event["phase"] == "done"
    ]
    rows = [
        f"| {environment} | `{address}` | {action} | {seconds:.1f} s |"
        for seconds, environment, address, action in sorted(steps, reverse=True)[:SLOWEST]
    ]
    head = ["## Slowest steps", "", "| Environment | Resource | Step | Time |", "|---|---|---|---|"]
    return [*head, *rows, ""] if rows else []


def _failures(phases):
    lines = []
    for phase in phases:
        for wrong in phase.wrong:
            lines += [f"- {phase.environment}, {phase.name}: {wrong}"]
        for run in phase.runs:
            if run.is_as_expected:
                continue
            command = " ".join(run.arguments)
            lines += [
                f"### {phase.environment}, {phase.name}: `mlopsctl {command}`",
                "",
                f"Exit code {run.code}, expected {' or '.join(map(str, run.expected))}.",
                "",
                "```text",
                run.stderr.rstrip(),
                *[str(event) for event in run.events if event.get("phase") == "failed"],
                "```",
                "",
            ]
    return ["## Failures, verbatim", "", *lines, ""] if lines else []


def _unwritten(phases):
    """The errors that the runs got over and of which the book of AWS's behaviour has no line."""
    book = BOOK.read_text()
    waits = (
        ANSWER.fullmatch(event.get("waiting_for", ""))
        for phase in phases
        for run in phase.runs
        for event in run.events
        if event["event"] == "step"
    )
    met = Counter((wait["operation"], wait["code"], wait["message"]) for wait in waits if wait)
    rows = [
        f"| {operation} | `{code}` | {message.replace('|', chr(92) + '|')} | {count} |"
        for (operation, code, message), count in sorted(met.items())
        if f"`{code}`" not in book
    ]
    title = "## Errors without a line in docs/aws-behaviour.md"
    return [title, "", "| Operation | Code | Message | Times |", "|---|---|---|---|", *rows, ""] if rows else []


def _said(phases):
    """Warnings of commands that ended well: where AWS behaved otherwise than mlopsctl expects."""
    lines = {
        line.strip()
        for phase in phases
        for run in phase.runs
        if run.is_as_expected
        for line in run.stderr.splitlines()
        if "warning:" in line.lower() or " WARN " in line
    }
    return ["## Warnings", "", "```text", *sorted(lines), "```", ""] if lines else []
