"""The wrong findings of judges: exceptions.toml has each, with the reason and a source."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "exceptions.toml"


@dataclass(frozen=True)
class Exemption:
    """Findings that contain a text are none."""

    finding: str
    why: str
    source: str


def load(file: Path = FILE) -> list[Exemption]:
    """All exceptions. Raises `TypeError` for one without a reason or a source."""
    return [Exemption(**one) for one in tomllib.loads(file.read_text()).get("exception", [])]


def remaining(findings: list[str], exempt: list[Exemption]) -> list[str]:
    """The findings that no exception is about, and the exceptions that no finding needs."""
    used = {one for one in exempt for finding in findings if one.finding in finding}
    left = [one for one in findings if not any(each.finding in one for each in exempt)]
    return left + [
        f"exceptions.toml: nothing is found of {one.finding!r}" for one in exempt if one not in used
    ]
