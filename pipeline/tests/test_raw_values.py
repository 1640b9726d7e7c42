"""Values as pandas, Spark and people write them: what each becomes, or why its row is quarantined."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

COLUMNS: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "feature": False},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "timestamp"},
    "note": {"type": "string", "feature": False},
    "plan": {"type": "string", "values": ["basic", "None"]},
    "y": {"type": "boolean"},
}


def schema(changes: dict[str, dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    columns = [{"name": name, **entry, **(changes or {}).get(name, {})} for name, entry in COLUMNS.items()]
    return {"label": "y", "key": ["id"], "columns": columns, **fields}


@pytest.fixture
def judged(etl, spark, tmp_path, monkeypatch):
    """Writes files, and answers each row's typed values, fate and reasons, by its key."""

    def judge(files: dict[str, bytes | str], document: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
        for name, content in files.items():
            path = tmp_path / "raw" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        parsed = etl.parse_text(json.dumps(document or schema()))
        # As for much data, while most other tests have Spark interpret the expressions.
        monkeypatch.setattr(etl, "COMPILED_FROM", 0)
        listing = etl.list_raw(spark, str(tmp_path / "raw"), ["csv", "json", "parquet"])
        etl.configure_code(spark, parsed, listing)
        frame, _ = etl.read_files(spark, listing.files, parsed)
        rows = etl.judge(frame, parsed, "v1").collect()
        typed = [column.name for column in parsed.columns if column.name != "id"]
        return {
            row["id"]: {name: row[f"_{name}"] for name in typed} | {"fate": row["_fate"], "reasons": row["_reasons"]}
            for row in rows
        }

    return judge


def one(column: str, text: str) -> str:
    return f"id,{column},y\nK,{text},1\n"


def moment(*parts: int) -> datetime:
    """As Spark gives it: without a zone, in this process's own."""
    return datetime(*parts, tzinfo=UTC).astimezone().replace(tzinfo=None)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("integer", "1.0", 1),
        ("integer", "1.2345678E7", 12345678),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "-1234567890123456789", -1234567890123456789),
        ("integer", "<NA>", None),
        ("number", "1e3", 1000.0),
        ("number", " .5 ", 0.5),
        ("number", "nan", None),
        ("boolean", "1.0", True),
        ("boolean", "0.0", False),
        ("boolean", "True", True),
        ("boolean", "", None),
        ("timestamp", "2024-01-02", (2024, 1, 2)),
        ("timestamp", "2024-01-02 03:04:05.678", (2024, 1, 2, 3, 4, 5, 678000)),
        ("timestamp", "2024-01-02T03:04:05+02:00", (2024, 1, 2, 1, 4, 5)),
        ("timestamp", "NaT", None),
        ("note", '"He said ""hi, you"" ok"', 'He said "hi, you" ok'),
        ("note", '"5"" pipe"', '5" pipe'),
        ("note", '"two\nlines"', "two\nlines"),
        ("note", '"C:\\dir\\"', "C:\\dir\\"),
        ("plan", "None", "None"),
    ],
)
def test_a_value_of_a_csv_file_becomes_its_type(judged, column, text, value):
    row = judged({"a.csv": one(column, text)})["K"]
    assert (row["fate"], row["reasons"]) == ("accepted", [])
    assert row[column] == (moment(*value) if isinstance(value, tuple) else value)


def test_values_that_are_of_no_type_are_quarantined_with_the_reason(judged):
    wrong = [
        ("integer", "2.5"),
        ("integer", "9223372036854775808"),
        ("integer", "1E300"),
        ("number", "1e400"),
        ("number", "Infinity"),
        ("number", "1,5"),
        ("boolean", "maybe"),
        ("boolean", "2"),
        ("timestamp", "12:30:00"),
        ("timestamp", "2024"),
        ("timestamp", "01/02/2024"),
        ("timestamp", "20240102"),
        ("timestamp", "2024-02-30"),
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS))
    writer.writeheader()
    writer.writerows({"id": f"{column} {value}", column: value, "y": 1} for column, value in wrong)
    rows = judged({"a.csv": text.getvalue()})
    found = {key: row["reasons"] for key, row in rows.items()}
    assert found == {f"{column} {value}": [f"{column}: not a valid {column}"] for column, value in wrong}


