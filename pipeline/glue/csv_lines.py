"""CSV files without a record that spans lines, which several tasks may read at the same time.

A record may have line ends within quotes. One task has to read the whole of such a file, which takes about a minute for
each 100 MB. Searching a file for such records reads it once more, but in several tasks.
"""

from __future__ import annotations

import re

from data_schema import CsvFormat
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from raw_files import RawFile, literal
from typed_values import sql_text

# Bytes. For smaller files, several tasks save less than the search costs.
SEARCHED_FROM = 8 << 20


def has_one_record_per_line(spark: SparkSession, files: list[RawFile], separator: str, written: CsvFormat) -> bool:
    """True if a file is large, and reading the files in parts gives the same rows as reading them whole."""
    is_large = any(file.size >= SEARCHED_FROM and not file.is_compressed for file in files)
    if not is_large or not is_searchable(written.encoding, separator + written.quote):
        return False
    lines = spark.read.option("lineSep", "\n").text([literal(file.path) for file in files])
    may_span = F.max(F.expr(may_span_lines(separator, written.quote)))
    end_with_cr = F.expr(r"endswith(value, '\r')")
    found = lines.agg(may_span, F.min(end_with_cr), F.max(end_with_cr)).first()
    some_may_span, all_end_with_cr, some_end_with_cr = found
    # Where line ends are mixed, reading a file whole leaves carriage returns in last values.
    return not some_may_span and all_end_with_cr == some_end_with_cr


def is_searchable(encoding: str, characters: str) -> bool:
    """True if the bytes of an encoding show lines and these characters without being decoded.

    It is UTF-8, or it has one byte for each character, and the bytes of ASCII for these.
    """
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return True
    ascii_bytes = bytes(range(128))
    try:
        is_of_single_bytes = len(bytes(range(256)).decode(encoding, "replace")) == 256
        return is_of_single_bytes and ascii_bytes.decode(encoding) == ascii_bytes.decode() and characters.isascii()
    except (LookupError, UnicodeError):
        return False


def may_span_lines(separator: str, quote: str) -> str:
    """SQL: true if `value`, a line, may be something else than one record.

    It has a quote outside of complete quoted fields, a carriage return before its end, or nothing but blanks: some of
    Spark's readers pass over such a line.
    """
    line = r"regexp_replace(value, '\\r\\z', '')"
    q, s = re.escape(quote), re.escape(separator)
    # Possessive quantifiers: a field can be read in one way only, and Java needs no recursion for its quotes.
    complete_field = rf"(^|{s}){q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}(?={s}|\z)"
    rest = f"regexp_replace({line}, {sql_text(complete_field)}, '')"
    return (
        f"(instr(value, {sql_text(quote)}) > 0 AND instr({rest}, {sql_text(quote)}) > 0)"
        rf" OR instr({line}, '\r') > 0 OR ({line} != '' AND {line} RLIKE '^[\\x00-\\x20]*\\z')"
    )
