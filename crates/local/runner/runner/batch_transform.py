"""Which fields of a row the model sees, and which come out: the part of a transform job around the container."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator

from .containers import JobFailed


def chosen(path: str, row: list[str]) -> list[str]:
    """The fields that a filter names: `$[1:]` a slice, `$[0,-1]` single fields."""
    if path == "$":
        return row
    inner = re.fullmatch(r"\$\[([-\d:,]+)\]", path)
    if not inner:
        raise JobFailed(f"ClientError: {path!r} is no filter of a CSV row")
    if ":" in inner[1]:
        first, last = (int(end) if end else None for end in inner[1].split(":"))
        return row[first:last]
    return [row[int(position)] for position in inner[1].split(",")]


def transformed(lines: list[str], processing: dict[str, str], predict: Callable[[str], str]) -> str:
    """The model's answers to the rows of one request, joined to the rows that were read."""
    rows = [row for row in csv.reader(lines) if row]
    if not rows:
        return ""
    sent = "".join(",".join(chosen(processing.get("InputFilter", "$[0:]"), row)) + "\n" for row in rows)
    answers = [answer.split(",") for answer in predict(sent).splitlines()]
    if len(answers) != len(rows):
        raise JobFailed(f"ClientError: {len(rows)} rows were sent and {len(answers)} predictions came back")
    joined = [row + answer for row, answer in zip(rows, answers, strict=True)]
    shown = joined if processing.get("JoinSource") == "Input" else answers
    return "".join(",".join(chosen(processing.get("OutputFilter", "$[0:]"), row)) + "\n" for row in shown)


def batches(lines: Iterable[str], megabytes: int) -> Iterator[list[str]]:
    """Whole lines, at most so many together as a request may hold."""
    most, batch, size = megabytes * 2**20, [], 0
    for line in lines:
        if batch and size + len(line) > most:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch
