"""The job's entry under AWS Glue, whose library is nowhere but there: its arguments, its session, its commit."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import pytest

COLUMNS = 120
NAMES = [f"measurement_{number:03}" for number in range(COLUMNS)]
SCHEMA = {
    "label": "failed",
    "columns": [
        *({"name": name, "source": name.replace("_", " "), "type": "number"} for name in NAMES),
        {"name": "failed", "type": "boolean"},
    ],
}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise RuntimeError(message)


def resolved(argv: list[str], names: list[str]) -> dict[str, str]:
    """As Glue's own: each option that is asked for must be there, and others are left alone."""
    parser = Parser()
    for name in names:
        parser.add_argument(f"--{name}", required=True)
    known, _ = parser.parse_known_args(argv[1:])
    return vars(known)


@pytest.fixture
def calls(etl, spark, monkeypatch) -> list[tuple[Any, ...]]:
    """What the script asks of Glue's library."""
    made: list[tuple[Any, ...]] = []

    class GlueContext:
        def __init__(self, context: Any) -> None:
            assert context is spark.sparkContext
            self.spark_session = spark

    class Job:
        def __init__(self, glue: GlueContext) -> None:
            self.glue = glue

        def init(self, name: str, options: dict[str, str]) -> None:
            made.append(("init", name, options["raw"]))

        def commit(self) -> None:
            made.append(("commit",))

    # The job sets it where it is not set.
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for name, value in {"GlueContext": GlueContext, "Job": Job, "getResolvedOptions": resolved}.items():
        monkeypatch.setattr(etl, name, value)
    return made


def arguments(folder: Path, **changes: str) -> list[str]:
    """As Glue gives them: its own among them, in any order."""
    given = {
        "job-bookmark-option": "job-bookmark-disable",
        "TempDir": "s3://artifacts/glue/temporary/",
        "raw": str(folder / "raw"),
        "processed": f"{folder}/processed/",
        "quarantine": f"{folder}/quarantine/",
        "dataset": "d",
        "batch": "b",
        "split": "0.6,0.2,0.2",
        "schema": json.dumps(SCHEMA),
        "service_region": "eu-west-3",
        "JOB_NAME": "etl",
        "JOB_RUN_ID": "jr_1",
        **changes,
    }
    return ["etl.py", *(text for name, value in given.items() for text in (f"--{name}", value))]


def write_raw(folder: Path, rows: int) -> None:
    (folder / "raw").mkdir()
    header = [name.replace("_", " ") for name in NAMES]
    lines = [[f"{row}.{column}" for column in range(COLUMNS)] + [str(row % 2)] for row in range(rows)]
    text = "\n".join(",".join(line) for line in [[*header, "failed"], *lines])
    (folder / "raw" / "a.csv").write_text(text + "\n")


def test_a_run_of_glue_prepares_a_wide_table_and_commits_last(etl, validation, calls, tmp_path):
    write_raw(tmp_path, 60)
    etl.main(arguments(tmp_path))
    assert calls == [("init", "etl", str(tmp_path / "raw")), ("commit",)]
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-3"
    statistics = json.loads((tmp_path / "processed/statistics/d/batch=b.json").read_text())
    assert (statistics["load_mode"], statistics["rows"]["accepted"]) == ("snapshot", 60)
    assert statistics["features"] == NAMES
    assert statistics["columns"][NAMES[-1]]["max"] == 59.119
    assert all(statistics["splits"][split]["rows"] for split in ("train", "validation", "test"))
    files = (tmp_path / "processed/csv/d/train").rglob("*.csv")
    rows = [line.split(",") for file in files for line in file.read_text().splitlines()]
    assert list(validation.check_sample(rows, statistics["features"], SCHEMA)) == []
    total = validation.DatasetStatistics.merge([statistics])
    assert list(validation.check_schema(total, SCHEMA)) == []


def test_a_run_of_glue_that_fails_commits_nothing(etl, calls, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text("other\n1\n")
    with pytest.raises(ValueError, match="no file has a column"):
        etl.main(arguments(tmp_path))
    assert [call[0] for call in calls] == ["init"]


def test_an_argument_that_glue_does_not_give_is_named(etl, calls, tmp_path):
    given = arguments(tmp_path)
    place = given.index("--batch")
    with pytest.raises(RuntimeError, match="required: --batch"):
        etl.main(given[:place] + given[place + 2 :])
    assert calls == []


def test_the_step_that_fills_feature_groups_commits_too(etl, calls, tmp_path, monkeypatch):
    asked: list[str] = []

    def ingest(_spark: Any, options: dict[str, str]) -> dict[str, int]:
        asked.append(options["feature_groups"])
        return {}

    monkeypatch.setattr(etl, "ingest", ingest)
    etl.main(arguments(tmp_path, step="ingest", feature_groups="customers"))
    assert asked == ["customers"]
    assert [call[0] for call in calls] == ["init", "commit"]
    assert not (tmp_path / "processed").exists()
