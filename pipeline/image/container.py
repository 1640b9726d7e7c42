"""SageMaker's container contract: where its files are, and how its CSV reads."""

from __future__ import annotations

import csv
import json
import os
from array import array
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

# SageMaker always uses /opt/ml; another place serves to run the programs elsewhere.
ROOT = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
MODEL_FILE = "xgboost-model.ubj"
# Bytes. Reading fewer takes less time than starting processes for it.
SHARED_FROM = 16 << 20


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


def read_table(lines: Iterable[str]) -> Table:
    """Numbers without header; an empty field is a missing value."""
    table = Table()
    for row in csv.reader(lines):
        if row:
            table.append(row)
    return table


def read_channel(channel: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Features and labels of all files of an input channel, in order of their names.

    None when the job has no such channel. A row begins with its label. Of much data, each core reads files of its own.
    """
    folder = ROOT / "input" / "data" / channel
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        return None
    cores = min(len(files), os.cpu_count() or 1)
    if cores == 1 or sum(path.stat().st_size for path in files) < SHARED_FROM:
        tables = [read_file(path) for path in files]
    else:
        # A fork of a process with threads, such as those of numpy, may wait for ever.
        with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
            tables = list(pool.map(read_file, files))
    parts = [table.matrix() for table in tables if table.width]
    if not parts:
        raise ValueError("no rows")
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ValueError(f"rows of different lengths: {widths[0]} and {widths[-1]} fields")
    rows = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return rows[:, 1:], rows[:, :1]


def read_file(path: Path) -> Table:
    with path.open(newline="") as file:
        return read_table(file)


def hosts() -> list[str]:
    """The instances of the training job."""
    path = ROOT / "input" / "config" / "resourceconfig.json"
    return json.loads(path.read_text())["hosts"] if path.exists() else ["algo-1"]
