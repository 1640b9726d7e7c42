"""The step that writes an accepted batch to the feature groups, and remembers that it did."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from data_schema import Schema, parse_text
from feature_records import feature_groups, write_records
from outputs import write_text
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException
from raw_files import head, literal


def accepted_rows(spark: SparkSession, processed: str, dataset: str, batch: str, schema: Schema) -> DataFrame | None:
    """The typed rows that a batch's run wrote for the catalog, as the modules of this job name them; none if gone."""
    folder = literal(f"{processed}/parquet/dataset={dataset}")
    try:
        found = spark.read.parquet(f"{folder}/split=*/{literal(f'batch={batch}')}")
    except AnalysisException as error:
        if "Path does not exist" in str(error) or "PATH_NOT_FOUND" in str(error):
            return None
        raise
    if not set(schema.names()) <= set(found.columns):
        # The schema has changed since: everything is written anew.
        return None
    return found.select(*[F.col(name).alias(f"_{name}") for name in schema.names()])


def last_written(spark: SparkSession, uri: str) -> dict[str, str] | None:
    """The note about the last records that were written to a group; None before the first."""
    folder, _, name = uri.rpartition("/")
    reader = spark.read.format("binaryFile").option("pathGlobFilter", name)
    try:
        found = reader.load(literal(folder)).select("path").collect()
    except AnalysisException as error:
        if "Path does not exist" in str(error) or "PATH_NOT_FOUND" in str(error):
            return None
        raise
    return json.loads(head(spark, found[0].path)) if found else None


def ingest(spark: SparkSession, options: dict[str, str]) -> dict[str, int]:
    """Answers the number of records written to each group."""
    schema = parse_text(options["schema"])
    started = datetime.fromisoformat(options["started"].replace("Z", "+00:00"))
    processed, dataset, batch = options["processed"].rstrip("/"), options["dataset"], options["batch"]
    rows = accepted_rows(spark, processed, dataset, batch, schema)
    written: dict[str, int] = {}
    for group in feature_groups(options["feature_groups"], schema, started):
        uri = f"{processed}/ingested/{group.name}.json"
        earlier: Any = last_written(spark, uri)
        before = None
        if earlier and (earlier["dataset"], earlier["batch"]) != (dataset, batch):
            before = accepted_rows(spark, processed, earlier["dataset"], earlier["batch"], schema)
        written[group.name] = 0 if rows is None else write_records(rows, before, group)
        write_text(uri, json.dumps({"dataset": dataset, "batch": batch, "records": written[group.name]}))
    return written