def test_keys_are_never_altered(judged):
    keys = ["NA", "None", "007", " padded ", "1e5", "Null"]
    rows = judged({"a.csv": "id,y\n" + "".join(f'"{key}",1\n' for key in keys) + '"  ",1\n'})
    assert {key for key, row in rows.items() if row["fate"] == "accepted"} == set(keys)
    assert rows["  "]["reasons"] == ["id: missing"]


def test_rows_that_do_not_fit_the_header_are_quarantined_and_others_stay_in_their_columns(judged):
    rows = judged({"a.csv": "id,integer,y\nshort,1\nlong,1,1,9\ngood,1,1\n"})
    assert rows["good"]["fate"] == "accepted"
    for key in ("short", "long"):
        assert "row: other fields than the file's header, or no valid JSON" in rows[key]["reasons"]


def test_a_schema_names_formats_of_moments(judged):
    for written, text in [
        ("dd/MM/yyyy", "02/01/2024"),
        ("yyyyMMdd", "20240102"),
        ("epoch_seconds", "1704153600"),
        ("epoch_milliseconds", "1704153600000"),
    ]:
        document = schema({"timestamp": {"timestamp_format": written}})
        rows = judged({"a.csv": "id,timestamp,y\nK," + text + ",1\nbad,2024-01-02,1\n"}, document)
        assert rows["K"]["timestamp"] == moment(2024, 1, 2), written
        assert rows["bad"]["reasons"] == ["timestamp: not a valid timestamp"], written


def test_a_schema_names_separator_decimal_comma_encoding_and_null_words(judged):
    written = {"separator": ";", "decimal": ",", "encoding": "iso-8859-1"}
    document = schema({"note": {"null_words": ["leer"]}}, csv=written, null_words=["k.A."])
    text = "id;integer;number;note;y\nA;1;1,5;Müller;1\nB;k.a.;2;leer;1\nC;1;1.234,5;Null;1\nD;1.000;1;x;1\n"
    rows = judged({"a.csv": text.encode("latin-1")}, document)
    assert (rows["A"]["number"], rows["A"]["note"]) == (1.5, "Müller")
    assert (rows["B"]["integer"], rows["B"]["note"], rows["B"]["fate"]) == (None, None, "accepted")
    assert (rows["C"]["note"], rows["C"]["reasons"]) == ("Null", ["number: not a valid number"])
    assert rows["D"]["reasons"] == ["integer: not a valid integer"]


def test_text_in_another_encoding_is_quarantined_instead_of_garbled(judged):
    rows = judged({"a.csv": "id,note,y\nA,Müller,1\nB,plain,1\n".encode("latin-1")})
    assert rows["A"]["reasons"] == ["note: not in the encoding utf-8"]
    assert rows["B"]["fate"] == "accepted"


def test_every_readable_file_is_read_whatever_its_case_compression_and_line_ends(judged):
    rows = judged(
        {
            "one.csv": "\ufeff" + '"id",integer,y\r\n1,1,1\r\n',
            "two [1] {x}.CSV": "id,integer,y\n2,1,1\n",
            "sub/three.csv.gz": gzip.compress(b"y,integer,id\n1,1,3\n"),
            "four.csv.bz2": bz2.compress(b"id,integer,y\n4,1,1\n"),
            "five.tsv": "id\tinteger\ty\n5\t1\t1\n",
            "six.json": '[\n  {"id": 6, "integer": 1.0, "y": 1},\n  {"id": "6b", "integer": 1, "y": true}\n]\n',
            "seven.jsonl": '{"id": "7", "integer": 12345678.0, "y": true}\nnonsense\n',
            "eight.ndjson.gz": gzip.compress(b'{"id": "8", "integer": 1, "y": false}\n'),
            "nine.json": '{\n  "id": "9",\n  "integer": 1,\n  "y": 1\n}',
            "ten.jsonl": '{"id": "10", "integer": 1e2, "y": true}\n{"id": "11", "integer": 1.5e+10, "y": true}\n',
            "_hidden.csv": "id\nx\n",
        }
    )
    accepted = {key: row["integer"] for key, row in rows.items() if row["fate"] == "accepted"}
    others = {"6b": 1, "7": 12345678, "10": 100, "11": 15_000_000_000}
    assert accepted == {str(n): 1 for n in (1, 2, 3, 4, 5, 6, 8, 9)} | others
    assert rows.keys() - accepted.keys() == {None}


