"""Raw CSV, JSON and Parquet files to a typed, split and countable data set.

Runs as an AWS Glue 4.0 or 5.0 job, and under plain PySpark where the `awsglue`
library is absent (arguments are then read with argparse and paths may be local).

Layout written for one run, called a batch, of one data set:

    <processed>/csv/<dataset>/<split>/batch=<batch>/part-*.csv
        no header, label first: the contract of SageMaker's built-in XGBoost
    <processed>/parquet/dataset=<dataset>/split=<split>/batch=<batch>/part-*.parquet
        typed columns under their own names, for the catalog
    <processed>/statistics/<dataset>/batch=<batch>.json
        counts, column profiles and a fingerprint of the rows of each split
    <quarantine>/dataset=<dataset>/batch=<batch>/part-*.json
        every rejected row as it was read, with the reasons

Accepted rows also become records of the feature groups that are named, each feature the column of its name. Row counts
are published as metrics of the namespace that is named.

Every output path belongs to one batch and is overwritten, so that a retried run
leaves no duplicates. Bookmarks are the caller's choice: with them on, each batch
adds the new files to one data set; with them off, each batch is a data set of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

try:
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions
except ImportError:
    GlueContext = Job = getResolvedOptions = None

REQUIRED_ARGUMENTS = ("raw", "processed", "quarantine", "dataset", "batch", "schema")
OPTIONAL_ARGUMENTS = {
    "formats": "csv,json,parquet",
    "split": "0.8,0.1,0.1",
    "split_salt": "v1",
    "rows_per_file": "500000",
    "feature_groups": "",
    "metrics_namespace": "",
}
SPLITS = ("train", "validation", "test")
NULL_WORDS = ("", "na", "n/a", "nan", "null", "none", "?")
TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
# What a column's values may be in a feature group.
FEATURE_TYPES = {
    "integer": ("Integral", "Fractional", "String"),
    "number": ("Fractional", "String"),
    "boolean": ("Integral", "String"),
    "string": ("String",),
    "timestamp": ("Fractional", "String"),
}
ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss'Z'"
TYPES = ("integer", "number", "boolean", "string", "timestamp")
SPLIT_BUCKETS = 1_000_000
# Every twentieth, both ends included: what later data sets are compared with.
QUANTILES = tuple(step / 20 for step in range(21))
QUANTILE_ACCURACY = 10_000
REASONS, ROW_HASH, SPLIT = "_reasons", "_row_hash", "_split"


@dataclass(frozen=True)
class ColumnSpec:
    """One raw column: its type, what it may hold, and whether a model may see it."""

    name: str
    type: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    feature: bool = True

    @staticmethod
    def parse(entry: dict[str, Any]) -> ColumnSpec:
        name, kind = entry["name"], entry["type"]
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise ValueError(f"column name {name!r}: use letters, digits and underscores only")
        if kind not in TYPES:
            raise ValueError(f"column {name}: type {kind!r} is not one of {', '.join(TYPES)}")
        if kind not in ("integer", "number") and {"minimum", "maximum"} & entry.keys():
            raise ValueError(f"column {name}: only numbers have a minimum or maximum")
        feature = entry.get("feature", True)
        if kind == "string" and feature and not entry.get("values"):
            raise ValueError(f'column {name}: a string feature needs "values", or "feature": false')
        return ColumnSpec(
            name=name,
            type=kind,
            required=entry.get("required", False),
            minimum=entry.get("minimum"),
            maximum=entry.get("maximum"),
            values=tuple(entry.get("values", ())),
            feature=feature,
        )


@dataclass(frozen=True)
class Schema:
    columns: tuple[ColumnSpec, ...]
    label: str
    task: str
    key: tuple[str, ...]

    @staticmethod
    def parse(document: dict[str, Any]) -> Schema:
        columns = tuple(ColumnSpec.parse(entry) for entry in document["columns"])
        names = [column.name for column in columns]
        label, task = document["label"], document.get("task", "binary")
        key = tuple(document.get("key", ()))
        if len(set(names)) != len(names):
            raise ValueError("the schema names a column twice")
        for name in (label, *key):
            if name not in names:
                raise ValueError(f"column {name}: named as label or key but not in the columns")
        if task not in ("binary", "regression"):
            raise ValueError(f"task {task!r} is neither binary nor regression")
        if next(c for c in columns if c.name == label).type == "string":
            raise ValueError(f"column {label}: a label is a number or a boolean, not a string")
        return Schema(columns, label, task, key)

    def features(self) -> list[tuple[str, ColumnSpec, str | None]]:
        """Model inputs in CSV order: (feature name, its column, the value of a one-hot input)."""
        inputs: list[tuple[str, ColumnSpec, str | None]] = []
        for column in self.columns:
            if column.name == self.label or column.name in self.key or not column.feature:
                continue
            if column.type == "string":
                inputs += [(f"{column.name}={value}", column, value) for value in column.values]
            else:
                inputs.append((column.name, column, None))
        return inputs


def parse_split(text: str) -> tuple[float, ...]:
    shares = tuple(float(share) for share in text.split(","))
    if len(shares) != len(SPLITS) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"split {text!r}: give three shares, train,validation,test, that sum to 1")
    return shares


def read_arguments(argv: list[str]) -> dict[str, str]:
    if getResolvedOptions is not None:
        given = [name for name in OPTIONAL_ARGUMENTS if f"--{name}" in argv]
        options = getResolvedOptions(argv, ["JOB_NAME", *REQUIRED_ARGUMENTS, *given])
        return {**OPTIONAL_ARGUMENTS, **options}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--JOB_NAME", default="etl")
    for name in REQUIRED_ARGUMENTS:
        parser.add_argument(f"--{name}", required=True)
    for name, default in OPTIONAL_ARGUMENTS.items():
        parser.add_argument(f"--{name}", default=default)
    # Glue passes arguments of its own, which mean nothing here.
    known, _ = parser.parse_known_args(argv[1:])
    return vars(known)


def read_with_glue(glue: Any, raw: str, data_format: str) -> DataFrame:
    """Bookmarks cover only dynamic frames that are read with a transformation context."""
    frame = glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={
            "paths": [raw],
            "recurse": True,
            "exclusions": json.dumps([f"**.{f}" for f in ("csv", "json", "parquet") if f != data_format]),
        },
        format=data_format,
        format_options={"withHeader": True} if data_format == "csv" else {},
        transformation_ctx=f"raw_{data_format}",
    )
    return frame.resolveChoice(choice="cast:string", transformation_ctx=f"typed_{data_format}").toDF()


def read_with_spark(spark: SparkSession, raw: str, data_format: str) -> DataFrame | None:
    """Reads file by file, because Spark applies the first CSV file's header to all of them."""
    listing = (
        spark.read.format("binaryFile")
        .option("pathGlobFilter", f"*.{data_format}")
        .option("recursiveFileLookup", "true")
        .load(raw)
        .select("path")
    )
    paths = sorted(row.path for row in listing.collect())
    reader = spark.read.option("header", "true").option("primitivesAsString", "true")
    frames = [reader.format(data_format).load(path) for path in paths]
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames) if frames else None


