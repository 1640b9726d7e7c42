from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from values import DEVELOPMENT

SCHEMA = {
    "label": "churned",
    "task": "binary",
    "key": ["id"],
    "columns": [
        {"name": "id", "type": "string", "feature": False},
        {"name": "tenure", "type": "integer", "required": True, "minimum": 0},
        {"name": "plan", "type": "string", "values": ["basic", "pro"]},
        {"name": "charge", "type": "number"},
        {"name": "since", "type": "timestamp", "feature": False},
        {"name": "churned", "type": "boolean"},
    ],
}


@pytest.fixture
def run(etl, spark, tmp_path):
    """Runs the job over files given by name and content; answers (statistics, folder of outputs)."""

    def job(files: dict[str, str], **options: str) -> tuple[dict[str, Any], Path]:
        for name, text in files.items():
            path = tmp_path / "raw" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        arguments = {
            **etl.OPTIONAL_ARGUMENTS,
            "raw": str(tmp_path / "raw"),
            "processed": str(tmp_path / "processed"),
            "quarantine": str(tmp_path / "quarantine"),
            "dataset": "d",
            "batch": "b1",
            "schema": json.dumps(SCHEMA),
            "split": "1,0,0",
            **options,
        }
        return etl.run(spark, arguments), tmp_path

    return job


def csv_rows(folder: Path, split: str = "train") -> list[str]:
    files = sorted((folder / "processed" / "csv" / "d" / split).rglob("*.csv"))
    return sorted(line for file in files for line in file.read_text().splitlines())


def quarantined(folder: Path) -> dict[str, list[str]]:
    rows = [json.loads(line) for file in folder.rglob("quarantine/**/*.json") for line in file.read_text().splitlines()]
    return {row.get("id", "?"): row["_reasons"] for row in rows}


# The typed values of a row, as expressions.
ROW = {
    "_id": "id",
    "_tenure": "cast(id as long)",
    "_plan": "'pro'",
    "_charge": "1.5D",
    "_since": "timestamp '2024-01-01'",
    "_churned": "true",
}
HEADER = "id,tenure,plan,charge,since,churned\n"


def test_training_rows_are_numbers_with_the_label_first_and_blanks_for_missing(run):
    _, folder = run({"a.csv": HEADER + "A,5,pro,1.5,2024-01-01,yes\nB, 7 ,basic,NA,,0\nC,9,,2e1,,false\n"})
    assert csv_rows(folder) == ["0.0,7,1,0,", "0.0,9,0,0,20.0", "1.0,5,0,1,1.5"]


def test_compiled_expressions_mean_the_same_as_interpreted_ones(etl, spark, run, generate, monkeypatch, tmp_path):
    with (tmp_path / "sample.csv").open("w") as file:
        generate.write(file, 300, 7, 0.2)
    files = {"a.csv": (tmp_path / "sample.csv").read_text()}
    options = {"schema": json.dumps(DEVELOPMENT["schema"]), "split": "0.6,0.2,0.2"}
    interpreted, folder = run(files, **options)
    rows = [csv_rows(folder, split) for split in ("train", "validation", "test")]
    assert spark.conf.get("spark.sql.codegen.factoryMode") == "NO_CODEGEN"
    monkeypatch.setattr(etl, "COMPILED_FROM", 0)
    compiled, folder = run(files, **options)
    assert spark.conf.get("spark.sql.codegen.factoryMode") == "FALLBACK"
    assert compiled == interpreted
    assert rows == [csv_rows(folder, split) for split in ("train", "validation", "test")]
    assert interpreted["rows"]["quarantined"] > 30


def test_rows_that_break_the_schema_are_kept_aside_with_every_reason(run):
    statistics, folder = run(
        {
            "a.csv": HEADER + "A,5,pro,1.5,,1\nB,-1,gold,x,,1\nC,,pro,1,,maybe\nD,2.5,pro,NaN,,1\n"
            "E,3.0,pro,Infinity,,\nF,3,pro,1,soon,1\n"
        }
    )
    assert quarantined(folder) == {
        "B": ["tenure: below 0", "plan: value not allowed", "charge: not a valid number"],
        "C": ["tenure: missing", "churned: not a valid boolean"],
        "D": ["tenure: not a valid integer"],
        "E": ["charge: not a valid number", "churned: missing"],
        "F": ["since: not a valid timestamp"],
    }
    assert statistics["rows"] == {"read": 6, "accepted": 1, "quarantined": 5, "superseded": 0, "identical": 0}
    assert sum(statistics["quarantine_reasons"].values()) == 9


