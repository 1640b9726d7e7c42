"""The call of a model: its inputs in their order, and a request with its answer that can be tried."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def inputs(schema: dict[str, Any], features: list[str]) -> list[dict[str, Any]]:
    """Each field of a request: its name, the column that it comes from, and how that becomes a number.

    `features` is what the ETL job wrote, in the order of its files: a column's name, or `column=value` where the field
    is 1 for that value and 0 for others.
    """
    columns = {column["name"]: column for column in schema["columns"]}
    fields = []
    for feature in features:
        name, _, value = feature.partition("=")
        column = columns.get(feature) or columns[name]
        field = {"name": feature, "column": column["name"], "type": column["type"]}
        if feature in columns:
            field["encoding"] = {"boolean": "0 or 1", "timestamp": "seconds since 1970, UTC"}.get(
                column["type"], "number"
            )
        else:
            field |= {"encoding": "1 for the value, otherwise 0", "value": value}
        fields.append(field)
    return fields


def label_classes(schema: dict[str, Any]) -> tuple[str, ...]:
    """The label's `values` by their numbers; none where the label is a number or a boolean of its own."""
    label = next((column for column in schema["columns"] if column["name"] == schema["label"]), {})
    return () if schema.get("task") == "regression" else tuple(map(str, label.get("values", ())))


ANSWERS = {
    "binary": "the probability of class 1",
    "multiclass": "the probability of each class, in the order of `classes`",
    "regression": "the predicted quantity",
}


def signature(
    schema: dict[str, Any], features: list[str], classes: tuple[str, ...], threshold: float, sample: dict[str, str]
) -> dict[str, Any]:
    """`sample` is a request of one row and the model's answer to it."""
    task = schema.get("task", "binary")
    return {
        "version": 2,
        "task": task,
        "label": schema["label"],
        "inputs": inputs(schema, features),
        "request": "text/csv: the inputs in their order, without header; a missing value is empty",
        "answer": f"text/csv: {ANSWERS[task]}",
        **({"classes": list(classes)} if classes else {}),
        **({"decision_threshold": threshold} if task == "binary" else {}),
        # The schema, by which the columns of a file are read.
        "schema": schema,
        "sample": sample,
    }


def digest(fields: list[dict[str, Any]]) -> str:
    """Equal for models that take the same inputs, encoded alike, in the same order."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
