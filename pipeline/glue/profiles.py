"""The statistics of a batch: counts, the columns' profiles, and fingerprints of the splits."""

from __future__ import annotations

from typing import Any

from data_schema import NUMERIC, ColumnSpec, Schema
from judging import ROW_HASH, SPLIT, SPLITS, number_of
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from typed_values import equals, is_null, label_number, numeric

# Every twentieth, both ends included: what later data sets are compared with.
QUANTILES = tuple(step / 20 for step in range(21))
QUANTILE_ACCURACY = 10_000
# Numbers are counted one by one where there are no more of them, by and large.
COUNTED_UP_TO = 50


def measures(column: ColumnSpec, schema: Schema) -> dict[str, Column]:
    """The measures of a column, by their names in the statistics."""
    found = {"nulls": F.sum(is_null(column, schema).cast("long"))}
    if column.type != "string":
        value = numeric(column).cast("double")
        found |= {"min": F.min(value), "max": F.max(value), "mean": F.avg(value), "stddev": F.stddev_samp(value)}
    if column.type in NUMERIC:
        steps = F.array(*[F.lit(step) for step in QUANTILES])
        found |= {
            "quantiles": F.percentile_approx(numeric(column).cast("double"), steps, QUANTILE_ACCURACY),
            "zeros": F.sum((numeric(column) == 0).cast("long")),
            "distinct": F.approx_count_distinct(numeric(column)),
        }
    return found


def profile(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per column: nulls, extremes, moments and quantiles of numbers, counts of categories and of few numbers."""
    aggregates: list[Column] = [F.count(F.lit(1)).alias("rows")]
    measured = {column.name: measures(column, schema) for column in schema.columns}
    for column in schema.columns:
        aggregates += [found.alias(f"{column.name}.{name}") for name, found in measured[column.name].items()]
        for position, value in enumerate(column.values):
            aggregates.append(F.sum(equals(column, value).cast("long")).alias(f"{column.name}.values.{position}"))
    row = good.agg(*aggregates).first().asDict()
    few = [c for c in schema.columns if c.type in NUMERIC and 0 < row[f"{c.name}.distinct"] <= COUNTED_UP_TO]
    counted = counts(good, few)
    profiles: dict[str, dict[str, Any]] = {}
    for column in schema.columns:
        names = [name for name in measured[column.name] if name != "distinct"]
        entry = {"type": column.type, "count": row["rows"], **{n: row[f"{column.name}.{n}"] for n in names}}
        entry |= {name: entry[name] or 0 for name in ("nulls", "zeros") if name in entry}
        if column.name in counted:
            entry["numbers"] = counted[column.name]
        if column.values:
            entry["values"] = {v: row[f"{column.name}.values.{i}"] or 0 for i, v in enumerate(column.values)}
        profiles[column.name] = entry
    return profiles


def counts(good: DataFrame, columns: list[ColumnSpec]) -> dict[str, dict[str, int]]:
    """Rows by number, of columns that have few different ones: a flag, a count, a year."""
    if not columns:
        return {}
    pairs = [
        F.struct(F.lit(column.name).alias("column"), numeric(column).cast("double").alias("number"))
        for column in columns
    ]
    found = good.select(F.explode(F.array(*pairs)).alias("pair")).where("pair.number is not null")
    counted: dict[str, dict[str, int]] = {column.name: {} for column in columns}
    for row in found.groupBy("pair").count().orderBy("pair").collect():
        counted[row.pair.column][repr(row.pair.number)] = row["count"]
    return counted


def split_summary(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per split: rows, an order-independent fingerprint and, for classes, rows of each label."""
    summary = {name: {"rows": 0, "fingerprint": [0, 0], "labels": {}} for name in SPLITS}
    halves = [number_of(F.col(ROW_HASH), start) for start in (1, 13)]
    sums = [F.sum(half % 2**40).alias(f"sum{i}") for i, half in enumerate(halves)]
    for row in good.groupBy(SPLIT).agg(F.count(F.lit(1)).alias("rows"), *sums).collect():
        summary[row[SPLIT]] |= {"rows": row["rows"], "fingerprint": [row["sum0"], row["sum1"]]}
    if schema.task != "regression":
        value = label_number(schema).cast("double").alias("y")
        for row in good.groupBy(SPLIT, value).count().collect():
            summary[row[SPLIT]]["labels"][f"{row['y']:g}"] = row["count"]
    return summary
