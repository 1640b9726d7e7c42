"""CSV files whose every line is one record, which several tasks may read at the same time.

A record may have line ends within quotes. One task has to read the whole of a file then, which takes about a minute for
each 100 MB. Searching the files for such a record takes a second or two, because several tasks do it.
"""

from __future__ import annotations

import re

from data_schema import CsvFormat
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from raw_files import RawFile, literal
from typed_values import sql_text

# Bytes. A smaller file is read sooner than it is searched.
SEARCHED_FROM = 16 << 20
COMPRESSED = (".gz", ".bz2")


def one_record_a_line(spark: SparkSession, files: list[RawFile], separator: str, written: CsvFormat) -> bool:
    """True if the files are worth reading in parts, and each of their lines is one record."""
    is_worth_it = any(file.size >= SEARCHED_FROM and not file.path.lower().endswith(COMPRESSED) for file in files)
    if not is_worth_it or not keeps_ascii(written.encoding):
        return False
    lines = spark.read.option("lineSep", "\n").text([literal(file.path) for file in files])
    ends = F.expr(r"endswith(value, '\r')")
    found = lines.agg(F.max(F.expr(is_no_record(separator, written.quote))), F.min(ends), F.max(ends)).first()
    has_others, all_end_so, some_end_so = found
    # Where line ends are mixed, one task takes a carriage return for a part of the last value.
    return not has_others and all_end_so == some_end_so


def keeps_ascii(encoding: str) -> bool:
    """True if ASCII has its own bytes in an encoding, so that lines and quotes are found without decoding it."""
    characters = bytes(range(128))
    try:
        return characters.decode(encoding).encode(encoding) == characters
    except (LookupError, UnicodeError):
        return False


def is_no_record(separator: str, quote: str) -> str:
    """SQL: true if `value`, a line, is less or more than one record.

    A quote that is left without the whole quoted fields opens a field that goes on, ends one that began before, or
    stands where readers do not agree. A carriage return within the line ends a record, and a line of blanks counts as
    one, for some of Spark's readers.
    """
    line = r"regexp_replace(value, '\\r$', '')"
    q, s = re.escape(quote), re.escape(separator)
    # Possessive, as a field has one reading only, and without recursion for each of its quotes.
    whole_field = rf"(^|{s}){q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}(?={s}|$)"
    rest = f"regexp_replace({line}, {sql_text(whole_field)}, '')"
    return (
        f"(instr(value, {sql_text(quote)}) > 0 AND instr({rest}, {sql_text(quote)}) > 0)"
        rf" OR instr({line}, '\r') > 0 OR ({line} != '' AND trim({line}) = '')"
    )
