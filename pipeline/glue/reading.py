"""Raw files to one frame of texts: the schema's columns under their own names, and where each row came from.

Files that are written alike are read together. A file's columns are found by their names, so their order does not
matter; a name that only resembles a column's is an error, because the column would be missing otherwise.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import reduce

from csv_lines import has_one_record_per_line
from data_schema import ColumnSpec, Schema
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from raw_files import RawFile, heads, literal

FILE, MODIFIED, MALFORMED = "_file", "_modified", "_malformed"
# A typed moment as text: no format that a schema names is needed to read it back.
TYPED_MOMENT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"
# Above it a whole number in a timestamp column of a Parquet file is nanoseconds, as pandas writes them.
NANOSECONDS_FROM = 10**16
DIGITS = r"^[+-]?[0-9.,]+([eE][+-]?[0-9]+)?$"
NAMED_AT_MOST = 10


@dataclass
class Group:
    """Files that are written alike, and the names that they give their columns."""

    files: list[RawFile]
    names: list[str]
    frame: DataFrame
    # The expression for each name in the frame; CSV columns are reached by their positions.
    columns: list[str] = field(default_factory=list)
    is_csv: bool = False


def csv_groups(spark: SparkSession, files: list[RawFile], schema: Schema) -> list[Group]:
    written = schema.csv
    alike: dict[tuple[str, tuple[str, ...]], list[RawFile]] = {}
    for file, start in zip(files, heads(spark, files), strict=True):
        separator = "\t" if file.kind == "tsv" else written.separator
        alike.setdefault((separator, header(start, separator, schema)), []).append(file)
    groups = []
    for (separator, names), members in alike.items():
        multiline = written.multiline and not has_one_record_per_line(spark, members, separator, written)
        columns = [f"c{position}" for position in range(len(names))]
        fields = [*(T.StructField(name, T.StringType()) for name in columns), T.StructField(MALFORMED, T.StringType())]
        reader = spark.read.schema(T.StructType(fields)).options(
            header="true",
            sep=separator,
            quote=written.quote,
            # A quote within quotes is written twice: RFC 4180.
            escape=written.quote,
            encoding=written.encoding,
            multiLine=str(multiline).lower(),
            columnNameOfCorruptRecord=MALFORMED,
        )
        frame = reader.csv([literal(file.path) for file in members])
        groups.append(Group(members, list(names), frame, columns, is_csv=True))
    return groups


def header(start: bytes, separator: str, schema: Schema) -> tuple[str, ...]:
    encoding = "utf-8-sig" if schema.csv.encoding.lower() in ("utf-8", "utf8") else schema.csv.encoding
    text = io.StringIO(start.decode(encoding, "replace"), newline="")
    rows = csv.reader(text, delimiter=separator, quotechar=schema.csv.quote)
    return tuple(name.strip() for name in next((row for row in rows if row), []))


def json_groups(spark: SparkSession, files: list[RawFile]) -> list[Group]:
    alike: dict[bool, list[RawFile]] = {}
    for file, start in zip(files, heads(spark, files), strict=True):
        alike.setdefault(spans_lines(start), []).append(file)
    groups = []
    for multiline, members in alike.items():
        reader = spark.read.options(
            multiLine=str(multiline).lower(), prefersDecimal="true", columnNameOfCorruptRecord=MALFORMED
        )
        paths = [literal(file.path) for file in members]
        inferred = reader.json(paths).schema
        if inferred.names == [MALFORMED]:
            # Spark refuses to read the broken lines alone.
            inferred = inferred.add("_nothing", T.StringType())
        names = [name for name in inferred.names if name not in (MALFORMED, "_nothing")]
        groups.append(Group(members, names, reader.schema(inferred).json(paths), names))
    return groups


def spans_lines(start: bytes) -> bool:
    """True if a JSON file is one document, as an array or printed on several lines, and not one document a line."""
    text = start.decode("utf-8-sig", "replace").lstrip()
    if not text.startswith("{"):
        return text.startswith("[")
    try:
        json.loads(text.split("\n", 1)[0])
    except ValueError:
        return "\n" in text
    return False


def parquet_groups(spark: SparkSession, files: list[RawFile]) -> list[Group]:
    alike: dict[str, list[RawFile]] = {}
    for file in files:
        alike.setdefault(spark.read.parquet(literal(file.path)).schema.json(), []).append(file)
    groups = []
    for written, members in alike.items():
        fields = T.StructType.fromJson(json.loads(written))
        frame = spark.read.schema(fields).parquet(*[literal(file.path) for file in members])
        groups.append(Group(members, fields.names, frame, fields.names))
    return groups


def likened(name: str) -> str:
    """The same text for names that differ in case, spaces and signs only."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def matches(group: Group, schema: Schema, problems: list[str]) -> dict[str, str]:
    """The frame's column of each schema column that the files have. Adds what is wrong to the problems."""
    example = group.files[0].path
    found: dict[str, str] = {}
    for column in schema.columns:
        wanted = column.source or column.name
        same = [i for i, name in enumerate(group.names) if name == wanted]
        same = same or [i for i, name in enumerate(group.names) if name.lower() == wanted.lower()]
        if len(same) > 1:
            shown = ", ".join(f"`{group.names[i]}`" for i in same)
            problems.append(f"{example} has several columns for `{column.name}`: {shown}")
        elif same:
            found[column.name] = group.columns[same[0]]
        else:
            near = [name for name in group.names if likened(name) in (likened(wanted), likened(column.name))]
            if near:
                problems.append(
                    f"{example} has no column `{wanted}`, but `{near[0]}`: "
                    f'give column `{column.name}` the field "source": {json.dumps(near[0])}'
                )
    return found


