"""The book of laws: what it collects, and that it finds what has no source."""

import unittest
from pathlib import Path

import book

SERVICE = Path("crates/aws-lambda/src/function.rs")
LAW = Path("crates/testkit/src/laws/buckets.rs")
CODE = """\
/// A role is not known everywhere yet.
///
/// It spreads within a minute.
/// <https://docs.aws.amazon.com/one.html>
/// <https://github.com/owner/name/issues/7>
const NEW: &[ErrorPattern] = &[
    ("InvalidParameterValueException", "cannot be assumed"),
];

const GONE: &[ErrorPattern] = &[("ResourceNotFoundException", "")];

fn delete() {
    call().retry_on(&[("InvalidParameterValueException", "in use")]);
    call().ok_or_else(|| Failure::incomplete("GetFunction", "configuration"))
}
"""


def untold(text: str) -> list[str]:
    return book.unsourced(list(book.patterns(SERVICE, text.splitlines())))


class Sources(unittest.TestCase):
    def test_a_source_belongs_to_the_paragraph_above_it(self):
        [one] = book.sources(SERVICE, CODE.splitlines())
        self.assertEqual(one.sentence, "It spreads within a minute.")
        self.assertEqual(
            one.pages,
            ("https://docs.aws.amazon.com/one.html", "https://github.com/owner/name/issues/7"),
        )

    def test_a_source_may_end_its_sentence(self):
        [one] = book.sources(SERVICE, ["// CreateFunction: <https://example.com/a>"])
        self.assertEqual((one.sentence, one.pages), ("CreateFunction", ("https://example.com/a",)))

    def test_a_constant_without_a_sentence_speaks_for_itself(self):
        lines = [
            "// <https://example.com/a>",
            "const LIMITS: &[Limit] = &[",
            '    of("name", 5),',
            "];",
        ]
        [one] = book.sources(SERVICE, lines)
        self.assertEqual(one.sentence, '`LIMITS`: `&[ of("name", 5), ]`')

    def test_the_page_names_sentence_code_and_pages(self):
        lines = CODE.splitlines()
        found = list(book.patterns(SERVICE, lines))
        page = book.book(list(book.sources(SERVICE, lines)), found)
        self.assertIn("## aws-lambda", page)
        self.assertIn("`InvalidParameterValueException` “cannot be assumed”", page)
        self.assertIn("[AWS: one](https://docs.aws.amazon.com/one.html); [owner/name#7]", page)


class Patterns(unittest.TestCase):
    def test_one_without_a_source_is_found(self):
        place = f"{SERVICE}:13"
        self.assertEqual(untold(CODE), [f"{place}: `InvalidParameterValueException` “in use”"])

    def test_a_source_in_the_same_statement_is_enough(self):
        sourced = CODE.replace(
            "    call().retry_on",
            "    // In use.\n    // <https://example.com/>\n    call().retry_on",
        )
        self.assertEqual(untold(sourced), [])

    def test_code_that_the_model_lacks_needs_a_source(self):
        self.assertEqual(len(untold(CODE.replace("ResourceNotFoundException", "NoSuchCode"))), 2)

    def test_one_source_is_enough_for_a_crate(self):
        self.assertEqual(len(untold(CODE.replace("in use", "cannot be assumed"))), 0)


class Waits(unittest.TestCase):
    def test_one_without_a_source_is_found(self):
        wait = "const GOES_WITHIN: Duration = Duration::from_secs(60);"
        [one] = book.unsourced_waits(SERVICE, ["", wait])
        self.assertEqual(one, f"{SERVICE}:2: {wait}")
        sourced = ["/// A minute.", "/// <https://example.com/>", wait]
        self.assertEqual(list(book.unsourced_waits(SERVICE, sourced)), [])


class Defaults(unittest.TestCase):
    def test_one_without_a_source_is_found(self):
        text = ["fn read() {", "    let size = shown.size().unwrap_or(128);", "}"]
        [one] = book.unsourced_defaults(SERVICE, text)
        self.assertEqual(one, f"{SERVICE}:2: {text[1].strip()}")
        text.insert(1, "    // AWS's default. <https://example.com/>")
        self.assertEqual(list(book.unsourced_defaults(SERVICE, text)), [])

    def test_words_for_people_are_none(self):
        for words in ('"AWS gives no reason"', '"unknown"', '""'):
            lines = ["fn read() {", f"    let why = shown.why().unwrap_or({words});"]
            self.assertEqual(list(book.unsourced_defaults(SERVICE, lines)), [])


class Laws(unittest.TestCase):
    REFUSAL = 'fn conflict() -> Response {\n    Refusal::new("OperationAborted", "busy")\n}\n'

    def test_one_without_a_source_is_found(self):
        self.assertEqual(
            list(book.unsourced_laws(LAW, self.REFUSAL.splitlines())),
            [f"{LAW}:1: fn conflict() -> Response {{"],
        )

    def test_a_source_of_the_item_or_of_the_file_is_enough(self):
        for head in (
            "/// Busy.\n/// <https://example.com/>\n",
            "//! Busy.\n//! <https://example.com/>\n\n",
        ):
            lines = (head + self.REFUSAL).splitlines()
            self.assertEqual(list(book.unsourced_laws(LAW, lines)), [])


if __name__ == "__main__":
    unittest.main()
