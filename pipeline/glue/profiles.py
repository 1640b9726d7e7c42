"""The statistics of a batch: counts, the columns' profiles, and fingerprints of the splits."""

from __future__ import annotations

from typing import Any

from data_schema import NUMERIC, ColumnSpec, Schema
from judging import ROW_HASH, SPLIT, SPLITS, number_of
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from typed_values import equals, label_number, numeric, sql_number, sql_text, value_of

# Every twentieth, both ends included: what later data sets are compared with.
QUANTILES = tuple(step / 20 for step in range(21))
QUANTILE_ACCURACY = 10_000
# Numbers are counted one by one where there are no more of them, by and large.
COUNTED_UP_TO = 50
# Functions of SQL, by the measures' names.
MOMENTS = {"min": "min", "max": "max", "mean": "avg", "stddev": "stddev_samp"}
MEASURED_TOGETHER = 100


def measures(column: ColumnSpec) -> dict[str, str]:
    """The measures of a column of accepted rows, by their names in the statistics. A value is null where the text is
    absent: other rows are not accepted."""
    found = {"nulls": f"sum(CAST({value_of(column)} IS NULL AS BIGINT))"}
    double = f"CAST({numeric(column)} AS DOUBLE)"
    if column.type != "string":
        found |= {name: f"{function}({double})" for name, function in MOMENTS.items()}
    if column.type in NUMERIC:
        steps = ", ".join(sql_number(step) for step in QUANTILES)
        found |= {
            "quantiles": f"percentile_approx({double}, array({steps}), {QUANTILE_ACCURACY})",
            "zeros": f"sum(CAST({numeric(column)} = 0 AS BIGINT))",
            "distinct": f"approx_count_distinct({numeric(column)})",
        }
    for position, value in enumerate(column.values):
        found[f"values.{position}"] = f"sum(CAST({equals(column, value)} AS BIGINT))"
    return found


def measured(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per column, its measures and the number of rows. An aggregation holds the values of few columns in memory."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(schema.columns), MEASURED_TOGETHER):
        together = schema.columns[start : start + MEASURED_TOGETHER]
        wanted = [(column.name, name, sql) for column in together for name, sql in measures(column).items()]
        row = good.selectExpr("count(1) AS m", *[f"{sql} AS m" for _, _, sql in wanted]).first()
        for (column, name, _), value in zip(wanted, row[1:], strict=True):
            found.setdefault(column, {"rows": row[0]})[name] = value
    return found


def profile(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per column: nulls, extremes, moments and quantiles of numbers, counts of categories and of few numbers."""
    found = measured(good, schema)
    few = [c for c in schema.columns if c.type in NUMERIC and 0 < found[c.name]["distinct"] <= COUNTED_UP_TO]
    counted = counts(good, few)
    profiles: dict[str, dict[str, Any]] = {}
    for column in schema.columns:
        own = found[column.name]
        entry = {"type": column.type, "count": own["rows"]}
        entry |= {name: own[name] for name in (*MOMENTS, "quantiles") if name in own}
        entry |= {name: own[name] or 0 for name in ("nulls", "zeros") if name in own}
        if column.name in counted:
            entry["numbers"] = counted[column.name]
        if column.values:
            entry["values"] = {v: own[f"values.{i}"] or 0 for i, v in enumerate(column.values)}
        profiles[column.name] = entry
    return profiles


def counts(good: DataFrame, columns: list[ColumnSpec]) -> dict[str, dict[str, int]]:
    """Rows by number, of columns that have few different ones: a flag, a count, a year."""
    if not columns:
        return {}
    pairs = [
        f"named_struct('column', {sql_text(column.name)}, 'number', CAST({numeric(column)} AS DOUBLE))"
        for column in columns
    ]
    found = good.select(F.expr(f"explode(array({', '.join(pairs)}))").alias("pair")).where("pair.number is not null")
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
        value = F.expr(label_number(schema)).cast("double").alias("y")
        for row in good.groupBy(SPLIT, value).count().collect():
            summary[row[SPLIT]]["labels"][f"{row['y']:g}"] = row["count"]
    return summary
