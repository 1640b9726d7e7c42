"""Raw CSV, JSON and Parquet files to a typed, split and countable data set.

Runs as an AWS Glue 4.0 or 5.0 job, and under plain PySpark where the `awsglue` library is absent (arguments are then
read with argparse and paths may be local). The modules beside it travel with it, in one file.

Layout written for one run, called a batch, of one data set:

    <processed>/csv/<dataset>/<split>/batch=<batch>/part-*.csv
        no header, label first: the contract of SageMaker's built-in XGBoost
    <processed>/parquet/dataset=<dataset>/split=<split>/batch=<batch>/part-*.parquet
        typed columns under their own names, for the catalog
    <processed>/statistics/<dataset>/batch=<batch>.json
        counts, column profiles and a fingerprint of the rows of each split
    <processed>/sources/<dataset>/batch=<batch>/part-*.parquet
        the files that were read
    <quarantine>/dataset=<dataset>/batch=<batch>/part-*.json
        every rejected row as it was read, with its file and the reasons

Row counts are published as metrics of the namespace that is named. `--step ingest` does none of this: it writes a batch
that was prepared, and meanwhile accepted, to the feature groups that are named.

Every output path belongs to one batch and is overwritten, so that a retried run leaves no duplicates.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from data_schema import Schema, parse_text
from increments import accepted_batches, only_new, write_sources
from ingestion import ingest
from judging import ACCEPTED, FATE, FATES, QUARANTINED, REASONS, SPLITS, assign_split, judge
from outputs import write_quarantine, write_splits, write_text
from profiles import profile, split_summary
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from raw_files import Listing, list_raw
from reading import read_files

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
    "load_mode": "snapshot",
    "rows_per_file": "500000",
    "step": "prepare",
    "feature_groups": "",
    "started": "",
    "metrics_namespace": "",
    "service_region": "",
}
IGNORED_NAMED_AT_MOST = 100
# Columns of a schema.
COMPILED_UP_TO = 100
# Bytes of text.
COMPILED_FROM = 2 << 20
# The text of a compressed file, as a multiple of the file's size.
INFLATED_BY = 10


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


def counted(judged: DataFrame) -> tuple[dict[str, int], dict[str, int]]:
    """Rows by their fates, and how often each reason put a row into quarantine."""
    found = {row[FATE]: row["count"] for row in judged.groupBy(FATE).count().collect()}
    rows = {"read": sum(found.values())} | {fate: found.get(fate, 0) for fate in FATES}
    bad = judged.where(F.col(FATE) == QUARANTINED).select(F.explode(REASONS).alias("reason"))
    return rows, {row["reason"]: row["count"] for row in bad.groupBy("reason").count().orderBy("reason").collect()}


def files_seen(listing: Listing, absent: dict[str, int]) -> dict[str, Any]:
    named = listing.ignored[:IGNORED_NAMED_AT_MOST]
    return {
        "read": len(listing.files),
        "bytes": sum(file.size for file in listing.files),
        "ignored": len(listing.ignored),
        "ignored_files": [{"file": path, "reason": reason} for path, reason in named],
        "without_column": absent,
    }


def run(spark: SparkSession, options: dict[str, str]) -> dict[str, Any]:
    """Does the whole job and returns the statistics that it wrote."""
    schema: Schema = parse_text(options["schema"])
    shares = parse_split(options["split"])
    listing = list_raw(spark, options["raw"], options["formats"].split(","))
    before = []
    if options["load_mode"] == "incremental":
        before = accepted_batches(spark, options["processed"], options["dataset"], options["batch"])
        listing = only_new(spark, listing, options["processed"], options["dataset"], before)
    configure_code(spark, schema, listing)
    raw, absent = read_files(spark, listing.files, schema)
    judged = assign_split(judge(raw, schema, options["split_salt"]), schema, shares, options["split_salt"]).cache()
    good = judged.where(F.col(FATE) == ACCEPTED)

    rows, reasons = counted(judged)
    splits = split_summary(good, schema)
    statistics = {
        "version": 2,
        "dataset": options["dataset"],
        "batch": options["batch"],
        "label": schema.label,
        "task": schema.task,
        "classes": list(schema.classes()),
        "features": [name for name, _, _ in schema.features()],
        "files": files_seen(listing, absent),
        "load_mode": options["load_mode"],
        "builds_on": before,
        "rows": rows,
        "quarantine_reasons": reasons,
        "splits": splits,
        "columns": profile(good, schema),
    }
    write_quarantine(judged, schema, rows[QUARANTINED], options)
    write_splits(good, schema, splits, options)
    write_sources(spark, listing, options["processed"], options["dataset"], options["batch"])
    # Last, so that its presence says the rest is complete.
    target = f"{options['processed'].rstrip('/')}/statistics/{options['dataset']}/batch={options['batch']}.json"
    write_text(target, json.dumps(statistics, indent=2, sort_keys=True, allow_nan=False))
    judged.unpersist()
    return statistics


def publish(statistics: dict[str, Any], namespace: str, job_name: str) -> None:
    """Rows read, and what became of them, as metrics of the job."""
    if not namespace:
        return
    import boto3

    dimensions = [{"Name": "JobName", "Value": job_name}]
    counts = {f"Rows{name.title()}": rows for name, rows in statistics["rows"].items()}
    data = [{"MetricName": n, "Dimensions": dimensions, "Unit": "Count", "Value": v} for n, v in counts.items()]
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def configure(spark: SparkSession) -> None:
    """Settings that the outputs' meaning rests on, whatever the Spark version's defaults."""
    for name, value in (
        ("spark.sql.ansi.enabled", "false"),
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.legacy.timeParserPolicy", "CORRECTED"),
        # Files have columns that differ in case only.
        ("spark.sql.caseSensitive", "true"),
        # Rows with too few or too many fields are found only if all fields are read.
        ("spark.sql.csv.parser.columnPruning.enabled", "false"),
        # pandas writes moments in nanoseconds, which Spark refuses otherwise.
        ("spark.sql.legacy.parquet.nanosAsLong", "true"),
        # JSON has numbers such as `1e2`, which are read as decimals.
        ("spark.sql.legacy.allowNegativeScaleOfDecimal", "true"),
        # Few rows need few tasks, also where they are cached.
        ("spark.sql.optimizer.canChangeCachedPlanOutputPartitioning", "true"),
        # XGBoost's container reads every file of a channel, so no marker files.
        ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false"),
    ):
        spark.conf.set(name, value)


def configure_code(spark: SparkSession, schema: Schema, listing: Listing) -> None:
    """Lets Spark compile the expressions, or interpret them where that takes less time: compiling those of hundreds of
    columns takes minutes, and for little data it takes longer than reading."""
    is_wide = len(schema.columns) > COMPILED_UP_TO
    size = sum(file.size * (INFLATED_BY if file.is_compressed else 1) for file in listing.files)
    is_compiled = size >= COMPILED_FROM and not is_wide
    spark.conf.set("spark.sql.codegen.wholeStage", str(is_compiled).lower())
    spark.conf.set("spark.sql.codegen.factoryMode", "FALLBACK" if is_compiled else "NO_CODEGEN")


def main(argv: list[str]) -> None:
    options = read_arguments(argv)
    if options["service_region"]:
        os.environ.setdefault("AWS_DEFAULT_REGION", options["service_region"])
    if GlueContext is not None:
        from pyspark.context import SparkContext

        glue = GlueContext(SparkContext.getOrCreate())
        job = Job(glue)
        job.init(options["JOB_NAME"], options)
        spark = glue.spark_session
    else:
        job = None
        spark = SparkSession.builder.appName("etl").getOrCreate()
    configure(spark)
    if options["step"] == "ingest":
        print(json.dumps({"event": "ingest", "records": ingest(spark, options)}))
    else:
        statistics = run(spark, options)
        publish(statistics, options["metrics_namespace"], options["JOB_NAME"])
        print(json.dumps({"event": "etl", "rows": statistics["rows"], "reasons": statistics["quarantine_reasons"]}))
    if job is not None:
        job.commit()


if __name__ == "__main__":
    main(sys.argv)