def test_other_files_are_ignored_and_named(etl, spark, tmp_path):
    for name in ("a.csv", "README.md", "part-00000", "x.xlsx", "b.CSV.GZ", "empty.csv"):
        (tmp_path / name).write_text("" if name == "empty.csv" else "id,y\nK,1\n")
    listing = etl.list_raw(spark, str(tmp_path), ["csv"])
    assert [Path(file.path).name for file in listing.files] == ["a.csv"]
    ignored = {Path(path).name: reason for path, reason in listing.ignored}
    assert ignored.pop("empty.csv") == "empty"
    assert ignored == dict.fromkeys(("README.md", "part-00000", "x.xlsx", "b.CSV.GZ"), "not a format that is read")


def test_typed_parquet_columns_mean_what_they_meant(judged, spark, tmp_path):
    fields = "id double, integer double, number float, boolean double, timestamp date, note string, y int"
    rows = [
        (10000001.0, 12345678.0, 0.1, 1.0, date(2024, 1, 2), None, 1),
        (2.0, float("nan"), None, 0.0, None, "x", 0),
        (3.0, 2.5, float("inf"), None, None, "x", 0),
    ]
    (tmp_path / "raw").mkdir()
    spark.createDataFrame(rows, fields).coalesce(1).write.parquet(str(tmp_path / "raw" / "a.parquet"))
    found = judged({}, schema({"timestamp": {"timestamp_format": "dd/MM/yyyy"}}))
    first = found["10000001"]
    assert first["fate"] == "accepted"
    assert (first["integer"], first["number"], first["boolean"]) == (12345678, 0.1, True)
    assert first["timestamp"] == moment(2024, 1, 2)
    assert (found["2"]["integer"], found["2"]["boolean"], found["2"]["fate"]) == (None, False, "accepted")
    assert found["3"]["reasons"] == ["integer: not a valid integer", "number: not a valid number"]


def test_nanoseconds_of_pandas_are_moments(judged, spark, tmp_path):
    (tmp_path / "raw").mkdir()
    frame = spark.createDataFrame(
        [("A", 1_704_164_645_678_000_000, 1), ("B", 1_704_164_645, 1)], "id string, timestamp long, y int"
    )
    frame.coalesce(1).write.parquet(str(tmp_path / "raw" / "a.parquet"))
    found = judged({})
    assert found["A"]["timestamp"] == moment(2024, 1, 2, 3, 4, 5, 678000)
    assert found["B"]["reasons"] == ["timestamp: not a valid timestamp"]


def test_a_source_names_the_files_own_column(judged):
    document = schema({"number": {"source": "mean radius"}, "integer": {"source": "od280/od315"}})
    row = judged({"a.csv": "id,Mean Radius,od280/od315 ,y\nK,1.5,3,1\n"}, document)["K"]
    assert (row["number"], row["integer"]) == (1.5, 3)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,Number ,y,note (de)", None),
        ("id,y,num-ber", None),
        ("id,y,number,Number", None),
        ("id,y,Number,NUMBER", r"a\.csv has several columns for `number`: `Number`, `NUMBER`"),
        ("id,y,number,number", r"a\.csv has several columns for `number`"),
        ("ID.,y", r"a\.csv has no column `id`, but `ID\.`: give column `id` the field \"source\": \"ID\.\""),
        ("idd,y", "no file has a column `id`; the nearest is `idd`"),
    ],
)
def test_names_that_only_resemble_a_columns_are_errors(judged, header, message):
    files = {"a.csv": header + "\n" + ",".join("1" for _ in header.split(",")) + "\n"}
    if message is None:
        assert judged(files)["1"]["fate"] == "accepted"
    else:
        with pytest.raises(ValueError, match=message):
            judged(files)


def test_values_and_null_words_are_compared_as_they_are_written(judged):
    values = ["it's", 'a "b"', "C:\\dir\\", "\\u0041", "${spark.sql.session.timeZone}", "two\nlines"]
    document = schema({"plan": {"values": values}, "note": {"null_words": ["'", "${spark.sql.ansi.enabled}"]}})
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", "plan", "note", "y"])
    writer.writeheader()
    writer.writerows({"id": str(place), "plan": value, "note": "'", "y": 1} for place, value in enumerate(values))
    writer.writerow({"id": "other", "plan": "A", "note": "${spark.sql.ansi.enabled}", "y": 1})
    rows = judged({"a.csv": text.getvalue()}, document)
    assert [rows[str(place)]["plan"] for place in range(len(values))] == values
    assert [row["note"] for row in rows.values()] == [None] * len(rows)
    assert rows.pop("other")["reasons"] == ["plan: value not allowed"]
    assert {row["fate"] for row in rows.values()} == {"accepted"}
