"""The first line of a comment: of which environment and commit it shows the plan, and which file holds the plan."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

#: A reader of the comment does not see the line.
_LINE = re.compile(
    r"<!-- mlopsctl-plan environment=(?P<environment>[A-Za-z0-9._-]{1,64}) commit=(?P<commit>[0-9a-f]{40,64}) "
    r"run=(?P<run>[0-9]{1,20}) digest=(?P<digest>[0-9a-f]{64}|none) -->"
)


class RefusedError(Exception):
    """The reason why nothing was done, for a person."""


@dataclass(frozen=True)
class Mark:
    """What a comment says to a program."""

    environment: str
    #: The last commit of the pull request that was planned.
    commit: str
    #: The run on GitHub, or the job on GitLab, that keeps the saved plan.
    run: str
    #: SHA-256 of the saved plan; `none` if no plan could be saved.
    digest: str

    def line(self) -> str:
        """The line. Raises `RefusedError` if a part could be read as something else."""
        line = (
            f"<!-- mlopsctl-plan environment={self.environment} commit={self.commit} "
            f"run={self.run} digest={self.digest} -->"
        )
        if read(line) != self:
            raise RefusedError(f"this is no environment, commit and run: {line!r}")
        return line


def read(comment: str) -> Mark | None:
    """The mark of a comment. Only the first line counts: the rest shows texts of others."""
    found = _LINE.fullmatch(comment.split("\n", 1)[0].rstrip("\r"))
    return Mark(**found.groupdict()) if found else None


def digest(plan: bytes) -> str:
    """The digest of a saved plan."""
    return hashlib.sha256(plan).hexdigest()
