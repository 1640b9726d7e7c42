"""SageMaker's container contract: where its files are, and how its CSV reads."""

from __future__ import annotations

import csv
import json
import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# SageMaker always uses /opt/ml; another place serves to run the programs elsewhere.
ROOT = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
MODEL_FILE = "xgboost-model.ubj"


@dataclass
class Table:
    """Rows of numbers as they grow, with 4 bytes for each number. NaN stands for a missing value."""

    width: int | None = None
    numbers: array[float] = field(default_factory=lambda: array("f"))

    def append(self, row: list[str]) -> None:
        if self.width is None:
            self.width = len(row)
        if len(row) != self.width:
            raise ValueError(f"rows of different lengths: {self.width} and {len(row)} fields")
        self.numbers.extend([float(text) if text else float("nan") for text in row])

    def matrix(self) -> np.ndarray:
        """The rows without a copy of them."""
        if not self.numbers:
            raise ValueError("no rows")
        return np.frombuffer(self.numbers, dtype=np.float32).reshape(-1, self.width)


def rows_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """The fields of lines without a header."""
    return (row for row in csv.reader(lines) if row)


def parse_csv(lines: Iterable[str]) -> np.ndarray:
    """Numbers without header; an empty field is a missing value."""
    table = Table()
    for row in rows_of(lines):
        table.append(row)
    return table.matrix()


def read_channel(channel: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Features and labels of all files of an input channel, in order of their names.

    None when the job has no such channel. A row begins with its label.
    """
    folder = ROOT / "input" / "data" / channel
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        return None
    features, labels = Table(), Table()
    for path in files:
        with path.open(newline="") as file:
            for row in rows_of(file):
                labels.append(row[:1])
                features.append(row[1:])
    return features.matrix(), labels.matrix()


def hosts() -> list[str]:
    """The instances of the training job."""
    path = ROOT / "input" / "config" / "resourceconfig.json"
    return json.loads(path.read_text())["hosts"] if path.exists() else ["algo-1"]
