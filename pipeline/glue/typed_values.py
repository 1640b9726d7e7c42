"""Texts to typed values, and what is wrong with those that have none."""

from __future__ import annotations

from data_schema import EPOCHS, ColumnSpec, Schema
from pyspark.sql import Column
from pyspark.sql import functions as F

TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0")
# ISO 8601: a day, or a moment of one.
ISO_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$"
# As `reading.TYPED_MOMENT` writes it.
TYPED_MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"
INTEGER = r"^[+-]?\d{1,19}(\.0*)?$"
# Beyond 2^53 a floating-point number does not hold every integer.
WHOLE_WITH_EXPONENT = r"^[+-]?\d+(\.\d*)?[eE][+]?\d{1,2}$"
EXACT_BELOW = 2**53
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
UNDECODABLE = "\ufffd"


def is_null(column: ColumnSpec, schema: Schema) -> Column:
    """A key is missing only where there is nothing: `NA` may be an id, and `None` a class."""
    text = F.col(column.name)
    blank = text.isNull() | (F.trim(text) == "")
    words = [word for word in column.null_words if word not in {value.lower() for value in column.values}]
    if column.name in schema.key or not words:
        return blank
    return blank | F.lower(text).isin(*words)


def typed(column: ColumnSpec, schema: Schema) -> Column:
    """The column's typed value, null where the text is absent or does not parse."""
    text = F.trim(F.col(column.name))
    value = {
        "integer": integer,
        "number": number,
        "boolean": boolean,
        "timestamp": lambda text: timestamp(text, column.timestamp_format),
        "string": lambda _: F.col(column.name),
    }[column.type](text)
    return F.when(~is_null(column, schema), value)


def integer(text: Column) -> Column:
    exact = F.when(text.rlike(INTEGER), F.split(text, r"\.").getItem(0).cast("long"))
    double = text.cast("double")
    whole = text.rlike(WHOLE_WITH_EXPONENT) & (double == F.floor(double)) & (F.abs(double) < EXACT_BELOW)
    return F.coalesce(exact, F.when(whole, double.cast("long")))


def number(text: Column) -> Column:
    """Finite: what is too large for a double is no number that a model could learn from."""
    value = text.cast("double")
    return F.when(text.rlike(NUMBER) & (F.abs(value) != float("inf")), value)


def boolean(text: Column) -> Column:
    word = F.lower(text)
    return F.when(word.isin(*TRUE_WORDS), F.lit(True)).when(word.isin(*FALSE_WORDS), F.lit(False))


def timestamp(text: Column, written: str | None) -> Column:
    if written is None:
        return F.when(text.rlike(ISO_MOMENT), F.to_timestamp(text))
    if written in EPOCHS:
        seconds = F.when(text.rlike(NUMBER), text.cast("double") / EPOCHS[written])
        value = F.when(F.abs(seconds) < 2.0**37, seconds.cast("timestamp"))
    else:
        value = F.to_timestamp(text, written)
    return F.when(text.rlike(TYPED_MOMENT), F.to_timestamp(text)).otherwise(value)


def reject_reasons(column: ColumnSpec, schema: Schema) -> list[Column]:
    absent, value = is_null(column, schema), F.col(f"_{column.name}")
    undecodable = F.col(column.name).contains(UNDECODABLE)
    reasons = [
        F.when(~absent & undecodable, F.lit(f"{column.name}: not in the encoding {schema.csv.encoding}")),
        F.when(~absent & ~undecodable & value.isNull(), F.lit(f"{column.name}: not a valid {column.type}")),
    ]
    if schema.must_be_present(column):
        reasons.append(F.when(absent, F.lit(f"{column.name}: missing")))
    if column.minimum is not None:
        reasons.append(F.when(value < column.minimum, F.lit(f"{column.name}: below {column.minimum}")))
    if column.maximum is not None:
        reasons.append(F.when(value > column.maximum, F.lit(f"{column.name}: above {column.maximum}")))
    if column.values:
        reasons.append(F.when(value.isNotNull() & ~is_allowed(column), F.lit(f"{column.name}: value not allowed")))
    if column.name == schema.label and schema.task == "binary" and not column.values and column.type != "boolean":
        reasons.append(F.when(~value.isin(0, 1), F.lit(f"{column.name}: neither 0 nor 1")))
    return reasons


def is_allowed(column: ColumnSpec) -> Column:
    value = F.col(f"_{column.name}")
    if column.type == "number":
        return value.isin(*[float(allowed) for allowed in column.values])
    return value.cast("string").isin(*column.values)


def equals(column: ColumnSpec, allowed: str) -> Column:
    """True if a value is one of the column's `values`; false where it is missing."""
    value = F.col(f"_{column.name}")
    if column.type == "number":
        return value.eqNullSafe(F.lit(float(allowed)))
    return value.cast("string").eqNullSafe(F.lit(allowed))


def numeric(column: ColumnSpec) -> Column:
    value = F.col(f"_{column.name}")
    return value if column.type in ("integer", "number") else value.cast("double")


def label_number(schema: Schema) -> Column:
    """The label as training reads it: the class's position in `values`, or the number itself."""
    label, classes = schema.column(schema.label), schema.classes()
    if not classes:
        return numeric(label)
    number = F.when(equals(label, classes[0]), F.lit(0.0))
    for position, name in enumerate(classes[1:], start=1):
        number = number.when(equals(label, name), F.lit(float(position)))
    return number
