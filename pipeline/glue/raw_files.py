"""Which files there are below the raw prefix, which of them are read, and how each begins.

The same code lists and opens files under AWS Glue and under plain Spark: by Hadoop's file systems, whatever the scheme.
Glue's own reader with its bookmarks is not used. A bookmark moves on when a job commits, whether or not the data is
then accepted, and it cannot be taken back for one execution.
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException

# Hadoop finds a codec by its extension, in lower case.
READABLE = re.compile(r"\.(?:(?P<text>csv|tsv|json|jsonl|ndjson)(?-i:\.gz|\.bz2)?|(?P<binary>parquet))$", re.IGNORECASE)
FAMILIES = {"tsv": "csv", "jsonl": "json", "ndjson": "json"}
# The number of bytes that are searched for a file's header.
HEAD_BYTES = 1 << 20
OPENED_AT_ONCE = 16


@dataclass(frozen=True)
class RawFile:
    """A file that is read. `kind` is its extension without a compression's, `family` the reader that it needs."""

    path: str
    kind: str
    size: int
    # Microseconds since 1970.
    modified: int

    @property
    def family(self) -> str:
        return FAMILIES.get(self.kind, self.kind)

    @property
    def is_compressed(self) -> bool:
        return self.kind == "parquet" or self.path.endswith((".gz", ".bz2"))


@dataclass(frozen=True)
class Listing:
    """The files to read, and those that are passed over with the reason."""

    files: list[RawFile]
    ignored: list[tuple[str, str]]


def literal(path: str) -> str:
    """A path in which Hadoop sees no pattern."""
    return re.sub(r"([\\*?{}\[\]])", r"\\\1", path)


def list_raw(spark: SparkSession, raw: str, families: list[str]) -> Listing:
    """Everything below `raw`, but for names that begin with a dot or an underscore, as with all of Spark's readers."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        found = reader.load(literal(raw)).selectExpr("path", "length", "unix_micros(modificationTime) as modified")
        rows = found.collect()
    except AnalysisException as error:
        if "Path does not exist" in str(error) or "PATH_NOT_FOUND" in str(error):
            return Listing([], [])
        raise
    # Spark reads no file without content, so it is missing from the rows.
    empty = {unquote(path).replace("file:///", "file:/") for path in found.inputFiles()} - {row.path for row in rows}
    files, ignored = [], [(path, "empty") for path in sorted(empty)]
    for path, size, modified in sorted((row.path, row.length, row.modified) for row in rows):
        match = READABLE.search(path)
        kind = (match["text"] or match["binary"]).lower() if match else ""
        if match is None:
            ignored.append((path, "not a format that is read"))
        elif FAMILIES.get(kind, kind) not in families:
            ignored.append((path, f"{kind} is not among the formats of this job"))
        else:
            files.append(RawFile(path, kind, size, modified))
    return Listing(files, ignored)


def head(spark: SparkSession, path: str) -> bytes:
    """The beginning of a file, decompressed."""
    jvm: Any = spark.sparkContext._jvm
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    place = jvm.org.apache.hadoop.fs.Path(path)
    stream = place.getFileSystem(settings).open(place)
    try:
        codec = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(settings).getCodec(place)
        plain = codec.createInputStream(stream) if codec is not None else stream
        bounded = jvm.org.apache.commons.io.input.BoundedInputStream(plain, HEAD_BYTES)
        return bytes(jvm.org.apache.commons.io.IOUtils.toByteArray(bounded))
    finally:
        stream.close()


def heads(spark: SparkSession, files: list[RawFile]) -> list[bytes]:
    """The beginnings of the files, in their order."""
    with ThreadPoolExecutor(OPENED_AT_ONCE) as pool:
        return list(pool.map(lambda file: head(spark, file.path), files))
