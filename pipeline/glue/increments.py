"""Which raw files are new to a data set: those that none of its accepted batches has read.

The validation function accepts a batch by writing `<processed>/datasets/<dataset>/accepted/<batch>.json`. Files of a
batch that was refused, or whose execution failed, stay new: the next execution reads them again.
A data set of another name begins anew with all files.
"""

from __future__ import annotations

import json
from posixpath import basename

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.utils import AnalysisException
from raw_files import Listing, literal

SOURCES = T.StructType(
    [
        T.StructField("path", T.StringType()),
        T.StructField("size", T.LongType()),
        T.StructField("modified", T.LongType()),
    ]
)


def accepted_batches(spark: SparkSession, processed: str, dataset: str, own: str) -> list[str]:
    """Those before this one, which a repeated run writes anew."""
    folder = f"{processed.rstrip('/')}/datasets/{dataset}/accepted"
    reader = spark.read.format("binaryFile").option("pathGlobFilter", "*.json")
    try:
        found = reader.load(literal(folder)).select("path").collect()
    except AnalysisException as error:
        # No batch was accepted before.
        if "Path does not exist" in str(error) or "PATH_NOT_FOUND" in str(error):
            return []
        raise
    return sorted({basename(row.path).removesuffix(".json") for row in found} - {own})


def only_new(spark: SparkSession, listing: Listing, processed: str, dataset: str, batches: list[str]) -> Listing:
    """A file that was replaced since it was read is new again: by its size or its time."""
    if not batches:
        return listing
    folder = f"{processed.rstrip('/')}/sources/{dataset}"
    paths = [literal(f"{folder}/batch={batch}") for batch in batches]
    read = {tuple(row) for row in spark.read.schema(SOURCES).parquet(*paths).select(*SOURCES.names).collect()}
    files = [file for file in listing.files if (file.path, file.size, file.modified) not in read]
    return Listing(files, listing.ignored)


def write_sources(spark: SparkSession, listing: Listing, processed: str, dataset: str, batch: str) -> None:
    rows = [{"path": file.path, "size": file.size, "modified": file.modified} for file in listing.files]
    # Parsed by Spark itself: a frame from Python's values would need a Python process.
    parsed = F.explode(F.from_json(F.lit(json.dumps(rows)), T.ArrayType(SOURCES)))
    frame = spark.range(1).select(parsed.alias("file")).select("file.*")
    target = f"{processed.rstrip('/')}/sources/{dataset}/batch={batch}"
    frame.coalesce(1).write.mode("overwrite").parquet(target)