def read_raw(spark: SparkSession, glue: Any, raw: str, formats: list[str], schema: Schema) -> DataFrame:
    """All raw rows as text in the schema's columns; a column that a file lacks is null."""
    names = [column.name for column in schema.columns]
    empty = spark.range(0).select(*[F.lit(None).cast("string").alias(name) for name in names])
    frames = [empty]
    for data_format in formats:
        frame = read_with_glue(glue, raw, data_format) if glue else read_with_spark(spark, raw, data_format)
        if frame is None or not frame.columns:
            continue
        present = {name.strip().lower(): name for name in frame.columns}
        frames.append(
            frame.select(
                *[
                    F.trim(F.col(f"`{present[name.lower()]}`").cast("string")).alias(name)
                    if name.lower() in present
                    else F.lit(None).cast("string").alias(name)
                    for name in names
                ]
            )
        )
    return reduce(DataFrame.unionByName, frames)


def typed(column: ColumnSpec) -> Column:
    """The column's typed value, null where the text is absent or does not parse."""
    text = F.col(column.name)
    if column.type == "integer":
        return F.when(text.rlike(r"^[+-]?\d{1,18}(\.0+)?$"), F.split(text, r"\.").getItem(0).cast("long"))
    if column.type == "number":
        return F.when(text.rlike(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"), text.cast("double"))
    if column.type == "boolean":
        word = F.lower(text)
        return F.when(word.isin(*TRUE_WORDS), F.lit(True)).when(word.isin(*FALSE_WORDS), F.lit(False))
    if column.type == "timestamp":
        return F.to_timestamp(text)
    return F.when(~is_null(column), text)


def is_null(column: ColumnSpec) -> Column:
    text = F.col(column.name)
    return text.isNull() | F.lower(text).isin(*NULL_WORDS)


def reject_reasons(column: ColumnSpec, schema: Schema) -> list[Column]:
    absent, value = is_null(column), F.col(f"_{column.name}")
    reasons = [F.when(~absent & value.isNull(), F.lit(f"{column.name}: not a valid {column.type}"))]
    if column.required or column.name == schema.label or column.name in schema.key:
        reasons.append(F.when(absent, F.lit(f"{column.name}: missing")))
    if column.minimum is not None:
        reasons.append(F.when(value < column.minimum, F.lit(f"{column.name}: below {column.minimum}")))
    if column.maximum is not None:
        reasons.append(F.when(value > column.maximum, F.lit(f"{column.name}: above {column.maximum}")))
    if column.values:
        allowed = value.cast("string").isin(*column.values)
        reasons.append(F.when(~absent & ~allowed, F.lit(f"{column.name}: value not allowed")))
    return reasons


def row_hash(names: list[str], salt: str) -> Column:
    """SHA-256 of the text values: the same on every engine, version and partitioning."""
    fields = [F.coalesce(F.col(name), F.lit("\u0000")) for name in names]
    return F.sha2(F.concat_ws("\u001f", F.lit(salt), *fields), 256)


def judge(raw: DataFrame, schema: Schema, salt: str) -> DataFrame:
    """Adds to each raw row its typed values (`_<name>`), its hash and the reasons to reject it."""
    names = [column.name for column in schema.columns]
    frame = raw.select(*names, *[typed(c).alias(f"_{c.name}") for c in schema.columns])
    reasons = [reason for column in schema.columns for reason in reject_reasons(column, schema)]
    frame = frame.withColumn(ROW_HASH, row_hash(names, salt))
    frame = frame.withColumn(REASONS, F.filter(F.array(*reasons), lambda reason: reason.isNotNull()))
    if schema.key:
        valid = (F.size(REASONS) == 0).cast("int")
        order = Window.partitionBy(*schema.key).orderBy(valid.desc(), ROW_HASH)
        repeated = (F.row_number().over(order) > 1) & (valid == 1)
        duplicate = F.array(F.lit(f"{schema.key[0]}: duplicate key"))
        frame = frame.withColumn(REASONS, F.when(repeated, duplicate).otherwise(F.col(REASONS)))
    return frame


def assign_split(frame: DataFrame, schema: Schema, shares: tuple[float, ...], salt: str) -> DataFrame:
    """A row's split depends on its key alone (or its values), so it never changes between runs."""
    names = list(schema.key) or [column.name for column in schema.columns]
    number = F.conv(F.substring(row_hash(names, salt), 1, 12), 16, 10).cast("long") % SPLIT_BUCKETS
    train_end = round(shares[0] * SPLIT_BUCKETS)
    validation_end = train_end + round(shares[1] * SPLIT_BUCKETS)
    split = F.when(number < train_end, "train").when(number < validation_end, "validation").otherwise("test")
    return frame.withColumn(SPLIT, split)


def numeric(column: ColumnSpec) -> Column:
    value = F.col(f"_{column.name}")
    return value if column.type in ("integer", "number") else value.cast("double")


def training_row(schema: Schema) -> list[Column]:
    """Label, then features; a missing value stays empty, which XGBoost reads as missing."""
    label = next(column for column in schema.columns if column.name == schema.label)
    outputs = [numeric(label).alias("_y")]
    for position, (_, column, value) in enumerate(schema.features()):
        if value is None:
            outputs.append(numeric(column).alias(f"_x{position}"))
        else:
            outputs.append((F.col(column.name).eqNullSafe(F.lit(value))).cast("int").alias(f"_x{position}"))
    return outputs


def profile(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per column: nulls, extremes, moments and quantiles of numbers, counts of categories."""
    aggregates: list[Column] = [F.count(F.lit(1)).alias("rows")]
    for column in schema.columns:
        aggregates.append(F.sum(is_null(column).cast("long")).alias(f"{column.name}.nulls"))
        if column.type != "string":
            for name, function in (("min", F.min), ("max", F.max), ("mean", F.avg), ("stddev", F.stddev_samp)):
                aggregates.append(function(numeric(column).cast("double")).alias(f"{column.name}.{name}"))
        if column.type in ("integer", "number"):
            steps = F.array(*[F.lit(step) for step in QUANTILES])
            quantiles = F.percentile_approx(numeric(column).cast("double"), steps, QUANTILE_ACCURACY)
            aggregates.append(quantiles.alias(f"{column.name}.quantiles"))
        for position, value in enumerate(column.values):
            hits = F.col(column.name).eqNullSafe(F.lit(value)).cast("long")
            aggregates.append(F.sum(hits).alias(f"{column.name}.values.{position}"))
    row = good.agg(*aggregates).first().asDict()
    profiles: dict[str, dict[str, Any]] = {}
    for column in schema.columns:
        entry: dict[str, Any] = {"type": column.type, "count": row["rows"], "nulls": row[f"{column.name}.nulls"] or 0}
        if column.type != "string":
            entry |= {name: row[f"{column.name}.{name}"] for name in ("min", "max", "mean", "stddev")}
        if column.type in ("integer", "number"):
            entry["quantiles"] = row[f"{column.name}.quantiles"]
        if column.values:
            entry["values"] = {v: row[f"{column.name}.values.{i}"] or 0 for i, v in enumerate(column.values)}
        profiles[column.name] = entry
    return profiles


def split_summary(good: DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Per split: rows, an order-independent fingerprint and, for classes, rows of each label."""
    label = next(column for column in schema.columns if column.name == schema.label)
    halves = [F.conv(F.substring(ROW_HASH, start, 12), 16, 10).cast("long") for start in (1, 13)]
    summary = {name: {"rows": 0, "fingerprint": [0, 0], "labels": {}} for name in SPLITS}
    sums = [F.sum(half % 2**40).alias(f"sum{i}") for i, half in enumerate(halves)]
    for row in good.groupBy(SPLIT).agg(F.count(F.lit(1)).alias("rows"), *sums).collect():
        summary[row[SPLIT]] |= {"rows": row["rows"], "fingerprint": [row["sum0"], row["sum1"]]}
    if schema.task == "binary":
        value = numeric(label).cast("double").alias("y")
        for row in good.groupBy(SPLIT, value).count().collect():
            summary[row[SPLIT]]["labels"][f"{row['y']:g}"] = row["count"]
    return summary


@dataclass(frozen=True)
class FeatureGroup:
    """A feature group, and what of the data set its records hold: each feature's name and its text."""

    name: str
    features: tuple[tuple[str, Column], ...]

    @staticmethod
    def fit(description: dict[str, Any], schema: Schema, now: datetime) -> FeatureGroup:
        """Pairs features with the columns of their names; an event time without column is the run's."""
        name = description["FeatureGroupName"]
        columns = {column.name.lower(): column for column in schema.columns}
        identifier, event_time = description["RecordIdentifierFeatureName"], description["EventTimeFeatureName"]
        if identifier.lower() not in columns:
            raise ValueError(f"feature group {name}: no column has the name of its identifier {identifier}")
        features: list[tuple[str, Column]] = []
        for definition in description["FeatureDefinitions"]:
            feature, kind = definition["FeatureName"], definition["FeatureType"]
            column = columns.get(feature.lower())
            if column is None:
                if feature == event_time:
                    text = now.strftime("%Y-%m-%dT%H:%M:%SZ") if kind == "String" else repr(now.timestamp())
                    features.append((feature, F.lit(text)))
                continue
            if kind not in FEATURE_TYPES[column.type]:
                raise ValueError(f"feature group {name}, column {column.name}: {column.type} does not fit {kind}")
            features.append((feature, feature_text(column, kind)))
        return FeatureGroup(name, tuple(features))


def feature_text(column: ColumnSpec, kind: str) -> Column:
    value = F.col(f"_{column.name}")
    if column.type == "timestamp":
        return F.date_format(value, ISO_8601) if kind == "String" else value.cast("double").cast("string")
    if column.type == "boolean" and kind == "Integral":
        return value.cast("int").cast("string")
    return value.cast("string")


def feature_groups(names: str, schema: Schema) -> list[FeatureGroup]:
    """Asked for before anything is written, so that a group that does not fit fails the job at once."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        return []
    import boto3

    client, now = boto3.client("sagemaker"), datetime.now(timezone.utc)
    return [FeatureGroup.fit(client.describe_feature_group(FeatureGroupName=name), schema, now) for name in wanted]


def record_writer(group: str, names: tuple[str, ...]) -> Callable[[Iterator[Any]], None]:
    """Writes a partition's rows, several at a time. It is sent to the workers, so it brings all that it needs."""

    def write(rows: Iterator[Any]) -> None:
        from concurrent.futures import ThreadPoolExecutor
        from itertools import islice

        import boto3
        from botocore.config import Config

        # Adaptive: backs off when it is throttled, and from then on sends no faster than is taken.
        config = Config(retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=16)
        client = boto3.client("sagemaker-featurestore-runtime", config=config)

        def put(row: Any) -> None:
            record = [
                {"FeatureName": name, "ValueAsString": text}
                for name, text in zip(names, row, strict=True)
                if text is not None
            ]
            client.put_record(FeatureGroupName=group, Record=record)

        with ThreadPoolExecutor(16) as pool:
            while batch := list(islice(rows, 500)):
                list(pool.map(put, batch))

    return write


def ingest(good: DataFrame, groups: list[FeatureGroup]) -> None:
    """A repeated attempt writes the same records at the same event time: nothing is doubled."""
    for group in groups:
        records = good.select(*[text.alias(name) for name, text in group.features])
        records.foreachPartition(record_writer(group.name, tuple(name for name, _ in group.features)))


def publish(statistics: dict[str, Any], namespace: str, job_name: str) -> None:
    """Rows read, accepted and quarantined, as metrics of the job."""
    if not namespace:
        return
    import boto3

    dimensions = [{"Name": "JobName", "Value": job_name}]
    counts = {f"Rows{name.title()}": rows for name, rows in statistics["rows"].items()}
    data = [{"MetricName": n, "Dimensions": dimensions, "Unit": "Count", "Value": v} for n, v in counts.items()]
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def write_text(uri: str, text: str) -> None:
    parts = urlparse(uri)
    if parts.scheme in ("s3", "s3a"):
        import boto3

        body = text.encode()
        boto3.client("s3").put_object(
            Bucket=parts.netloc, Key=parts.path.lstrip("/"), Body=body, ContentType="application/json"
        )
        return
    path = Path(parts.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_outputs(good: DataFrame, schema: Schema, splits: dict[str, dict[str, Any]], options: dict[str, str]) -> None:
    processed, dataset, batch = options["processed"].rstrip("/"), options["dataset"], options["batch"]
    for name in SPLITS:
        rows = splits[name]["rows"]
        if rows == 0:
            continue
        files = -(-rows // int(options["rows_per_file"]))
        part = good.where(F.col(SPLIT) == name).repartition(files, ROW_HASH).sortWithinPartitions(ROW_HASH)
        csv = f"{processed}/csv/{dataset}/{name}/batch={batch}"
        part.select(*training_row(schema)).write.mode("overwrite").csv(csv, emptyValue="", nullValue="")
        parquet = f"{processed}/parquet/dataset={dataset}/split={name}/batch={batch}"
        columns = [F.col(f"_{column.name}").alias(column.name) for column in schema.columns]
        part.select(*columns).write.mode("overwrite").parquet(parquet)


def run(spark: SparkSession, options: dict[str, str], glue: Any = None) -> dict[str, Any]:
    """Does the whole job and returns the statistics that it wrote."""
    schema = Schema.parse(json.loads(options["schema"]))
    shares = parse_split(options["split"])
    groups = feature_groups(options["feature_groups"], schema)
    raw = read_raw(spark, glue, options["raw"], options["formats"].split(","), schema)
    judged = assign_split(judge(raw, schema, options["split_salt"]), schema, shares, options["split_salt"]).cache()
    good, bad = judged.where(F.size(REASONS) == 0), judged.where(F.size(REASONS) > 0)

    rejected = bad.count()
    if rejected:
        target = f"{options['quarantine'].rstrip('/')}/dataset={options['dataset']}/batch={options['batch']}"
        names = [column.name for column in schema.columns]
        files = -(-rejected // int(options["rows_per_file"]))
        bad.select(*names, REASONS).coalesce(files).write.mode("overwrite").json(target)
    by_reason = bad.select(F.explode(REASONS).alias("reason")).groupBy("reason").count().orderBy("reason")
    splits = split_summary(good, schema)
    accepted = sum(split["rows"] for split in splits.values())
    statistics = {
        "version": 1,
        "dataset": options["dataset"],
        "batch": options["batch"],
        "label": schema.label,
        "task": schema.task,
        "features": [name for name, _, _ in schema.features()],
        "rows": {"read": accepted + rejected, "accepted": accepted, "quarantined": rejected},
        "quarantine_reasons": {row["reason"]: row["count"] for row in by_reason.collect()},
        "splits": splits,
        "columns": profile(good, schema),
        "feature_groups": [group.name for group in groups],
    }
    write_outputs(good, schema, splits, options)
    ingest(good, groups)
    # Last, so that its presence says the rest is complete.
    target = f"{options['processed'].rstrip('/')}/statistics/{options['dataset']}/batch={options['batch']}.json"
    write_text(target, json.dumps(statistics, indent=2, sort_keys=True))
    judged.unpersist()
    return statistics


def configure(spark: SparkSession) -> None:
    """Settings that the outputs' meaning rests on, whatever the Spark version's defaults."""
    for name, value in (
        ("spark.sql.ansi.enabled", "false"),
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.legacy.timeParserPolicy", "CORRECTED"),
        # XGBoost's container reads every file of a channel, so no marker files.
        ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false"),
    ):
        spark.conf.set(name, value)


def main(argv: list[str]) -> None:
    options = read_arguments(argv)
    if GlueContext is not None:
        from pyspark.context import SparkContext

        glue = GlueContext(SparkContext.getOrCreate())
        job = Job(glue)
        job.init(options["JOB_NAME"], options)
        spark = glue.spark_session
    else:
        glue = job = None
        spark = SparkSession.builder.appName("etl").getOrCreate()
    configure(spark)
    statistics = run(spark, options, glue)
    publish(statistics, options["metrics_namespace"], options["JOB_NAME"])
    print(json.dumps({"event": "etl", "rows": statistics["rows"], "reasons": statistics["quarantine_reasons"]}))
    if job is not None:
        # Only now are the files that were read marked as done.
        job.commit()


if __name__ == "__main__":
    main(sys.argv)
