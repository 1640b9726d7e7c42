"""The outputs of the job: the training files, typed rows for the catalog, rejected rows, and small documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from data_schema import Schema
from judging import FATE, QUARANTINED, REASONS, ROW_HASH, SPLIT, SPLITS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from reading import FILE
from typed_values import equals, label_number, numeric


def training_row(schema: Schema) -> list[str]:
    """Label, then features; a missing value stays empty, which XGBoost reads as missing."""
    outputs = [f"{label_number(schema)} AS _y"]
    for position, (_, column, value) in enumerate(schema.features()):
        feature = numeric(column) if value is None else f"CAST({equals(column, value)} AS INT)"
        outputs.append(f"{feature} AS _x{position}")
    return outputs


def write_splits(good: DataFrame, schema: Schema, splits: dict[str, dict[str, Any]], options: dict[str, str]) -> None:
    processed, dataset, batch = options["processed"].rstrip("/"), options["dataset"], options["batch"]
    typed = [f"`_{column.name}` AS `{column.name}`" for column in schema.columns]
    for name in SPLITS:
        rows = splits[name]["rows"]
        if rows == 0:
            continue
        files = -(-rows // int(options["rows_per_file"]))
        part = good.where(F.col(SPLIT) == name).repartition(files, ROW_HASH).sortWithinPartitions(ROW_HASH)
        # Rows are moved and sorted once for both formats.
        part = part.select(*[f"_{column.name}" for column in schema.columns]).cache()
        csv = f"{processed}/csv/{dataset}/{name}/batch={batch}"
        part.selectExpr(*training_row(schema)).write.mode("overwrite").csv(csv, emptyValue="", nullValue="")
        part.selectExpr(*typed).write.mode("overwrite").parquet(
            f"{processed}/parquet/dataset={dataset}/split={name}/batch={batch}"
        )
        part.unpersist()


def write_quarantine(judged: DataFrame, schema: Schema, rejected: int, options: dict[str, str]) -> None:
    """Every rejected row as it was read, with its file and the reasons."""
    if rejected == 0:
        return
    bad = judged.where(F.col(FATE) == QUARANTINED).select(*schema.names(), FILE, REASONS)
    target = f"{options['quarantine'].rstrip('/')}/dataset={options['dataset']}/batch={options['batch']}"
    bad.coalesce(-(-rejected // int(options["rows_per_file"]))).write.mode("overwrite").json(target)


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
