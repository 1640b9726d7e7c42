"""The distance of a data set from the one that the champion learned from.

Distances are between 0 (the same) and 1 (nothing in common): of categories, the share of rows that would have to
change; of numbers, the largest gap between the cumulative distributions; and of every column, the change in its share
of missing values, if that is more.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

# The types of columns whose values move with time by their nature.
MOVING_TYPES = frozenset({"timestamp"})


@dataclass
class Shape:
    """The distribution of a column's values: counts of categories or of single numbers, or quantiles of each batch."""

    type: str = ""
    count: int = 0
    nulls: int = 0
    values: dict[str, int] = field(default_factory=dict)
    quantiles: list[tuple[int, list[float]]] = field(default_factory=list)
    # Rows by number, of a column that has few different ones; None once a batch has more.
    numbers: dict[str, int] | None = field(default_factory=dict)
    zeros: int = 0

    def add(self, entry: dict[str, Any]) -> None:
        self.type = self.type or entry.get("type", "")
        self.count += entry["count"]
        self.nulls += entry["nulls"]
        self.zeros += entry.get("zeros", 0)
        present = entry["count"] - entry["nulls"]
        counts = entry.get("values", {})
        if entry.get("type") == "boolean" and entry.get("mean") is not None:
            true = round(entry["mean"] * present)
            counts = {"true": true, "false": present - true}
        for value, rows in counts.items():
            self.values[value] = self.values.get(value, 0) + rows
        if entry.get("quantiles"):
            self.quantiles.append((present, entry["quantiles"]))
        if present and "numbers" not in entry:
            self.numbers = None
        if self.numbers is not None:
            for number, rows in entry.get("numbers", {}).items():
                self.numbers[number] = self.numbers.get(number, 0) + rows

    def present(self) -> int:
        return self.count - self.nulls

    def null_fraction(self) -> float:
        return self.nulls / self.count if self.count else 0.0

    def zero_fraction(self) -> float:
        return self.zeros / self.present() if self.present() else 0.0

    def share_up_to(self, number: float) -> float:
        """The cumulative distribution: exact where single numbers are counted, else straight between quantiles."""
        if self.numbers:
            return sum(rows for value, rows in self.numbers.items() if float(value) <= number) / self.present()
        total = sum(rows for rows, _ in self.quantiles)
        return sum(rows * up_to(quantiles, number) for rows, quantiles in self.quantiles) / total

    def steps(self) -> set[float]:
        """The numbers at which the cumulative distribution changes its slope."""
        if self.numbers:
            return {float(value) for value in self.numbers}
        return {number for _, quantiles in self.quantiles for number in quantiles}

    def is_numeric(self) -> bool:
        return bool(self.numbers or self.quantiles)


def up_to(quantiles: list[float], number: float) -> float:
    steps = len(quantiles) - 1
    after = bisect_right(quantiles, number)
    if after == 0:
        return 0.0
    if after > steps:
        return 1.0
    below, above = quantiles[after - 1], quantiles[after]
    return (after - 1 + (number - below) / (above - below)) / steps


def distance(old: Shape, new: Shape) -> float:
    missing = abs(old.null_fraction() - new.null_fraction())
    if old.values and new.values:
        totals = sum(old.values.values()) or 1, sum(new.values.values()) or 1
        names = old.values.keys() | new.values.keys()
        gaps = [abs(old.values.get(n, 0) / totals[0] - new.values.get(n, 0) / totals[1]) for n in names]
        return max(missing, sum(gaps) / 2)
    if old.is_numeric() and new.is_numeric():
        # Quantiles blur the share of a value that many rows have, which is zero in most such columns.
        counted = bool(old.zeros and new.zeros)
        zeros = abs(old.zero_fraction() - new.zero_fraction()) if counted else 0.0
        gaps = [abs(old.share_up_to(n) - new.share_up_to(n)) for n in old.steps() | new.steps()]
        return max(missing, zeros, *gaps)
    return missing


def shapes(batches: list[dict[str, Any]]) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for batch in batches:
        for name, entry in batch["columns"].items():
            found.setdefault(name, Shape()).add(entry)
    return found


def watched(schema: dict[str, Any]) -> list[str]:
    """The label and what the model sees, but for moments in time."""
    keys = set(schema.get("key", ()))
    return [
        column["name"]
        for column in schema["columns"]
        if column["type"] not in MOVING_TYPES
        and (column["name"] == schema["label"] or (column.get("feature", True) and column["name"] not in keys))
    ]


def comparable(old: dict[str, Shape], new: dict[str, Shape], schema: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The columns that both data sets have with one type, and those that cannot be compared."""
    names = watched(schema)
    fit = [name for name in names if name in old and name in new and old[name].type == new[name].type]
    return fit, [name for name in names if name not in fit]


def to_json(columns: dict[str, Shape]) -> str:
    return json.dumps({"version": 2, "columns": {name: vars(shape) for name, shape in columns.items()}})


def from_json(document: dict[str, Any]) -> dict[str, Shape]:
    """Of any version: the first had no counts of single numbers."""
    without = {"numbers": None}
    return {name: Shape(**(without | entry)) for name, entry in document["columns"].items()}


@dataclass(frozen=True)
class Baseline:
    """The champion's package, and what the data that it learned from looked like; or why nothing is compared."""

    package: str = ""
    shapes: dict[str, Shape] = field(default_factory=dict)
    why_not: str = ""