def test_csv_json_and_parquet_are_read_together_whatever_their_columns_order(run, spark):
    run({"a.csv": HEADER + "A,5,pro,1.5,2024-01-01,1\n"})
    statistics, folder = run(
        {
            "more/b.csv": "churned,tenure,id\n0,6,B\n",
            "c.json": '{"id":"C","tenure":7,"churned":true,"charge":2.5}\n',
        }
    )
    source = folder / "processed" / "parquet"
    target = folder / "raw" / "d.parquet"
    frame = spark.read.parquet(str(source)).where("id = 'A'").selectExpr("'D' as id", "tenure", "plan", "churned")
    frame.coalesce(1).write.parquet(str(target))
    statistics, folder = run({})
    assert statistics["rows"]["accepted"] == statistics["rows"]["read"] == 4
    assert csv_rows(folder) == ["0.0,6,0,0,", "1.0,5,0,1,", "1.0,5,0,1,1.5", "1.0,7,0,0,2.5"]


def rows(count: int) -> str:
    return HEADER + "".join(f"K{i},{i % 50},pro,{i}.5,,{i % 3 == 0}\n" for i in range(count))


def expected_split(key: str, shares: tuple[float, float]) -> str:
    digest = hashlib.sha256(f"v1\u001f{key}".encode()).hexdigest()
    number = int(digest[:12], 16) % 1_000_000
    if number < shares[0] * 1_000_000:
        return "train"
    return "validation" if number < (shares[0] + shares[1]) * 1_000_000 else "test"


def test_a_rows_split_follows_from_its_key_alone(run, spark):
    statistics, folder = run({"a.csv": rows(600)}, split="0.6,0.2,0.2")
    parquet = spark.read.parquet(str(folder / "processed" / "parquet")).select("id", "split").collect()
    assert {row["id"]: row["split"] for row in parquet} == {
        f"K{i}": expected_split(f"K{i}", (0.6, 0.2)) for i in range(600)
    }
    assert sum(len(csv_rows(folder, split)) for split in ("train", "validation", "test")) == 600
    assert statistics["splits"]["train"]["rows"] == len(csv_rows(folder, "train"))


def test_the_same_rows_in_other_files_give_the_same_data_and_fingerprints(run):
    first, folder = run({"a.csv": rows(100)}, split="0.6,0.2,0.2")
    contents = {split: csv_rows(folder, split) for split in ("train", "validation", "test")}
    lines = rows(100).splitlines(keepends=True)
    second, _ = run(
        {"a.csv": HEADER + "".join(reversed(lines[51:])), "b.csv": HEADER + "".join(lines[1:51])}, split="0.6,0.2,0.2"
    )
    assert {split: csv_rows(folder, split) for split in contents} == contents
    assert first["splits"] == second["splits"]


def test_a_row_stays_in_its_split_when_others_join_it(run, spark):
    """Of each class, which is rare here: training would meet rows that an earlier model was tested on."""
    lines = [f"K{i},{i % 50},pro,{i}.5,,{i % 40 == 0}\n" for i in range(1200)]

    def splits(count: int) -> dict[str, str]:
        _, folder = run({"a.csv": HEADER + "".join(lines[:count])}, split="0.6,0.2,0.2")
        found = spark.read.parquet(str(folder / "processed" / "parquet")).select("id", "split").collect()
        return {row["id"]: row["split"] for row in found}

    before, after = splits(600), splits(1200)
    assert {key: after[key] for key in before} == before


def test_each_split_has_a_rare_class_in_about_its_share(run):
    text = HEADER + "".join(f"K{i},{i % 50},pro,{i}.5,,{i % 50 == 0}\n" for i in range(20_000))
    statistics, _ = run({"a.csv": text}, split="0.6,0.2,0.2")
    for split in statistics["splits"].values():
        assert split["labels"]["1"] / split["rows"] == pytest.approx(0.02, abs=0.003)


def test_a_repeated_batch_replaces_its_own_output_and_leaves_others(run):
    _, folder = run({"a.csv": rows(10)})
    run({}, batch="b2")
    run({}, batch="b2")
    assert len(csv_rows(folder)) == 20


