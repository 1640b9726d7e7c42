"""The schema of the raw data: which columns there are, what they may hold, and what they are for.

`Schema.parse` refuses what `mlopsctl validate` refuses, in the same words; `tests/schemas.json` holds both to them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any

TYPES = ("integer", "number", "boolean", "string", "timestamp")
NUMERIC = ("integer", "number")
TASKS = ("binary", "multiclass", "regression")
NULL_WORDS = ("na", "n/a", "#n/a", "nan", "-nan", "nat", "<na>", "null", "none", "?")
EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1000}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NOTES = ("$schema", "description")


@dataclass(frozen=True)
class ColumnSpec:
    """One column of the data set: where it comes from, its type, what it may hold, and whether a model may see it."""

    name: str
    type: str
    source: str | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    feature: bool = True
    timestamp_format: str | None = None
    null_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class CsvFormat:
    """The format of CSV files; `.tsv` files are separated by tabs in any case."""

    separator: str = ","
    quote: str = '"'
    decimal: str = "."
    encoding: str = "utf-8"
    # True if texts may have line ends within quotes.
    multiline: bool = True


@dataclass(frozen=True)
class Schema:
    columns: tuple[ColumnSpec, ...]
    label: str
    task: str = "binary"
    key: tuple[str, ...] = ()
    order_by: str | None = None
    split_by: tuple[str, ...] = ()
    split_time: str | None = None
    identical_rows: str = "keep"
    csv: CsvFormat = CsvFormat()

    @staticmethod
    def parse(document: Any) -> Schema:
        found = mistakes(document)
        if found:
            raise ValueError("schema: " + "; ".join(found))
        words = tuple(word.lower() for word in document.get("null_words", NULL_WORDS))
        columns = []
        for entry in document["columns"]:
            own = {name: entry[name] for name in COLUMN_FIELDS if name in entry}
            own["values"] = tuple(str(value) for value in entry.get("values", ()))
            own["null_words"] = tuple(word.lower() for word in entry["null_words"]) if "null_words" in entry else words
            columns.append(ColumnSpec(**own))
        key = tuple(document.get("key", ()))
        return Schema(
            columns=tuple(columns),
            label=document["label"],
            task=document.get("task", "binary"),
            key=key,
            order_by=document.get("order_by"),
            split_by=tuple(document.get("split_by", ())),
            split_time=document.get("split_time"),
            identical_rows=document.get("identical_rows", "drop" if key else "keep"),
            csv=CsvFormat(**document.get("csv", {})),
        )

    def column(self, name: str) -> ColumnSpec:
        return next(column for column in self.columns if column.name == name)

    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def must_be_present(self, column: ColumnSpec) -> bool:
        """True if a row without a value of the column is quarantined."""
        return column.required or column.name in (self.label, self.split_time, *self.key, *self.split_by)

    def classes(self) -> tuple[str, ...]:
        """The label's classes by their numbers; none where the label is a number or a boolean of its own."""
        return () if self.task == "regression" else self.column(self.label).values

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


COLUMN_FIELDS = tuple(field.name for field in fields(ColumnSpec))
SCHEMA_FIELDS = (*(field.name for field in fields(Schema)), "null_words")
CSV_FIELDS = tuple(field.name for field in fields(CsvFormat))


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(is_text(item) for item in value)


