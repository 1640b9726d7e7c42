"""Decides whether a data set is fit to train on.

Reads the statistics that the ETL job wrote for every batch of the data set, and a
sample of the training CSV itself, and holds both against the schema, the limits, and the
data that the approved model learned from.
A data set that is not fit raises `DataValidationFailed`, which names each column at
fault and ends the pipeline: the state machine does not retry it.

Event:
    bucket             where the data set is
    statistics_prefix  the batches' statistics, one JSON object each
    sample_prefix      the training CSV files, without header, label first
    schema             the schema that the ETL job used
    limits             see `Limits`; the LIMITS environment variable holds defaults
    profiles_prefix    where the column profiles of data sets that were found fit are kept, by data version
    model_package_group the group whose newest approved package says which data set to compare with; without
                       one, without its profile, or without these two fields nothing is compared
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import drift

logger = logging.getLogger()
logger.setLevel(logging.INFO)

SPLITS = ("train", "validation", "test")


class DataValidationFailed(Exception):
    """The data set must not be trained on. The message names every column at fault."""


@dataclass(frozen=True)
class Limits:
    """What a data set must meet. Fractions are of 1; every limit is inclusive."""

    min_rows: int = 100
    min_rows_per_split: int = 1
    max_quarantined_fraction: float = 0.05
    max_null_fraction: float = 0.2
    max_null_fraction_by_column: dict[str, float] = field(default_factory=dict)
    min_label_fraction: float = 0.01
    max_drift: float = 0.25
    max_drift_by_column: dict[str, float] = field(default_factory=dict)
    sample_rows: int = 5000

    @staticmethod
    def parse(document: dict[str, Any]) -> Limits:
        known = {f.name for f in fields(Limits)}
        unknown = sorted(document.keys() - known)
        if unknown:
            raise ValueError(f"unknown limit {unknown[0]!r}; the limits are {', '.join(sorted(known))}")
        return Limits(**document)


@dataclass(frozen=True)
class Finding:
    """One limit that the data does not meet. `column` is empty when it concerns whole rows."""

    column: str
    check: str
    message: str


@dataclass
class Profile:
    """What is known of one column over all batches."""

    type: str = ""
    count: int = 0
    nulls: int = 0
    minimum: float | None = None
    maximum: float | None = None
    values: dict[str, int] = field(default_factory=dict)

    def add(self, entry: dict[str, Any]) -> None:
        self.type = self.type or entry.get("type", "")
        self.count += entry["count"]
        self.nulls += entry["nulls"]
        lows = [v for v in (self.minimum, entry.get("min")) if v is not None]
        highs = [v for v in (self.maximum, entry.get("max")) if v is not None]
        self.minimum, self.maximum = min(lows, default=None), max(highs, default=None)
        for value, rows in entry.get("values", {}).items():
            self.values[value] = self.values.get(value, 0) + rows

    @property
    def null_fraction(self) -> float:
        return self.nulls / self.count if self.count else 0.0


@dataclass
class DatasetStatistics:
    """The batches' statistics added up."""

    features: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=lambda: {"read": 0, "accepted": 0, "quarantined": 0})
    quarantine_reasons: dict[str, int] = field(default_factory=dict)
    split_rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    fingerprints: dict[str, list[int]] = field(default_factory=lambda: {s: [0, 0] for s in SPLITS})
    labels: dict[str, int] = field(default_factory=dict)
    columns: dict[str, Profile] = field(default_factory=dict)

    @staticmethod
    def merge(batches: Iterable[dict[str, Any]]) -> DatasetStatistics:
        total = DatasetStatistics()
        for batch in batches:
            if total.features and total.features != batch["features"]:
                raise DataValidationFailed(
                    f"batch {batch['batch']} has other features than the batches before it: "
                    "start a new data set after a change of schema"
                )
            total.features = batch["features"]
            for name, rows in batch["rows"].items():
                total.rows[name] += rows
            for reason, rows in batch["quarantine_reasons"].items():
                total.quarantine_reasons[reason] = total.quarantine_reasons.get(reason, 0) + rows
            for name, entry in batch["columns"].items():
                total.columns.setdefault(name, Profile()).add(entry)
            for name, split in batch["splits"].items():
                total.split_rows[name] += split["rows"]
                total.fingerprints[name] = [
                    a + b for a, b in zip(total.fingerprints[name], split["fingerprint"], strict=True)
                ]
                for label, rows in split["labels"].items():
                    total.labels[label] = total.labels.get(label, 0) + rows
        return total

    def data_version(self) -> str:
        """The same rows in the same splits have the same version, whichever run wrote them."""
        content = [self.features, [[s, self.split_rows[s], *self.fingerprints[s]] for s in SPLITS]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def check_rows(statistics: DatasetStatistics, limits: Limits) -> Iterator[Finding]:
    accepted, read = statistics.rows["accepted"], statistics.rows["read"]
    if accepted < limits.min_rows:
        yield Finding("", "rows", f"{accepted} usable rows, at least {limits.min_rows} are needed")
    for split in SPLITS:
        rows = statistics.split_rows[split]
        if rows < limits.min_rows_per_split:
            yield Finding("", "rows", f"{rows} rows in the {split} split, the limit is {limits.min_rows_per_split}")
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


def check_label(statistics: DatasetStatistics, schema: dict[str, Any], limits: Limits) -> Iterator[Finding]:
    label = schema["label"]
    if schema.get("task", "binary") != "binary":
        profile = statistics.columns.get(label)
        if profile and profile.count and profile.minimum == profile.maximum:
            yield Finding(label, "label", f"is always {profile.minimum:g}: there is nothing to learn")
        return
    rows = sum(statistics.labels.values())
    for value in sorted(statistics.labels.keys() - {"0", "1"}):
        yield Finding(label, "label", f"has the value {value}; a binary label is 0 or 1")
    for value in ("0", "1"):
        share = statistics.labels.get(value, 0) / rows if rows else 0.0
        if share < limits.min_label_fraction:
            yield Finding(
                label,
                "label",
                f"is {value} in {share:.2%} of the rows, the limit is {limits.min_label_fraction:.2%}",
            )


def check_drift(moved: dict[str, float], limits: Limits) -> Iterator[Finding]:
    for name, distance in moved.items():
        limit = limits.max_drift_by_column.get(name, limits.max_drift)
        if distance > limit:
            yield Finding(
                name, "drift", f"differs by {distance:.3f} from the approved model's data, the limit is {limit:g}"
            )


def check_sample(rows: Iterable[list[str]], features: list[str], schema: dict[str, Any]) -> Iterator[Finding]:
    """Whether the files that training will read are what the statistics promise: one finding a column."""
    names = [schema["label"], *features]
    binary = schema.get("task", "binary") == "binary"
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
            if position == 0 and binary:
                fit = fit and float(text) in (0.0, 1.0)
            if not fit:
                reported.add(name)
                yield Finding(name, "sample", f"row {number} of the training file holds {text!r}")
    if read == 0:
        yield Finding("", "sample", "no rows in the training files")


def list_keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"] > 0)


def read_statistics(s3: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    """Of each batch of the data set."""
    keys = [key for key in list_keys(s3, bucket, prefix) if key.endswith(".json")]
    if not keys:
        raise DataValidationFailed(f"no statistics under s3://{bucket}/{prefix}: did the ETL job run?")
    return [json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]) for key in keys]


