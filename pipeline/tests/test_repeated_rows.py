"""Rows of one key, identical rows, and the split: which rows stay, and where they go."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

SCHEMA: dict[str, Any] = {
    "label": "y",
    "key": ["id"],
    "columns": [
        {"name": "id", "type": "string", "feature": False},
        {"name": "month", "type": "timestamp", "feature": False},
        {"name": "n", "type": "integer"},
        {"name": "y", "type": "boolean"},
    ],
}


@pytest.fixture
def judged(etl, spark, tmp_path):
    """Writes files, each younger than the one before, and answers the rows with their fates and splits."""

    def judge(files: dict[str, str], shares: tuple[float, ...] = (0.6, 0.2, 0.2), **changes: Any) -> DataFrame:
        for age, (name, text) in enumerate(files.items()):
            path = Path(tmp_path / name)
            path.write_text("id,month,n,y\n" + text)
            os.utime(path, (1_700_000_000 + age * 60, 1_700_000_000 + age * 60))
        schema = etl.parse_text(json.dumps(SCHEMA | changes))
        frame, _ = etl.read_files(spark, etl.list_raw(spark, str(tmp_path), ["csv"]).files, schema)
        return etl.assign_split(etl.judge(frame, schema, "v1"), schema, shares, "v1").cache()

    return judge


def fates(frame: DataFrame) -> dict[str, int]:
    return {row["_fate"]: row["count"] for row in frame.groupBy("_fate").count().collect()}


def days(first: str, second: str) -> dict[str, str]:
    return {
        "monday.csv": "".join(f"K{i},{first},1,1\n" for i in range(200)),
        "tuesday.csv": "".join(f"K{i},{second},2,0\n" for i in range(200)),
    }


def test_of_rows_with_one_key_the_newest_files_stay(judged):
    frame = judged(days("2024-01-01", "2024-01-02"))
    assert fates(frame) == {"accepted": 200, "superseded": 200}
    assert {row["_n"] for row in frame.where("_fate = 'accepted'").collect()} == {2}


def test_a_declared_order_goes_before_the_files_age(judged):
    frame = judged(days("2024-01-02", "2024-01-01"), order_by="month")
    assert fates(frame) == {"accepted": 200, "superseded": 200}
    assert {row["_n"] for row in frame.where("_fate = 'accepted'").collect()} == {1}


def test_a_row_without_a_value_in_the_order_gives_way(judged):
    frame = judged({"a.csv": "K,2024-01-01,1,1\n", "b.csv": "K,,2,1\n"}, order_by="month")
    assert [row["_n"] for row in frame.where("_fate = 'accepted'").collect()] == [1]


def test_identical_rows_are_dropped_and_counted_apart(judged):
    text = "".join(f"K{i},,{i},1\n" for i in range(50))
    frame = judged({"a.csv": text, "again.csv": text})
    assert fates(frame) == {"accepted": 50, "identical": 50}


def test_rows_without_a_key_are_observations_of_their_own_unless_the_schema_says_otherwise(judged):
    files = {"a.csv": "K,,1,1\nK,,1,1\nK,,2,1\n"}
    assert fates(judged(files, key=[])) == {"accepted": 3}
    assert fates(judged(files, key=[], identical_rows="drop")) == {"accepted": 2, "identical": 1}


def test_rows_of_one_key_that_nothing_orders_are_quarantined_but_for_one(judged):
    frame = judged({"a.csv": "K,,1,1\nK,,2,1\nK,,bad,1\nL,,1,1\n"})
    assert fates(frame) == {"accepted": 2, "quarantined": 2}
    reasons = sorted(reason for row in frame.collect() for reason in row["_reasons"])
    assert reasons == ["id: duplicate key", "n: not a valid integer"]


def test_a_newer_row_that_breaks_the_schema_supersedes_nothing(judged):
    frame = judged({"a.csv": "K,,1,1\n", "b.csv": "K,,bad,1\n"})
    assert fates(frame) == {"accepted": 1, "quarantined": 1}


def test_keys_are_told_apart_by_value(judged):
    columns = [dict(column) for column in SCHEMA["columns"]]
    columns[0]["type"] = "integer"
    frame = judged({"a.csv": "1,,1,1\n", "b.csv": "1.0,,2,1\n"}, columns=columns)
    assert fates(frame) == {"accepted": 1, "superseded": 1}
    assert fates(judged({"a.csv": "01,,1,1\n", "b.csv": "1,,2,1\n"})) == {"accepted": 2}


def test_rows_that_share_what_they_are_split_by_stay_together(judged):
    text = "".join(f"K{i},2024-{m:02}-01,{m},1\n" for i in range(100) for m in range(1, 13))
    frame = judged({"a.csv": text}, key=["id", "month"], split_by=["id"])
    assert fates(frame) == {"accepted": 1200}
    splits = frame.groupBy("id").agg({"_split": "collect_set"}).collect()
    assert {len(row[1]) for row in splits} == {1}
    assert {row[1][0] for row in splits} == {"train", "validation", "test"}


def test_a_split_by_time_tests_on_the_newest_rows(judged):
    text = "".join(f"K{i},2024-01-{day:02},1,1\n" for i, day in enumerate([*range(1, 31)] * 4))
    frame = judged({"a.csv": text + "X,,1,1\n"}, split_time="month")
    assert fates(frame) == {"accepted": 120, "quarantined": 1}
    days_of = {
        split: {row["_month"].day for row in frame.where(f"_split = '{split}' and _fate = 'accepted'").collect()}
        for split in ("train", "validation", "test")
    }
    assert days_of["train"] == set(range(1, 19))
    assert days_of["validation"] == set(range(19, 25))
    assert days_of["test"] == set(range(25, 31))
