"""The counts of the ETL job for the batches of a data set, added up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SPLITS = ("train", "validation", "test")


class DataValidationFailed(Exception):
    """The data set must not be trained on. The message names every column at fault."""


@dataclass
class Profile:
    """The counts of one column over all batches."""

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
    split_labels: dict[str, dict[str, int]] = field(default_factory=lambda: {s: {} for s in SPLITS})
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
                total.rows[name] = total.rows.get(name, 0) + rows
            for reason, rows in batch["quarantine_reasons"].items():
                total.quarantine_reasons[reason] = total.quarantine_reasons.get(reason, 0) + rows
            for name, entry in batch["columns"].items():
                total.columns.setdefault(name, Profile()).add(entry)
            for name, split in batch["splits"].items():
                total.split_rows[name] += split["rows"]
                total.fingerprints[name] = [
                    a + b for a, b in zip(total.fingerprints[name], split["fingerprint"], strict=True)
                ]
                labels = total.split_labels[name]
                for label, rows in split["labels"].items():
                    labels[label] = labels.get(label, 0) + rows
        return total

    @property
    def labels(self) -> dict[str, int]:
        """Rows by label, of all splits together."""
        totals: dict[str, int] = {}
        for labels in self.split_labels.values():
            for label, rows in labels.items():
                totals[label] = totals.get(label, 0) + rows
        return totals

    def data_version(self) -> str:
        """The same rows in the same splits have the same version, whichever run wrote them."""
        content = [self.features, [[s, self.split_rows[s], *self.fingerprints[s]] for s in SPLITS]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
