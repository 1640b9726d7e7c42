"""The limits of a data set, and a finding for each that it breaks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from batches import SPLITS, DatasetStatistics


@dataclass(frozen=True)
class Limits:
    """The limits of a data set. Fractions are of 1; every limit is inclusive."""

    min_rows: int = 100
    min_rows_per_split: int = 1
    max_quarantined_fraction: float = 0.05
    max_null_fraction: float = 0.2
    max_null_fraction_by_column: dict[str, float] = field(default_factory=dict)
    min_label_fraction: float = 0.01
    min_label_rows_per_split: int = 1
    max_drift: float = 0.25
    max_drift_by_column: dict[str, float] = field(default_factory=dict)
    on_drift: str = "refuse"
    sample_rows: int = 5000

    @staticmethod
    def parse(document: dict[str, Any]) -> Limits:
        known = {f.name for f in fields(Limits)}
        unknown = sorted(document.keys() - known)
        if unknown:
            raise ValueError(f"unknown limit {unknown[0]!r}; the limits are {', '.join(sorted(known))}")
        limits = Limits(**document)
        if limits.on_drift not in ("refuse", "warn"):
            raise ValueError(f"on_drift is {limits.on_drift!r}; it must be refuse or warn")
        return limits


@dataclass(frozen=True)
class Finding:
    """One limit that the data does not meet. `column` is empty when it concerns whole rows."""

    column: str
    check: str
    message: str


def check_rows(statistics: DatasetStatistics, limits: Limits) -> Iterator[Finding]:
    accepted = statistics.rows["accepted"]
    if accepted < limits.min_rows:
        yield Finding("", "rows", f"{accepted} usable rows, at least {limits.min_rows} are needed")
    for split in SPLITS:
        rows = statistics.split_rows[split]
        if rows < limits.min_rows_per_split:
            yield Finding("", "rows", f"{rows} rows in the {split} split, the limit is {limits.min_rows_per_split}")


def check_quarantine(statistics: DatasetStatistics, limits: Limits) -> Iterator[Finding]:
    read = statistics.rows["read"]
    quarantined = statistics.rows["quarantined"] / read if read else 0.0
    if quarantined > limits.max_quarantined_fraction:
        reasons = sorted(statistics.quarantine_reasons.items(), key=lambda item: (-item[1], item[0]))
        worst = reasons[0][0] if reasons else "reason unknown"
        column, _, why = worst.rpartition(": ")
        yield Finding(
            column,
            "quarantine",
            f"{quarantined:.1%} of the rows were quarantined, the limit is "
            f"{limits.max_quarantined_fraction:.1%}; most often: {why}",
        )


def check_schema(statistics: DatasetStatistics, schema: dict[str, Any]) -> Iterator[Finding]:
    declared = {column["name"]: column for column in schema["columns"]}
    for name, column in declared.items():
        found = statistics.columns.get(name)
        if found is None:
            yield Finding(name, "schema", "in the schema but not in the data set's statistics")
        elif found.type != column["type"]:
            yield Finding(name, "schema", f"is {found.type} in the data set, the schema says {column['type']}")
    for name in sorted(statistics.columns.keys() - declared.keys()):
        yield Finding(name, "schema", "in the data set's statistics but not in the schema")


def check_nulls(statistics: DatasetStatistics, limits: Limits) -> Iterator[Finding]:
    for name, profile in statistics.columns.items():
        limit = limits.max_null_fraction_by_column.get(name, limits.max_null_fraction)
        if profile.null_fraction > limit:
            yield Finding(name, "nulls", f"{profile.null_fraction:.1%} null, the limit is {limit:.1%}")


def check_ranges(statistics: DatasetStatistics, schema: dict[str, Any]) -> Iterator[Finding]:
    for column in schema["columns"]:
        profile = statistics.columns.get(column["name"])
        if profile is None:
            continue
        low, high = column.get("minimum"), column.get("maximum")
        if low is not None and profile.minimum is not None and profile.minimum < low:
            yield Finding(column["name"], "range", f"has {profile.minimum:g}, the schema allows no less than {low:g}")
        if high is not None and profile.maximum is not None and profile.maximum > high:
            yield Finding(column["name"], "range", f"has {profile.maximum:g}, the schema allows no more than {high:g}")


def class_numbers(schema: dict[str, Any]) -> list[str]:
    """The numbers of the label's classes, as training reads them."""
    label = next(column for column in schema["columns"] if column["name"] == schema["label"])
    return [str(number) for number in range(len(label.get("values", ())) or 2)]