def test_rows_are_moved_and_sorted_once_for_both_formats(run, spark, etl, tmp_path):
    schema, seen = etl.parse_text(json.dumps(SCHEMA)), spark.sparkContext.accumulator(0)

    def count(value: bool) -> bool:
        seen.add(1)
        return value

    values = [f"cast(id as string) as {name}" if name == "_id" else f"{of} as {name}" for name, of in ROW.items()]
    frame = spark.range(40).selectExpr(*values, "cast(id as string) as _row_hash", "'train' as _split")
    frame = frame.withColumn("_churned", etl.F.udf(count, "boolean")("_churned"))
    splits = {name: {"rows": 40 if name == "train" else 0} for name in etl.SPLITS}
    places = {"processed": str(tmp_path / "processed"), "dataset": "d", "batch": "b1", "rows_per_file": "10"}
    etl.write_splits(frame, schema, splits, places)
    assert seen.value == 40
    assert len(csv_rows(tmp_path)) == spark.read.parquet(str(tmp_path / "processed" / "parquet")).count() == 40
    assert len(list((tmp_path / "processed" / "csv").rglob("*.csv"))) == 4


def test_no_marker_files_are_left_where_training_reads(run):
    _, folder = run({"a.csv": rows(10)})
    visible = [p.name for p in (folder / "processed" / "csv").rglob("*") if p.is_file() and p.name[0] != "."]
    assert visible
    assert all(name.endswith(".csv") for name in visible)


def test_statistics_describe_the_accepted_rows(run):
    statistics, folder = run({"a.csv": HEADER + "A,2,pro,1.5,,1\nB,4,basic,,,0\nC,-1,pro,9,,0\n"})
    columns = statistics["columns"]
    assert columns["plan"] == {"type": "string", "count": 2, "nulls": 0, "values": {"basic": 1, "pro": 1}}
    tenure = columns["tenure"]
    assert (tenure["min"], tenure["max"], tenure["mean"]) == (2.0, 4.0, 3.0)
    assert tenure["quantiles"] == [2.0] * 11 + [4.0] * 10
    assert columns["charge"]["nulls"] == 1
    assert statistics["splits"]["train"]["labels"] == {"0": 1, "1": 1}
    written = json.loads((folder / "processed/statistics/d/batch=b1.json").read_text())
    assert written == statistics


def test_the_statistics_count_the_files_and_name_those_that_are_passed_over(run):
    statistics, folder = run(
        {
            "a.csv": HEADER + "A,2,pro,1.5,,1\n",
            "old.csv": "id,tenure,churned\nB,3,0\n",
            "notes.txt": "x",
            "empty.csv": "",
            "deep/b.parquet.tmp": "x",
        }
    )
    files = statistics["files"]
    raw = folder / "raw"
    assert (files["read"], files["ignored"]) == (2, 3)
    assert files["bytes"] == sum((raw / name).stat().st_size for name in ("a.csv", "old.csv"))
    assert {(entry["file"].removeprefix(f"file:{raw}/"), entry["reason"]) for entry in files["ignored_files"]} == {
        ("notes.txt", "not a format that is read"),
        ("deep/b.parquet.tmp", "not a format that is read"),
        ("empty.csv", "empty"),
    }
    assert files["without_column"] == {"plan": 1, "charge": 1, "since": 1}


def test_of_many_files_that_are_passed_over_a_hundred_are_named(run):
    statistics, _ = run({f"{number}.txt": "x" for number in range(103)})
    assert statistics["files"]["ignored"] == 103
    assert len(statistics["files"]["ignored_files"]) == 100


def test_a_job_without_new_files_says_zero_and_writes_no_data(run):
    (statistics, folder) = run({"ignored.txt": "x"})
    assert set(statistics["rows"].values()) == {0}
    assert not (folder / "processed" / "csv").exists()


def test_the_statistics_satisfy_the_validation_function(run, validation):
    statistics, _ = run({"a.csv": rows(300)}, split="0.6,0.2,0.2")
    total = validation.DatasetStatistics.merge([statistics])
    limits = validation.Limits()
    findings = [
        *validation.check_rows(total, limits),
        *validation.check_schema(total, SCHEMA),
        *validation.check_label(total, SCHEMA, limits),
    ]
    assert findings == []


@pytest.mark.parametrize("split", ["0.8,0.1", "0.8,0.1,0.2", "1.1,-0.1,0"])
def test_shares_that_are_not_a_split_are_refused(etl, split):
    with pytest.raises(ValueError, match="three shares"):
        etl.parse_split(split)


def test_arguments_that_glue_adds_are_ignored_without_glue(etl):
    argv = ["etl.py", "--JOB_NAME", "j", "--job-bookmark-option", "job-bookmark-disable"]
    for name in etl.REQUIRED_ARGUMENTS:
        argv += [f"--{name}", name]
    assert etl.read_arguments(argv)["split"] == DEVELOPMENT["split"]
