#!/usr/bin/env python3
"""apply_plan.py ENVIRONMENT: applies exactly the plan that the comment on the merged pull request shows.

Runs in GitHub Actions and in GitLab CI, after the merge, on Python alone. It refuses if the pull request got a commit
after the plan, if the saved plan is not the one of the comment, and, by `mlopsctl up --plan`, if the environment file,
the state or AWS would lead to another plan now.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from hosts import FOLDER, file_of, host_of
from mark import RefusedError
from plan_comment import add_options, options_of


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--lock-timeout", default="10m", metavar="TIME", help="how long to wait for another run")
    args = parser.parse_args(arguments)
    host = host_of(os.environ)
    shown = host.reviewed(args.environment)
    plan = host.plan(shown)
    file = Path(FOLDER) / file_of(args.environment)
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(plan)
    print(f"The plan of commit {shown.commit} has the digest of the comment: {shown.digest}", flush=True)
    for command in (
        ["mlopsctl", "plan", args.environment, "--show", str(file)],
        [
            "mlopsctl",
            "up",
            args.environment,
            "--plan",
            str(file),
            "--lock-timeout",
            args.lock_timeout,
            *options_of(args),
        ],
    ):
        if code := subprocess.run(command, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RefusedError as refused:
        sys.exit(f"error: {refused}")
