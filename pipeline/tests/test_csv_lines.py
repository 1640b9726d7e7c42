"""CSV files that are read in parts: only where that gives the rows that reading them whole gives."""

from __future__ import annotations

import gzip
import importlib
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
    module = importlib.import_module("csv_lines")
    monkeypatch.setattr(module, "SEARCHED_FROM", 0)
    return module


@pytest.fixture
def searched(etl, spark, lines, tmp_path):
    """Writes files, and answers if they are read in parts."""

    def search(files: dict[str, bytes], separator: str = ",", **written: str) -> bool:
        schema = etl.parse_text(json.dumps(SCHEMA | {"csv": written}))
        return lines.has_one_record_per_line(spark, listed(etl, spark, tmp_path, files), separator, schema.csv)

    return search


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
        ("a,b,1\n\nc,d,0", True),
        ('a,"b\nc",1\n', False),
        ('a,"b""\nc",1\n', False),
        ('a,5" b,1\n', False),
        # Two quotes in each line, and yet one record.
        ('a,5" b,"c\nd" e,"1"\n', False),
        ('a, "b",1\n', False),
        ("a,b\rc,d,1\n", False),
        ("a,b,1\r\n", False),
        ("a,b,1\r\r\n", False),
        ("a,b\rc\u2028\n", False),
        ("a,b,1\n  \nc,d,0\n", False),
        ("a,b,1\n\t\t\nc,d,0\n", False),
        ("a,b,1\n\x1a", False),
    ],
)
def test_record_is_known_to_have_one_line(searched, text, expected):
    assert searched({"x.csv": (HEADER + text).encode()}) is expected


def test_record_may_end_with_a_carriage_return(searched):
    text = HEADER + "a,b,1\n\nc,d,0\n"
    assert searched({"x.csv": text.replace("\n", "\r\n").encode()})
    assert not searched({"x.csv": (text + "e,f,1").replace("\n", "\r\n").encode()})


def test_all_files_of_a_header_have_one_record_per_line(searched):
    plain = (HEADER + "a,b,1\n").encode()
    assert searched({"x.csv": plain, "y.csv": plain})
    assert not searched({"y.csv": (HEADER + 'a,"b\nc",1\n').encode()})


@pytest.mark.parametrize(
    ("encoding", "characters", "expected"),
    [
        ("utf-8", ',"', True),
        ("UTF8", ",«", True),
        ("latin-1", ',"', True),
        ("windows-1252", ";'", True),
        ("latin-1", ",«", False),
        ("utf-16", ',"', False),
        ("utf-16-le", ',"', False),
        ("UTF-16BE", ',"', False),
        ("utf-7", ',"', False),
        ("shift_jis", "|'", False),
        ("gbk", ',"', False),
        ("?", ',"', False),
    ],
)
def test_quotes_and_line_ends_are_searched_for_only_where_their_bytes_mean_nothing_else(
    lines, encoding, characters, expected
):
    assert lines.is_searchable(encoding, characters) is expected


def test_small_and_compressed_files_are_not_searched(searched, lines, tmp_path, monkeypatch):
    plain = (HEADER + "a,b,1\n").encode()
    assert not searched({"x.csv.gz": gzip.compress(plain)})
    (tmp_path / "x.csv.gz").unlink()
    assert searched({"x.csv": plain})
    monkeypatch.setattr(lines, "SEARCHED_FROM", 100)
    assert not searched({"x.csv": plain})


def text(generator: random.Random) -> str:
    usual = ["", "a", "b c", '"a"', '"a""b"', '"a,b"', '""', '"""a"""', "1"]
    rare = ['"', 'a"b"', '"a\nb"', "\r", " ", "\t", ' "a"', "\n", '"a"b', '"a"" "']
    lengths = [generator.randint(1, 5) for _ in range(generator.randint(1, 6))]
    fields = [[generator.choice(usual if generator.random() < 0.94 else rare) for _ in range(n)] for n in lengths]
    return HEADER + "\n".join(map(",".join, fields)) + generator.choice(["", "\n", "\n"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_rows_are_the_same_as_of_the_whole_file(etl, spark, lines, tmp_path, monkeypatch, line_end):
    generator = random.Random(1)
    texts = [text(generator).replace("\n", line_end) for _ in range(25)]
    found = listed(etl, spark, tmp_path, {f"{n:02}.csv": text.encode() for n, text in enumerate(texts)})
    schema = etl.parse_text(json.dumps(SCHEMA))
    of_lines = [file for file in found if lines.has_one_record_per_line(spark, [file], ",", schema.csv)]
    assert 3 < len(of_lines) < 20, len(of_lines)
    assert lines.has_one_record_per_line(spark, of_lines, ",", schema.csv)
    in_parts = rows(etl, spark, of_lines, schema)
    monkeypatch.undo()
    assert in_parts == rows(etl, spark, of_lines, schema)


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
