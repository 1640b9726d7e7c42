"""CSV files that are read in parts: only where that gives the rows that reading them whole gives."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

HEADER = "id,note,y,number\n"
SCHEMA = {
    "label": "y",
    "columns": [
        {"name": "id", "type": "string", "feature": False},
        {"name": "note", "type": "string", "feature": False},
        {"name": "number", "type": "number"},
        {"name": "y", "type": "boolean"},
    ],
}


@pytest.fixture
def lines(etl, monkeypatch):
    """The module, for files of any size."""
    module = __import__("csv_lines")
    monkeypatch.setattr(module, "SEARCHED_FROM", 0)
    return module


def listed(etl, spark, folder: Path, files: dict[str, bytes]) -> list:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return etl.list_raw(spark, str(folder), ["csv"]).files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b,1\n", True),
        ('"a","b, c","1"\n', True),
        ('a,"say ""hi""",1\n', True),
        ('a,"""",1\n"","",""\n', True),
        ("a,b,1\nc,d,0\r\n", False),
        ("a,b,1\n\nc,d,0", True),
        ('a,"b\nc",1\n', False),
        ('a,"b""\nc",1\n', False),
        ('a,5" b,1\n', False),
        # Two quotes in each line, and yet one record.
        ('a,5" b,"c\nd" e,"1"\n', False),
        ('a, "b",1\n', False),
        ("a,b\rc,d,1\n", False),
        ("a,b,1\n  \nc,d,0\n", False),
        ("a,b,1\n\r\nc,d,0\n", False),
    ],
)
def test_record_is_known_to_have_one_line(etl, spark, lines, tmp_path, text, expected):
    files = listed(etl, spark, tmp_path, {"x.csv": (HEADER + text).encode()})
    written = etl.parse_text(json.dumps(SCHEMA)).csv
    assert lines.one_record_a_line(spark, files, ",", written) is expected


def test_record_may_end_with_a_carriage_return(etl, spark, lines, tmp_path):
    files = listed(etl, spark, tmp_path, {"x.csv": (HEADER + "a,b,1\n\nc,d,0\n").replace("\n", "\r\n").encode()})
    assert lines.one_record_a_line(spark, files, ",", etl.parse_text(json.dumps(SCHEMA)).csv)


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", True), ("latin-1", True), ("utf-16", False), ("?", False)]
)
def test_encoding_must_keep_the_bytes_of_quotes_and_line_ends(lines, encoding, expected):
    assert lines.keeps_ascii(encoding) is expected


def test_small_and_compressed_files_are_not_searched(etl, spark, tmp_path, lines, monkeypatch):
    files = listed(etl, spark, tmp_path, {"x.csv": (HEADER + "a,b,1\n").encode()})
    written = etl.parse_text(json.dumps(SCHEMA)).csv
    monkeypatch.setattr(lines, "COMPRESSED", (".csv",))
    assert not lines.one_record_a_line(spark, files, ",", written)
    monkeypatch.undo()
    assert not lines.one_record_a_line(spark, files, ",", written)


def test_rows_are_the_same_as_of_the_whole_file(etl, spark, lines, tmp_path, monkeypatch):
    generator = random.Random(1)
    usual = ["", "a", "b c", '"a"', '"a""b"', '"a,b"', '""', '"""a"""', "1"]
    rare = ['"', 'a"b"', '"a\nb"', "\r", " ", ' "a"', "\n", '"a"b', '"a"" "']
    files = {}
    for number in range(50):
        line_end = generator.choice(["\n", "\r\n"])
        lengths = [generator.randint(1, 5) for _ in range(generator.randint(1, 6))]
        fields = [[generator.choice(usual if generator.random() < 0.94 else rare) for _ in range(n)] for n in lengths]
        records = map(",".join, fields)
        files[f"{number:02}.csv"] = (HEADER + "\n".join(records)).replace("\n", line_end).encode()
    found = listed(etl, spark, tmp_path, files)
    schema = etl.parse_text(json.dumps(SCHEMA))
    whole = [file for file in found if lines.one_record_a_line(spark, [file], ",", schema.csv)]
    assert 10 < len(whole) < 40, len(whole)
    in_parts = rows(etl, spark, whole, schema)
    monkeypatch.undo()
    assert in_parts == rows(etl, spark, whole, schema)


def rows(etl, spark, files: list, schema) -> list[str]:
    frame, _ = etl.read_files(spark, files, schema)
    return sorted(str(row) for row in frame.collect())


def test_file_in_parts_has_a_task_for_each(etl, spark, lines, tmp_path):
    content = HEADER + "a,b,1\n" * 200_000
    files = listed(etl, spark, tmp_path, {"x.csv": content.encode()})
    schema = etl.parse_text(json.dumps(SCHEMA))
    spark.conf.set("spark.sql.files.maxPartitionBytes", "400k")
    try:
        frame, _ = etl.read_files(spark, files, schema)
        assert frame.rdd.getNumPartitions() >= 3
        assert frame.count() == 200_000
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
