"""The rows of an accepted batch as records of feature groups: each feature is the column of its name.

This is a step of its own, after the data was found fit: an online store serves what it is given at once. The event time
is a column, or the start of the execution; a repeated attempt therefore writes equal records, and no record twice.
Only rows that differ from those written before are sent, because a feature group takes records one by one and a bounded
number a second. https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_schema import ColumnSpec, Schema
from pyspark import cloudpickle
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# The types that a column's values may have in a feature group.
FEATURE_TYPES = {
    "integer": ("Integral", "Fractional", "String"),
    "number": ("Fractional", "String"),
    "boolean": ("Integral", "String"),
    "string": ("String",),
    "timestamp": ("Fractional", "String"),
}
ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss'Z'"


@dataclass(frozen=True)
class FeatureGroup:
    """A feature group, and what of the data set its records hold: each feature's name and its text."""

    name: str
    features: tuple[tuple[str, Column], ...]
    # The event time, where it is no column.
    event_time: tuple[str, str] | None = None
    # Columns without which there is no record.
    needed: tuple[str, ...] = ()

    @staticmethod
    def fit(description: dict[str, Any], schema: Schema, started: datetime) -> FeatureGroup:
        """Pairs features with the columns of their names; an event time without column is the execution's start."""
        name = description["FeatureGroupName"]
        columns = {column.name.lower(): column for column in schema.columns}
        identifier, event_time = description["RecordIdentifierFeatureName"], description["EventTimeFeatureName"]
        if identifier.lower() not in columns:
            raise ValueError(f"feature group {name}: no column has the name of its identifier {identifier}")
        features: list[tuple[str, Column]] = []
        own_time = None
        for definition in description["FeatureDefinitions"]:
            feature, kind = definition["FeatureName"], definition["FeatureType"]
            column = columns.get(feature.lower())
            if column is None:
                if feature == event_time:
                    is_text = kind == "String"
                    own_time = feature, started.strftime("%Y-%m-%dT%H:%M:%SZ") if is_text else repr(started.timestamp())
                continue
            if kind not in FEATURE_TYPES[column.type]:
                raise ValueError(f"feature group {name}, column {column.name}: {column.type} does not fit {kind}")
            features.append((feature, feature_text(column, kind)))
        needed = [columns[name.lower()].name for name in (identifier, event_time) if name.lower() in columns]
        return FeatureGroup(name, tuple(features), own_time, tuple(needed))


def feature_text(column: ColumnSpec, kind: str) -> Column:
    value = F.col(f"_{column.name}")
    if column.type == "timestamp":
        # Plain digits: a double's text has an exponent.
        return F.date_format(value, ISO_8601) if kind == "String" else value.cast("decimal(20,3)").cast("string")
    if column.type == "boolean" and kind == "Integral":
        return value.cast("int").cast("string")
    return value.cast("string")


def feature_groups(names: str, schema: Schema, started: datetime) -> list[FeatureGroup]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        return []
    import boto3

    client = boto3.client("sagemaker")
    return [FeatureGroup.fit(client.describe_feature_group(FeatureGroupName=name), schema, started) for name in wanted]


def record_writer(group: str, names: tuple[str, ...], region: str | None) -> Callable[[Iterator[Any]], None]:
    """Writes a partition's rows, several at a time. It is sent to the workers, so it brings all that it needs."""

    def write(rows: Iterator[Any]) -> None:
        from concurrent.futures import ThreadPoolExecutor
        from itertools import islice

        import boto3
        from botocore.config import Config

        # Adaptive: backs off when it is throttled, and from then on sends no faster than is taken.
        config = Config(retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=16)
        # A worker has another environment than the driver.
        client = boto3.client("sagemaker-featurestore-runtime", region_name=region, config=config)

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


def records(rows: DataFrame, group: FeatureGroup) -> DataFrame:
    """The texts of a group's features, without its event time unless that is a column."""
    present = rows
    for name in group.needed:
        present = present.where(F.col(f"_{name}").isNotNull())
    return present.select(*[text.alias(name) for name, text in group.features])


def changed(now: DataFrame, before: DataFrame | None) -> DataFrame:
    """Rows that were not there before."""
    return now if before is None else now.exceptAll(before)


def write_records(rows: DataFrame, before: DataFrame | None, group: FeatureGroup) -> int:
    """Writes what has changed, and answers how many records that were."""
    import boto3

    # Workers get the functions themselves, wherever this module lies.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    earlier = None if before is None else records(before, group)
    found = changed(records(rows, group), earlier)
    names = [name for name, _ in group.features]
    if group.event_time:
        name, text = group.event_time
        found, names = found.withColumn(name, F.lit(text)), [*names, name]
    found = found.cache()
    count = found.count()
    found.foreachPartition(record_writer(group.name, tuple(names), boto3.Session().region_name))
    found.unpersist()
    return count
