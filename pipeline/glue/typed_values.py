"""Texts to typed values, and what is wrong with those that have none.

Expressions are SQL, which Spark reads in one call: each operation on a `Column` is a call of its own to the JVM, and
wide schemas need very many.
"""

from __future__ import annotations

from data_schema import EPOCHS, ColumnSpec, Schema

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


def sql_text(text: str) -> str:
    # Spark replaces `${name}` by a setting's value, within quotes too.
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def sql_texts(texts: tuple[str, ...] | list[str]) -> str:
    return ", ".join(sql_text(text) for text in texts)


def sql_number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)" if isinstance(value, float) else str(value)


def raw(column: ColumnSpec) -> str:
    return f"`{column.name}`"


def value_of(column: ColumnSpec) -> str:
    return f"`_{column.name}`"


def when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


def matches(text: str, pattern: str) -> str:
    return f"({text} RLIKE {sql_text(pattern)})"


def is_null(column: ColumnSpec, schema: Schema) -> str:
    """A key is missing only where there is nothing: `NA` may be an id, and `None` a class."""
    text = raw(column)
    blank = f"{text} IS NULL OR trim({text}) = ''"
    words = [word for word in column.null_words if word not in {value.lower() for value in column.values}]
    if column.name in schema.key or not words:
        return f"({blank})"
    return f"({blank} OR lower({text}) IN ({sql_texts(words)}))"


def typed(column: ColumnSpec, schema: Schema) -> str:
    """The column's typed value, null where the text is absent or does not parse."""
    text = f"trim({raw(column)})"
    value = {
        "integer": integer,
        "number": number,
        "boolean": boolean,
        "timestamp": lambda text: timestamp(text, column.timestamp_format),
        "string": lambda _: raw(column),
    }[column.type](text)
    return when(f"NOT {is_null(column, schema)}", value)


def integer(text: str) -> str:
    exact = when(matches(text, INTEGER), rf"CAST(split({text}, '\\.')[0] AS BIGINT)")
    double = f"CAST({text} AS DOUBLE)"
    is_whole = f"{matches(text, WHOLE_WITH_EXPONENT)} AND {double} = floor({double}) AND abs({double}) < {EXACT_BELOW}"
    return f"coalesce({exact}, {when(is_whole, f'CAST({double} AS BIGINT)')})"


def number(text: str) -> str:
    """Finite: what is too large for a double is no number that a model could learn from."""
    value = f"CAST({text} AS DOUBLE)"
    return when(f"{matches(text, NUMBER)} AND abs({value}) != {sql_number(float('inf'))}", value)


def boolean(text: str) -> str:
    is_true, is_false = (f"lower({text}) IN ({sql_texts(words)})" for words in (TRUE_WORDS, FALSE_WORDS))
    return f"CASE WHEN {is_true} THEN true WHEN {is_false} THEN false END"


def timestamp(text: str, written: str | None) -> str:
    if written is None:
        return when(matches(text, ISO_MOMENT), f"to_timestamp({text})")
    if written in EPOCHS:
        seconds = when(matches(text, NUMBER), f"CAST({text} AS DOUBLE) / {EPOCHS[written]}")
        value = when(f"abs({seconds}) < {sql_number(2.0**37)}", f"CAST({seconds} AS TIMESTAMP)")
    else:
        value = f"to_timestamp({text}, {sql_text(written)})"
    return f"CASE WHEN {matches(text, TYPED_MOMENT)} THEN to_timestamp({text}) ELSE {value} END"


def reject_reasons(column: ColumnSpec, schema: Schema) -> list[str]:
    """Each is null where it does not apply. The test of the typed value is first: it is quick, and seldom true."""
    absent, value = is_null(column, schema), value_of(column)
    undecodable = f"contains({raw(column)}, {sql_text(UNDECODABLE)})"
    found = [
        (f"{undecodable} AND NOT {absent}", f"not in the encoding {schema.csv.encoding}"),
        (f"{value} IS NULL AND NOT {absent} AND NOT {undecodable}", f"not a valid {column.type}"),
    ]
    if schema.must_be_present(column):
        found.append((f"{value} IS NULL AND {absent}", "missing"))
    if column.minimum is not None:
        found.append((f"{value} < {sql_number(column.minimum)}", f"below {column.minimum}"))
    if column.maximum is not None:
        found.append((f"{value} > {sql_number(column.maximum)}", f"above {column.maximum}"))
    if column.values:
        found.append((f"{value} IS NOT NULL AND NOT {is_allowed(column)}", "value not allowed"))
    if column.name == schema.label and schema.task == "binary" and not column.values and column.type != "boolean":
        found.append((f"{value} NOT IN (0, 1)", "neither 0 nor 1"))
    return [when(condition, sql_text(f"{column.name}: {reason}")) for condition, reason in found]


def is_allowed(column: ColumnSpec) -> str:
    value = value_of(column)
    if column.type == "number":
        return f"({value} IN ({', '.join(sql_number(float(allowed)) for allowed in column.values)}))"
    return f"(CAST({value} AS STRING) IN ({sql_texts(column.values)}))"


def equals(column: ColumnSpec, allowed: str) -> str:
    """True if a value is one of the column's `values`; false where it is missing."""
    value = value_of(column)
    if column.type == "number":
        return f"({value} <=> {sql_number(float(allowed))})"
    return f"(CAST({value} AS STRING) <=> {sql_text(allowed)})"


def numeric(column: ColumnSpec) -> str:
    value = value_of(column)
    return value if column.type in ("integer", "number") else f"CAST({value} AS DOUBLE)"


def label_number(schema: Schema) -> str:
    """The label as training reads it: the class's position in `values`, or the number itself."""
    label, classes = schema.column(schema.label), schema.classes()
    if not classes:
        return numeric(label)
    cases = [f"WHEN {equals(label, name)} THEN {sql_number(float(place))}" for place, name in enumerate(classes)]
    return f"CASE {' '.join(cases)} END"
