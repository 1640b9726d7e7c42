"""Decides whether a data set is fit to train on.

Reads the statistics that the ETL job wrote for the batches of the data set, and a sample of the training CSV itself.
Holds both against the schema, the limits, and the data that the champion learned from. A batch that joins batches
accepted before is judged alone as well: the limits of the whole would hide it.
A data set that is not fit raises `DataValidationFailed`, which names each column at fault and ends the pipeline: the
state machine does not retry it.

Event:
    bucket              where the data set is, below `processed/`
    dataset             its name
    batch               what this execution adds to it
    schema              the schema that the ETL job used
    limits              see `checks.Limits`; the LIMITS environment variable holds defaults
    baseline            the champion's package and the version of the data that it learned from, as the plan of the
                        evaluation answered; both are empty without a champion

A batch that is fit is accepted: from then on it belongs to the data set, and its files are not new any more. Manifests
list the files of the data set as of this execution, for training and for batch predictions.
"""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import drift
from batches import SPLITS, DatasetStatistics, DataValidationFailed
from checks import (
    Finding,
    Limits,
    check_drift,
    check_label,
    check_nulls,
    check_quarantine,
    check_ranges,
    check_rows,
    check_sample,
    check_schema,
)

logger = logging.getLogger()
logger.setLevel(logging.INFO)

PROCESSED = "processed"


@dataclass(frozen=True)
class DataSet:
    """A data set as of one execution: the batch that it adds, and the accepted ones that the ETL job found."""

    s3: Any
    bucket: str
    name: str
    batch: str
    statistics: list[dict[str, Any]]

    @staticmethod
    def read(s3: Any, bucket: str, name: str, batch: str) -> DataSet:
        own = read_statistics(s3, bucket, name, batch)
        before = [read_statistics(s3, bucket, name, other) for other in own.get("builds_on", [])]
        return DataSet(s3, bucket, name, batch, [*before, own])

    @property
    def builds_on(self) -> list[str]:
        return self.statistics[-1].get("builds_on", [])

    @property
    def folder(self) -> str:
        return f"{PROCESSED}/datasets/{self.name}"

    def accepted(self) -> list[str]:
        prefix = f"{self.folder}/accepted/"
        return [key.removeprefix(prefix).removesuffix(".json") for key in list_keys(self.s3, self.bucket, prefix)]

    def files(self, split: str) -> list[str]:
        """The training files of a split, each below the split's folder."""
        folder = self.split_folder(split)
        keys = [
            key
            for batch in [*self.builds_on, self.batch]
            for key in list_keys(self.s3, self.bucket, f"{folder}batch={batch}/")
            if key.endswith(".csv")
        ]
        return [key.removeprefix(folder) for key in keys]

    def split_folder(self, split: str) -> str:
        return f"{PROCESSED}/csv/{self.name}/{split}/"

    def accept(self) -> str:
        """Writes the manifests, and last what makes the batch a part of the data set. Answers the manifests' prefix."""
        prefix = f"{self.folder}/manifests/{self.batch}/"
        for split in SPLITS:
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
            manifest = [{"prefix": f"s3://{self.bucket}/{self.split_folder(split)}"}, *self.files(split)]
            self.put(f"{prefix}{split}.manifest", json.dumps(manifest))
        if self.statistics[-1]["rows"]["accepted"]:
            self.put(f"{self.folder}/accepted/{self.batch}.json", json.dumps({"batch": self.batch}))
        return prefix

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="application/json")

    def has_changed(self) -> list[str]:
        """Batches that another execution has added or taken away since the ETL job looked."""
        return sorted((set(self.accepted()) - {self.batch}) ^ set(self.builds_on)) if self.is_growing else []

    @property
    def is_growing(self) -> bool:
        return self.statistics[-1].get("load_mode") == "incremental"


def list_keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"] > 0)


def read_statistics(s3: Any, bucket: str, dataset: str, batch: str) -> dict[str, Any]:
    key = f"{PROCESSED}/statistics/{dataset}/batch={batch}.json"
    if not list_keys(s3, bucket, key):
        raise DataValidationFailed(f"no statistics at s3://{bucket}/{key}: did the ETL job run?")
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])


def read_baseline(bucket: str, champion: dict[str, str], s3: Any) -> drift.Baseline:
    package, version = champion["package"], champion["data_version"]
    if not package:
        return drift.Baseline(why_not="no model is approved yet")
    if not version:
        return drift.Baseline(package, why_not="the approved model does not name its data version")
    key = profile_key(version)
    if not list_keys(s3, bucket, key):
        return drift.Baseline(package, why_not=f"the profile of the approved model's data is gone: s3://{bucket}/{key}")
    return drift.Baseline(package, drift.from_json(json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])))