def is_list_of_values(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    plain = all(is_text(item) or (isinstance(item, int) and not isinstance(item, bool)) for item in value)
    return plain and len({str(item) for item in value}) == len(value)


# The rule of each field, for people, and the test of it.
COLUMN_RULES: dict[str, tuple[str, Any]] = {
    "source": ("a text", is_text),
    "required": ("true or false", lambda value: isinstance(value, bool)),
    "minimum": ("a number", is_number),
    "maximum": ("a number", is_number),
    "values": ("a list of different texts or whole numbers", is_list_of_values),
    "feature": ("true or false", lambda value: isinstance(value, bool)),
    "timestamp_format": ("a text", is_text),
    "null_words": ("a list of texts", is_list_of_texts),
}
CSV_RULES: dict[str, tuple[str, Any]] = {
    "separator": ("one character", lambda value: is_text(value) and len(value) == 1),
    "quote": ("one character", lambda value: is_text(value) and len(value) == 1),
    "decimal": ("`.` or `,`", lambda value: value in (".", ",")),
    "encoding": ("a text", is_text),
    "multiline": ("true or false", lambda value: isinstance(value, bool)),
}


def mistakes(document: Any) -> list[str]:
    """Every mistake of a schema, each with the name of its column."""
    if not isinstance(document, dict):
        return ["a schema must be an object"]
    found = [
        f"there is no field `{name}`; the fields of a schema are {', '.join(sorted(SCHEMA_FIELDS))}"
        for name in sorted(document)
        if name not in SCHEMA_FIELDS and name not in NOTES
    ]
    entries = document.get("columns")
    if not isinstance(entries, list) or not entries:
        return [*found, "`columns` must be a list with at least one column"]
    columns: dict[str, dict[str, Any]] = {}
    sources: set[str] = set()
    roles = {name for name in [document.get("label"), *names_in(document, "key")] if isinstance(name, str)}
    for number, entry in enumerate(entries, start=1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            found.append(f"column {number} must have a `name`")
            continue
        found += column_mistakes(name, entry, name in roles)
        if name.lower() in {other.lower() for other in columns}:
            found.append(f"there are two columns `{name}`")
        source = entry.get("source", name)
        if isinstance(source, str) and source in sources and name not in columns:
            found.append(f"two columns have the source `{source}`")
        sources.add(source if isinstance(source, str) else name)
        columns.setdefault(name, entry)
    return [*found, *role_mistakes(document, columns), *format_mistakes(document)]


def column_mistakes(name: str, entry: dict[str, Any], has_role: bool) -> list[str]:
    found = []
    if not NAME.fullmatch(name):
        found.append(
            f"the name of column `{name}` must be letters, digits and underscores; the file's own name is its `source`"
        )
    found += [
        f"there is no field `{field}` in column `{name}`; the fields of a column are {', '.join(sorted(COLUMN_FIELDS))}"
        for field in sorted(entry)
        if field not in COLUMN_FIELDS and field not in NOTES
    ]
    kind = entry.get("type")
    if kind not in TYPES:
        found.append(f"`type` of column `{name}` must be one of {', '.join(TYPES)}")
    sound = {}
    for field, (meaning, rule) in COLUMN_RULES.items():
        if field in entry and not rule(entry[field]):
            found.append(f"`{field}` of column `{name}` must be {meaning}")
        elif field in entry:
            sound[field] = entry[field]
    only = {
        "minimum": ("integer and number", NUMERIC),
        "maximum": ("integer and number", NUMERIC),
        "values": ("string, integer and number", (*NUMERIC, "string")),
        "timestamp_format": ("timestamp", ("timestamp",)),
    }
    for field, (meaning, kinds) in only.items():
        if field in sound and kind in TYPES and kind not in kinds:
            found.append(f"`{field}` of column `{name}` is for {meaning} columns only")
    if "minimum" in sound and "maximum" in sound and sound["minimum"] > sound["maximum"]:
        found.append(f"`minimum` of column `{name}` is above its `maximum`")
    if kind == "string" and not has_role and entry.get("feature", True) is True and "values" not in entry:
        found.append(f'column `{name}` holds texts: give it `values`, or `"feature": false`')
    return found


def names_in(document: dict[str, Any], field: str) -> list[Any]:
    """The names in a field that is a list of them."""
    value = document.get(field, [])
    return value if isinstance(value, list) else [value]


def role_mistakes(document: dict[str, Any], columns: dict[str, dict[str, Any]]) -> list[str]:
    return [*name_mistakes(document, columns), *order_mistakes(document, columns), *task_mistakes(document, columns)]


def name_mistakes(document: dict[str, Any], columns: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    named = [("label", document.get("label"))]
    named += [(field, name) for field in ("key", "split_by") for name in names_in(document, field)]
    named += [(field, document[field]) for field in ("order_by", "split_time") if field in document]
    for field, name in named:
        if not isinstance(name, str):
            found.append(f"`{field}` must name a column")
        elif name not in columns:
            found.append(f"`{field}` names `{name}`, and there is no such column")
    lists = [field for field in ("key", "split_by") if not isinstance(document.get(field, []), list)]
    return found + [f"`{field}` must be a list of columns" for field in lists]


def type_of(document: dict[str, Any], columns: dict[str, dict[str, Any]], field: str) -> str | None:
    """The type of the column that a field names, where both are sound."""
    name = document.get(field)
    kind = columns[name].get("type") if isinstance(name, str) and name in columns else None
    return kind if kind in TYPES else None


def order_mistakes(document: dict[str, Any], columns: dict[str, dict[str, Any]]) -> list[str]:
    found = [
        f"`{field}` must name an integer, number or timestamp column"
        for field in ("order_by", "split_time")
        if type_of(document, columns, field) in ("boolean", "string")
    ]
    if "order_by" in document and not document.get("key"):
        found.append("`order_by` decides between rows of one key: name the `key`")
    if "split_time" in document and document.get("split_by"):
        found.append("`split_by` and `split_time` cannot both decide the split")
    return found


def task_mistakes(document: dict[str, Any], columns: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    label, task = document.get("label"), document.get("task", "binary")
    if isinstance(label, str) and label in names_in(document, "key"):
        found.append("the label cannot be in the `key`")
    if task not in TASKS:
        found.append(f"`task` must be one of {', '.join(TASKS)}")
    elif type_of(document, columns, "label"):
        found += label_mistakes(str(label), task, columns[str(label)])
    if document.get("identical_rows", "drop") not in ("drop", "keep"):
        found.append("`identical_rows` must be one of drop, keep")
    return found


def label_mistakes(label: str, task: str, entry: dict[str, Any]) -> list[str]:
    kind, classes = entry["type"], entry.get("values")
    count = len(classes) if isinstance(classes, list) else 0
    if task == "binary" and not (count == 2 if kind == "string" or count else kind in ("boolean", "integer", "number")):
        return [
            f"the label `{label}` of a binary task must be a boolean, a number that is 0 or 1, or have two `values`"
        ]
    if task == "multiclass" and (count < 2 or kind not in ("string", "integer")):
        return [
            f"the label `{label}` of a multiclass task must be a string or an integer that has its classes as `values`"
        ]
    if task == "regression" and (kind not in NUMERIC or count):
        return [f"the label `{label}` of a regression must be an integer or a number, without `values`"]
    return []


def format_mistakes(document: dict[str, Any]) -> list[str]:
    found = []
    if "null_words" in document and not is_list_of_texts(document["null_words"]):
        found.append("`null_words` must be a list of texts")
    given = document.get("csv", {})
    if not isinstance(given, dict):
        return [*found, "`csv` must be an object"]
    found += [
        f"there is no field `{field}` in `csv`; its fields are {', '.join(sorted(CSV_FIELDS))}"
        for field in sorted(given)
        if field not in CSV_FIELDS and field not in NOTES
    ]
    wrong = [field for field, (_, rule) in CSV_RULES.items() if field in given and not rule(given[field])]
    found += [f"`{field}` of `csv` must be {CSV_RULES[field][0]}" for field in wrong]
    if not wrong and given.get("decimal", ".") == given.get("separator", ","):
        found.append("`separator` and `decimal` of `csv` must differ")
    return found


def parse_text(text: str) -> Schema:
    """The schema in the text of its file."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError(f"schema: it is not JSON: {error}") from None
    return Schema.parse(document)