def read_baseline(event: dict[str, Any], s3: Any, sagemaker: Any) -> tuple[str, dict[str, drift.Shape]] | None:
    """The approved package that data is compared with, and what its data looked like."""
    group, prefix = event.get("model_package_group"), event.get("profiles_prefix")
    approved = drift.approved_data(sagemaker, group) if group and prefix else None
    if approved is None:
        return None
    arn, version = approved
    key = f"{prefix}{version}.json"
    if not list_keys(s3, event["bucket"], key):
        return None
    return arn, drift.from_json(json.load(s3.get_object(Bucket=event["bucket"], Key=key)["Body"]))


def sample_rows(s3: Any, bucket: str, prefix: str, limit: int) -> Iterator[list[str]]:
    """Up to `limit` rows, an equal share from each file, so that one file cannot hide another."""
    keys = [key for key in list_keys(s3, bucket, prefix) if key.endswith(".csv")]
    if not keys or limit <= 0:
        return
    share = max(1, limit // len(keys))
    for key in keys[:limit]:
        lines = s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
        reader = csv.reader(line.decode("utf-8") for line in lines)
        for _, row in zip(range(share), reader, strict=False):
            yield row


def validate(event: dict[str, Any], s3: Any, default_limits: dict[str, Any], sagemaker: Any = None) -> dict[str, Any]:
    """The verdict, or `DataValidationFailed` with the whole list of findings in its message."""
    limits = Limits.parse({**default_limits, **(event.get("limits") or {})})
    schema, bucket = event["schema"], event["bucket"]
    batches = read_statistics(s3, bucket, event["statistics_prefix"])
    statistics, shapes = DatasetStatistics.merge(batches), drift.shapes(batches)
    baseline = read_baseline(event, s3, sagemaker)
    moved = drift.distances(baseline[1], shapes, schema) if baseline else {}
    sample = sample_rows(s3, bucket, event["sample_prefix"], limits.sample_rows)
    findings = [
        *check_rows(statistics, limits),
        *check_schema(statistics, schema),
        *check_nulls(statistics, limits),
        *check_ranges(statistics, schema),
        *check_label(statistics, schema, limits),
        *check_drift(moved, limits),
        *check_sample(sample, statistics.features, schema),
    ]
    verdict = {
        "passed": not findings,
        "findings": [asdict(finding) for finding in findings],
        "rows": statistics.rows,
        "split_rows": statistics.split_rows,
        "labels": statistics.labels,
        "features": len(statistics.features),
        "data_version": statistics.data_version(),
        "compared_with": baseline[0] if baseline else "",
        "drift": moved,
        "limits": asdict(limits),
    }
    logger.info(json.dumps({"event": "data-validation", **verdict}))
    if findings:
        lines = [f"column {f.column}: {f.message}" if f.column else f.message for f in findings]
        raise DataValidationFailed("; ".join(lines))
    if event.get("profiles_prefix"):
        # A later data set may be compared with this one, once a model that learned from it is approved.
        key = f"{event['profiles_prefix']}{verdict['data_version']}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=drift.to_json(shapes).encode(), ContentType="application/json")
    return verdict


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    import boto3

    limits = json.loads(os.environ.get("LIMITS", "{}"))
    return validate(event, boto3.client("s3"), limits, boto3.client("sagemaker"))
