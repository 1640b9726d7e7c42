"""Which rows a data set takes: what breaks the schema is quarantined, and of rows with one key one stays."""

from __future__ import annotations

from data_schema import Schema
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from reading import FILE, MALFORMED, MODIFIED
from typed_values import numeric, reject_reasons, sql_text, typed

REASONS, FATE, ROW_HASH, SPLIT = "_reasons", "_fate", "_row_hash", "_split"
ACCEPTED, QUARANTINED, SUPERSEDED, IDENTICAL = FATES = ("accepted", "quarantined", "superseded", "identical")
SPLITS = ("train", "validation", "test")
SPLIT_BUCKETS = 1_000_000
CUT_ACCURACY = 100_000
NOT_READABLE = "row: other fields than the file's header, or no valid JSON"


def as_read(name: str) -> str:
    return f"coalesce(`{name}`, '\0')"


def identity(schema: Schema, names: list[str]) -> list[str]:
    """Values by which rows are told apart: a number's value, however it is written, and a text as it is."""
    return [
        as_read(name) if schema.column(name).type == "string" else f"coalesce(CAST(`_{name}` AS STRING), '\0')"
        for name in names
    ]


def digest(texts: list[str], salt: str) -> str:
    """SHA-256 of texts: the same on every engine, version and partitioning."""
    return f"sha2(concat_ws('\x1f', {', '.join([sql_text(salt), *texts])}), 256)"


def number_of(digest: Column, start: int) -> Column:
    """48 bits of a digest."""
    return F.conv(F.substring(digest, start, 12), 16, 10).cast("long")


def judge(raw: DataFrame, schema: Schema, salt: str) -> DataFrame:
    """Adds to each raw row its typed values (`_<name>`), its digest, its fate and the reasons to quarantine it."""
    names = schema.names()
    values = [f"{typed(column, schema)} AS `_{column.name}`" for column in schema.columns]
    row_hash = f"{digest([as_read(name) for name in names], salt)} AS {ROW_HASH}"
    frame = raw.selectExpr(*[f"`{name}`" for name in names], *values, FILE, MODIFIED, MALFORMED, row_hash)
    reasons = [f"CASE WHEN {MALFORMED} THEN {sql_text(NOT_READABLE)} END"]
    reasons += [reason for column in schema.columns for reason in reject_reasons(column, schema)]
    frame = frame.withColumn(REASONS, F.expr(f"filter(array({', '.join(reasons)}), reason -> reason IS NOT NULL)"))
    fate = F.when(F.size(REASONS) > 0, F.lit(QUARANTINED)).otherwise(F.lit(ACCEPTED))
    frame = frame.withColumn(FATE, fate)
    if schema.identical_rows == "drop":
        frame = without_identical(frame)
    return one_of_each_key(frame, schema) if schema.key else frame


def without_identical(frame: DataFrame) -> DataFrame:
    newest = Window.partitionBy(FATE, ROW_HASH).orderBy(F.col(MODIFIED).desc(), F.col(FILE).desc())
    repeats = (F.col(FATE) == ACCEPTED) & (F.row_number().over(newest) > 1)
    return frame.withColumn(FATE, F.when(repeats, F.lit(IDENTICAL)).otherwise(F.col(FATE)))


def one_of_each_key(frame: DataFrame, schema: Schema) -> DataFrame:
    """The newest row of each key is accepted: by `order_by`, else by the file. Rows that nothing orders cannot be
    decided between: one stays, so that the key is not lost, and the others are quarantined."""
    order = [F.col(f"_{schema.order_by}").desc_nulls_last()] if schema.order_by else []
    order += [F.col(MODIFIED).desc(), F.col(FILE).desc()]
    rows_of_key = Window.partitionBy(FATE, *[F.expr(value) for value in identity(schema, list(schema.key))])
    place = F.rank().over(rows_of_key.orderBy(*order))
    turn = F.row_number().over(rows_of_key.orderBy(*order, ROW_HASH))
    ranked = frame.withColumn("_place", place).withColumn("_turn", turn)
    is_accepted = F.col(FATE) == ACCEPTED
    superseded, undecided = is_accepted & (F.col("_place") > 1), is_accepted & (F.col("_turn") > 1)
    duplicate = F.array(F.lit(f"{', '.join(schema.key)}: duplicate key"))
    return ranked.select(
        *[name for name in frame.columns if name not in (FATE, REASONS)],
        F.when(superseded, F.lit(SUPERSEDED)).when(undecided, F.lit(QUARANTINED)).otherwise(F.col(FATE)).alias(FATE),
        F.when(~superseded & undecided, duplicate).otherwise(F.col(REASONS)).alias(REASONS),
    )


def assign_split(frame: DataFrame, schema: Schema, shares: tuple[float, ...], salt: str) -> DataFrame:
    """By time the oldest rows are trained on and the newest tested; else a row's split depends on `split_by`, its key
    or its values alone, so it never changes between executions."""
    if schema.split_time:
        return by_time(frame, schema, shares)
    names = list(schema.split_by or schema.key)
    texts = identity(schema, names) if names else [as_read(name) for name in schema.names()]
    number = number_of(F.expr(digest(texts, salt)), 1) % SPLIT_BUCKETS
    train_end = round(shares[0] * SPLIT_BUCKETS)
    validation_end = train_end + round(shares[1] * SPLIT_BUCKETS)
    split = F.when(number < train_end, "train").when(number < validation_end, "validation").otherwise("test")
    return frame.withColumn(SPLIT, split)


def by_time(frame: DataFrame, schema: Schema, shares: tuple[float, ...]) -> DataFrame:
    time = F.expr(numeric(schema.column(schema.split_time or ""))).cast("double")
    cuts = F.percentile_approx(time, F.array(F.lit(shares[0]), F.lit(shares[0] + shares[1])), CUT_ACCURACY)
    found = frame.where(F.col(FATE) == ACCEPTED).agg(cuts.alias("cuts")).first()
    train_end, validation_end = (found.cuts if found and found.cuts else None) or (0.0, 0.0)
    # Rows of one moment stay together.
    split = F.when(time <= train_end, "train").when(time <= validation_end, "validation").otherwise("test")
    return frame.withColumn(SPLIT, split)
