"""Labels and predictions as a batch transform wrote them, and the error of those that cannot be measured."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class EvaluationFailed(Exception):
    """The predictions cannot be measured: none, incomplete, or not numbers."""


@dataclass
class Scored:
    """Labels and predictions in the order read: 8 bytes a number. A row has `width` predictions."""

    labels: array[float]
    predictions: array[float]
    width: int = 1

    @staticmethod
    def empty(width: int = 1) -> Scored:
        return Scored(array("d"), array("d"), width)

    def append(self, row: list[str], where: str) -> None:
        """Takes the label from the start of a row and the predictions from its end."""
        fields = row[1:]
        if self.width > 1:
            fields = [part for field in fields for part in field.strip("[] ").split(",")]
        if len(fields) < self.width:
            raise EvaluationFailed(f"{where}: {len(fields)} fields after the label, {self.width} predictions expected")
        try:
            values = [float(field) for field in (row[0], *fields[-self.width :])]
        except ValueError:
            raise EvaluationFailed(f"{where}: {','.join(row)[:200]!r} are not numbers") from None
        if not all(map(math.isfinite, values)):
            raise EvaluationFailed(f"{where}: {','.join(row)[:200]!r} are not finite")
        self.labels.append(values[0])
        self.predictions.extend(values[1:])

    def __len__(self) -> int:
        return len(self.labels)

    def column(self, position: int) -> array[float]:
        """One of the predictions of every row."""
        return self.predictions[position :: self.width]

    def select(self, rows: list[int]) -> Scored:
        """The rows at these positions, each as often as it is named."""
        labels = array("d", [self.labels[row] for row in rows])
        if self.width == 1:
            return Scored(labels, array("d", [self.predictions[row] for row in rows]))
        spans = ((row * self.width, (row + 1) * self.width) for row in rows)
        return Scored(labels, array("d", [p for a, b in spans for p in self.predictions[a:b]]), self.width)


def list_keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"] > 0)


def rows_of(s3: Any, bucket: str, key: str) -> Iterator[list[str]]:
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
    # XGBoost's container writes the probabilities of a row as a list in brackets, with spaces after the commas.
    return (row for row in csv.reader((line.decode("utf-8") for line in lines), skipinitialspace=True) if row)


def read(s3: Any, bucket: str, prefix: str, width: int) -> Scored:
    """All rows below a prefix, in the order of the files' keys."""
    scored = Scored.empty(width)
    for key in list_keys(s3, bucket, prefix):
        for number, row in enumerate(rows_of(s3, bucket, key), start=1):
            scored.append(row, f"{key}, row {number}")
    if not len(scored):
        raise EvaluationFailed(f"there are no predictions below {prefix}")
    return scored