def check_label(statistics: DatasetStatistics, schema: dict[str, Any], limits: Limits) -> Iterator[Finding]:
    label = schema["label"]
    if schema.get("task", "binary") == "regression":
        profile = statistics.columns.get(label)
        if profile and profile.count and profile.minimum == profile.maximum:
            yield Finding(label, "label", f"is always {profile.minimum:g}: there is nothing to learn")
        return
    labels = statistics.labels
    rows = sum(labels.values())
    numbers = class_numbers(schema)
    names = next(column for column in schema["columns"] if column["name"] == label).get("values") or numbers
    for value in sorted(labels.keys() - set(numbers)):
        yield Finding(label, "label", f"has the value {value}; a binary label is 0 or 1")
    for value, name in zip(numbers, names, strict=True):
        share = labels.get(value, 0) / rows if rows else 0.0
        if share < limits.min_label_fraction:
            yield Finding(
                label,
                "label",
                f"is {name} in {share:.2%} of the rows, the limit is {limits.min_label_fraction:.2%}",
            )
        if labels.get(value):
            yield from check_class_in_splits(statistics, label, (value, str(name)), limits)


def check_class_in_splits(
    statistics: DatasetStatistics, label: str, named: tuple[str, str], limits: Limits
) -> Iterator[Finding]:
    """Each row's split is drawn by itself, so a class of few rows may be missing in one: a model cannot learn it there,
    or nothing can measure how well it did."""
    value, name = named
    found = {split: labels.get(value, 0) for split, labels in statistics.split_labels.items()}
    in_use = [split for split in SPLITS if statistics.split_rows[split]]
    few = [split for split in in_use if found[split] < limits.min_label_rows_per_split]
    if few:
        counts = ", ".join(f"{found[split]} of {split}" for split in in_use)
        yield Finding(
            label,
            "label",
            f"is {name} in too few rows of {' and '.join(few)} ({counts}), the limit is "
            f"{limits.min_label_rows_per_split}: add rows of this class, or give the split a larger share",
        )


def check_drift(moved: dict[str, float], limits: Limits) -> Iterator[Finding]:
    for name, distance in moved.items():
        limit = limits.max_drift_by_column.get(name, limits.max_drift)
        if distance > limit:
            yield Finding(
                name, "drift", f"differs by {distance:.3f} from the approved model's data, the limit is {limit:g}"
            )


def check_sample(rows: Iterable[list[str]], features: list[str], schema: dict[str, Any]) -> Iterator[Finding]:
    """The faults in the files of training, as far as they differ from the statistics: one finding a column."""
    names = [schema["label"], *features]
    classes = None if schema.get("task", "binary") == "regression" else {float(n) for n in class_numbers(schema)}
    reported: set[str] = set()
    read = 0
    for number, row in enumerate(rows, start=1):
        read = number
        if len(row) != len(names):
            yield Finding("", "sample", f"row {number} has {len(row)} fields, {len(names)} are expected")
            return
        for position, (name, text) in enumerate(zip(names, row, strict=True)):
            if name in reported or (text == "" and position > 0):
                continue
            try:
                fit = math.isfinite(float(text))
            except ValueError:
                fit = False
            if position == 0 and classes is not None:
                fit = fit and float(text) in classes
            if not fit:
                reported.add(name)
                yield Finding(name, "sample", f"row {number} of the training file holds {text!r}")
    if read == 0:
        yield Finding("", "sample", "no rows in the training files")
