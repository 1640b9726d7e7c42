"""The third judge: state machines, by statelint."""

import json

from statelint.linter import Linter

# A template's value, which mlopsctl puts in. What is sent has none.
PLACEHOLDER = ' is "${'


def judge(place: str, text: str) -> list[str]:
    """The faults of a definition in Amazon States Language."""
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [f"{place}: {error}"]
    problems = Linter().validate(definition)
    return [f"{place}: {what}" for what in problems if PLACEHOLDER not in what]