def profile_key(data_version: str) -> str:
    return f"{PROCESSED}/profiles/{data_version}.json"


def sample_rows(data_set: DataSet, limit: int) -> Iterator[list[str]]:
    """Up to `limit` rows, an equal share from each file, so that one file cannot hide another."""
    files = data_set.files("train")
    if not files or limit <= 0:
        return
    share = max(1, limit // len(files))
    for name in files[:limit]:
        key = data_set.split_folder("train") + name
        lines = data_set.s3.get_object(Bucket=data_set.bucket, Key=key)["Body"].iter_lines()
        reader = csv.reader(line.decode("utf-8") for line in lines)
        for _, row in zip(range(share), reader, strict=False):
            yield row


@dataclass(frozen=True)
class Moved:
    """The distances of columns from the approved model's data."""

    distances: dict[str, float]
    not_compared: list[str]

    @staticmethod
    def between(baseline: drift.Baseline, batches: list[dict[str, Any]], schema: dict[str, Any]) -> Moved:
        if baseline.why_not:
            return Moved({}, [])
        found = drift.shapes(batches)
        names, others = drift.comparable(baseline.shapes, found, schema)
        return Moved({name: drift.distance(baseline.shapes[name], found[name]) for name in names}, others)


def judge_alone(batch: dict[str, Any], moved: Moved, schema: dict[str, Any], limits: Limits) -> list[Finding]:
    """The new batch by itself. It may be small: only shares are judged, and drift from the rows of a data set."""
    alone = DatasetStatistics.merge([batch])
    if alone.rows["read"] == 0:
        return []
    enough = alone.rows["accepted"] >= limits.min_rows
    findings = [
        *check_quarantine(alone, limits),
        *check_nulls(alone, limits),
        *check_ranges(alone, schema),
        *(check_drift(moved.distances, limits) if enough else ()),
    ]
    return [Finding(f.column, f.check, f"in the new batch, {f.message}") for f in findings]


def validate(event: dict[str, Any], s3: Any, default_limits: dict[str, Any]) -> dict[str, Any]:
    """The verdict, or `DataValidationFailed` with the whole list of findings in its message."""
    limits = Limits.parse({**default_limits, **(event.get("limits") or {})})
    schema = event["schema"]
    data_set = DataSet.read(s3, event["bucket"], event["dataset"], event["batch"])
    statistics = DatasetStatistics.merge(data_set.statistics)
    baseline = read_baseline(event["bucket"], event["baseline"], s3)
    moved = Moved.between(baseline, data_set.statistics, schema)
    findings = [
        *check_rows(statistics, limits),
        *check_quarantine(statistics, limits),
        *check_schema(statistics, schema),
        *check_nulls(statistics, limits),
        *check_ranges(statistics, schema),
        *check_label(statistics, schema, limits),
        *check_drift(moved.distances, limits),
        *check_sample(sample_rows(data_set, limits.sample_rows), statistics.features, schema),
    ]
    if data_set.builds_on:
        own = data_set.statistics[-1]
        findings += judge_alone(own, Moved.between(baseline, [own], schema), schema, limits)
    warnings = [f for f in findings if f.check == "drift" and limits.on_drift == "warn"]
    findings = [f for f in findings if f not in warnings]
    changed = data_set.has_changed()
    if changed:
        message = f"another execution has changed the data set {data_set.name} ({changed[0]}): start the pipeline again"
        findings.append(Finding("", "dataset", message))
    verdict = {
        "passed": not findings,
        "findings": [asdict(finding) for finding in findings],
        "warnings": [said(finding) for finding in warnings],
        "rows": statistics.rows,
        "split_rows": statistics.split_rows,
        "labels": statistics.labels,
        "split_labels": statistics.split_labels,
        "features": len(statistics.features),
        "data_version": statistics.data_version(),
        "compared_with": "" if baseline.why_not else baseline.package,
        "not_compared": baseline.why_not,
        "not_compared_columns": moved.not_compared,
        "drift": moved.distances,
        "limits": asdict(limits),
    }
    logger.info(json.dumps({"event": "data-validation", **verdict}))
    if findings:
        raise DataValidationFailed("; ".join(said(finding) for finding in findings))
    verdict["manifests"] = f"s3://{data_set.bucket}/{data_set.accept()}"
    # A later data set may be compared with this one, once a model that learned from it is approved.
    data_set.put(profile_key(verdict["data_version"]), drift.to_json(drift.shapes(data_set.statistics)))
    return verdict


def said(finding: Finding) -> str:
    return f"column {finding.column}: {finding.message}" if finding.column else finding.message


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    import boto3

    return validate(event, boto3.client("s3"), json.loads(os.environ.get("LIMITS", "{}")))
