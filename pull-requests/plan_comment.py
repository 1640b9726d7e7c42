#!/usr/bin/env python3
"""plan_comment.py ENVIRONMENT: plans an environment, and keeps one comment on the pull request up to date with it.

Runs in GitHub Actions and in GitLab CI, on Python alone. `--validate-only` sends nothing to AWS, and needs no token.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import mark
from hosts import FOLDER, file_of, host_of
from mark import Mark, RefusedError


def validated(environment: str) -> bool:
    """Checks the environment file. GitHub shows each problem at its line."""
    ran = subprocess.run(["mlopsctl", "validate", environment, "--json"], stdout=subprocess.PIPE, check=False)
    if ran.returncode == 0:
        return True
    for problem in problems(ran.stdout):
        print(annotation(problem))
    return False


def problems(document: bytes) -> list[dict]:
    """The problems of an invalid file, as `validate --json` prints them."""
    try:
        environments = json.loads(document)["environments"]
    except (ValueError, KeyError):
        return []
    return [problem for environment in environments for problem in environment["problems"]]


def annotation(problem: dict) -> str:
    """A command of GitHub Actions. No text can end it and begin another.

    <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    """
    escaped = {"%": "%25", "\r": "%0D", "\n": "%0A"}
    in_data = str.maketrans(escaped)
    in_property = str.maketrans({**escaped, ":": "%3A", ",": "%2C"})
    place = {"file": problem.get("file"), "line": problem.get("line") or 1, "col": problem.get("column") or 1}
    properties = ",".join(f"{name}={str(value).translate(in_property)}" for name, value in place.items())
    return f"::error {properties}::{str(problem['message']).translate(in_data)}"


def planned(environment: str, options: list[str]) -> tuple[int, str]:
    """Makes the plan and saves it. Returns the exit code, and the plan as Markdown if there is one."""
    folder = Path(FOLDER)
    folder.mkdir(exist_ok=True)
    file = folder / file_of(environment)
    file.unlink(missing_ok=True)
    command = ["mlopsctl", "plan", environment, "--format", "markdown", "--out", str(file), *options]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return ran.returncode, ran.stdout.decode()


def comment(shown: Mark, plan: str, link: str) -> str:
    """The text below the mark."""
    short = shown.commit[:12]
    if not plan:
        plan = f"### mlopsctl plan for `{shown.environment}`\n\n**No plan could be made.** The run has the reason."
    kept = "" if shown.digest == "none" else f", saved with the digest `{shown.digest[:12]}…`"
    return f"{plan.rstrip()}\n\n---\n[Run {shown.run}]({link}), commit {short}{kept}\n"


def options_of(args: argparse.Namespace) -> list[str]:
    """The options that allow to lose something."""
    given = {"--delete-data": args.delete_data, "--unprotect": args.unprotect}
    return [f"{name}={value}" for name, value in given.items() if value]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that the plan and its application must have in common."""
    parser.add_argument("environment")
    parser.add_argument("--delete-data", default="", metavar="ADDRESS,…", help="plan with --delete-data=ADDRESS,…")
    parser.add_argument("--unprotect", default="", metavar="ADDRESS,…", help="plan with --unprotect=ADDRESS,…")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--validate-only", action="store_true", help="for code of people who may not use credentials")
    args = parser.parse_args(arguments)
    if args.validate_only:
        return 0 if validated(args.environment) else 64
    # Before the plan, which takes longer.
    host = host_of(os.environ)
    is_valid = validated(args.environment)
    code, plan = planned(args.environment, options_of(args)) if is_valid else (64, "")
    file = Path(FOLDER) / file_of(args.environment)
    digest = mark.digest(file.read_bytes()) if is_valid and file.is_file() else "none"
    shown = Mark(args.environment, host.commit(), host.run(), digest)
    text = comment(shown, plan, host.link())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as page:
            page.write(text)
    print(host.put(shown, text))
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RefusedError as refused:
        sys.exit(f"error: {refused}")
