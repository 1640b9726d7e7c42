"""Increments of a data set: each file is read once it is new, until the batch that read it is accepted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SCHEMA = {
    "label": "y",
    "key": ["id"],
    "columns": [
        {"name": "id", "type": "string", "feature": False},
        {"name": "n", "type": "integer"},
        {"name": "y", "type": "boolean"},
    ],
}


@pytest.fixture
def run(etl, spark, tmp_path):
    def job(batch: str, files: dict[str, str], **options: str) -> dict[str, Any]:
        for name, text in files.items():
            path = Path(tmp_path / "raw" / name)
            path.parent.mkdir(exist_ok=True)
            path.write_text("id,n,y\n" + text)
        places = {name: str(tmp_path / name) for name in ("raw", "processed", "quarantine")}
        own = {"dataset": "d", "batch": batch, "schema": json.dumps(SCHEMA), "load_mode": "incremental"}
        return etl.run(spark, {**etl.OPTIONAL_ARGUMENTS, **places, **own, **options})

    return job


def accept(folder: Path, batch: str) -> None:
    """As the validation function does."""
    path = folder / "processed" / "datasets" / "d" / "accepted" / f"{batch}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def test_a_file_is_new_until_a_batch_that_read_it_is_accepted(run, tmp_path):
    assert run("b1", {"a.csv": "A,1,1\n"})["rows"]["read"] == 1
    # Refused: what it read is still to be read.
    assert run("b2", {"b.csv": "B,1,1\n"})["rows"]["read"] == 2
    accept(tmp_path, "b2")
    third = run("b3", {"c.csv": "C,1,1\n"})
    assert (third["rows"]["read"], third["files"]["read"], third["builds_on"]) == (1, 1, ["b2"])
    accept(tmp_path, "b3")
    assert run("b4", {})["rows"]["read"] == 0
    # A repeated run of a batch that was accepted meanwhile reads what it read before.
    assert run("b3", {})["rows"]["read"] == 1


def test_a_file_that_was_replaced_is_new(run, tmp_path):
    run("b1", {"a.csv": "A,1,1\n"})
    accept(tmp_path, "b1")
    path = tmp_path / "raw" / "a.csv"
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 60))
    assert run("b2", {})["rows"]["read"] == 1


def test_a_data_set_of_another_name_and_a_snapshot_read_everything(run, tmp_path):
    run("b1", {"a.csv": "A,1,1\n"})
    accept(tmp_path, "b1")
    assert run("b2", {}, dataset="anew")["rows"]["read"] == 1
    snapshot = run("b3", {}, load_mode="snapshot")
    assert (snapshot["rows"]["read"], snapshot["builds_on"]) == (1, [])