def missing_everywhere(groups: list[Group], present: Counter[str], schema: Schema) -> list[str]:
    """Columns that every row must have and no file has."""
    problems = []
    names = sorted({name for group in groups for name in group.names})
    for column in schema.columns:
        if groups and schema.must_be_present(column) and not present[column.name]:
            wanted = column.source or column.name
            near = get_close_matches(wanted, names, n=1)
            hint = f"; the nearest is `{near[0]}`" if near else ""
            problems.append(f"no file has a column `{wanted}`{hint}")
    return problems


def as_text(column: ColumnSpec, source: Column, kind: T.DataType) -> Column:
    """A source's value as text that means the same: typed files hold numbers and moments that text would garble."""
    if isinstance(kind, T.StringType):
        return source
    if isinstance(kind, T.BooleanType) and column.type in ("integer", "number"):
        return source.cast("int").cast("string")
    if isinstance(kind, (T.FloatType, T.DoubleType)):
        whole = (source == F.floor(source)) & (F.abs(source) < 2.0**63)
        return F.when(whole, source.cast("long").cast("string")).when(~F.isnan(source), source.cast("string"))
    if isinstance(kind, T.DecimalType):
        whole = source == F.floor(source)
        return F.when(whole, source.cast("decimal(38,0)").cast("string")).otherwise(source.cast("string"))
    if isinstance(kind, T.DateType) and column.type != "timestamp":
        return source.cast("string")
    if isinstance(kind, (T.DateType, T.TimestampType)) or kind.typeName() == "timestamp_ntz":
        return F.date_format(source.cast("timestamp"), TYPED_MOMENT)
    if isinstance(kind, T.LongType) and column.type == "timestamp":
        moment = F.date_format((source / 1e9).cast("timestamp"), TYPED_MOMENT)
        return F.when(F.abs(source) >= NANOSECONDS_FROM, moment).otherwise(source.cast("string"))
    if isinstance(kind, (T.ArrayType, T.MapType, T.StructType)):
        return F.to_json(source)
    return source.cast("string")


def selected(group: Group, schema: Schema, found: dict[str, str]) -> DataFrame:
    kinds = {item.name: item.dataType for item in group.frame.schema.fields}
    texts = []
    for column in schema.columns:
        if column.name not in found:
            texts.append(F.lit(None).cast("string").alias(column.name))
            continue
        reached = found[column.name]
        quoted = reached.replace("`", "``")
        text = as_text(column, F.col(f"`{quoted}`"), kinds[reached])
        if column.name not in schema.key:
            text = F.trim(text)
        if group.is_csv and schema.csv.decimal == "," and column.type in ("integer", "number", "boolean"):
            # A point in such a number becomes a comma, which is refused: it may separate thousands.
            text = F.when(text.rlike(DIGITS), F.translate(text, ",.", ".,")).otherwise(text)
        texts.append(text.alias(column.name))
    malformed = F.col(MALFORMED).isNotNull() if MALFORMED in group.frame.columns else F.lit(False)
    return group.frame.select(
        *texts,
        F.col("_metadata.file_path").alias(FILE),
        F.col("_metadata.file_modification_time").alias(MODIFIED),
        malformed.alias(MALFORMED),
    )


def read_files(spark: SparkSession, files: list[RawFile], schema: Schema) -> tuple[DataFrame, dict[str, int]]:
    """All rows of the files, and how many files lack which columns. A column that a file lacks is null."""
    by_family: dict[str, list[RawFile]] = {"csv": [], "json": [], "parquet": []}
    for file in files:
        by_family[file.family].append(file)
    groups = [
        *csv_groups(spark, by_family["csv"], schema),
        *json_groups(spark, by_family["json"]),
        *parquet_groups(spark, by_family["parquet"]),
    ]
    problems: list[str] = []
    present: Counter[str] = Counter()
    frames = []
    for group in groups:
        found = matches(group, schema, problems)
        present.update({name: len(group.files) for name in found})
        frames.append(selected(group, schema, found))
    problems = problems or missing_everywhere(groups, present, schema)
    if problems:
        more = len(problems) - NAMED_AT_MOST
        shown = problems[:NAMED_AT_MOST] + ([f"and {more} more"] if more > 0 else [])
        raise ValueError("the files do not fit the schema: " + "; ".join(shown))
    absent = {name: len(files) - present[name] for name in schema.names() if present[name] < len(files)}
    return reduce(DataFrame.unionByName, frames) if frames else no_rows(spark, schema), absent


def no_rows(spark: SparkSession, schema: Schema) -> DataFrame:
    return spark.range(0).select(
        *[F.lit(None).cast("string").alias(name) for name in schema.names()],
        F.lit(None).cast("string").alias(FILE),
        F.lit(None).cast("timestamp").alias(MODIFIED),
        F.lit(False).alias(MALFORMED),
    )
