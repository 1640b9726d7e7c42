"""SageMaker's container contract: where its files are, and how its CSV reads."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

# SageMaker always uses /opt/ml; another place serves to run the programs elsewhere.
ROOT = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
MODEL_FILE = "xgboost-model.ubj"


def parse_csv(lines: Iterable[str]) -> np.ndarray:
    """Numbers without header; an empty field is a missing value."""
    rows = [[float(field) if field else float("nan") for field in row] for row in csv.reader(lines) if row]
    if not rows:
        raise ValueError("no rows")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("rows of different lengths")
    return np.array(rows, dtype=np.float32)


def read_channel(channel: str) -> np.ndarray | None:
    """All files of an input channel, in order of their names; None when the job has no such channel."""
    folder = ROOT / "input" / "data" / channel
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        return None
    return np.concatenate([parse_csv(path.read_text().splitlines()) for path in files])
