"""tests/book/run: what the code relies on of AWS, and where that is written.

A source is a line of a comment that ends with `<https://…>`, or holds nothing else, right below the
sentence that it is the source of. All of them are collected into docs/aws-behaviour.md. Found
without one are:

- laws of the hostile AWS: items of crates/testkit/src/laws that refuse something or take time;
- error patterns: pairs of a code and words in the crates of services. A code without words that
  AWS's model of the API has among the service's errors needs no other source;
- waits: constants of the same crates that say how long something may take;
- defaults: the values that the same crates take for what AWS leaves out of an answer.
"""

import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botocore.loaders import Loader

REPOSITORY = Path(__file__).resolve().parents[2]
BOOK = Path("docs/aws-behaviour.md")
LAWS = Path("crates/testkit/src/laws")
# The files that carry the laws out, and say nothing of AWS.
MACHINERY = {"law.rs", "lifecycle.rs", "lifecycles.rs", "world.rs"}
# The first line of the template for tables of lives, which is no law itself.
TEMPLATE = "const LIFECYCLE: Lifecycle = Lifecycle {"
MODELS = {
    "aws-budgets": ["budgets"],
    "aws-client": [],
    "aws-cloudtrail": ["cloudtrail"],
    "aws-cloudwatch": ["cloudwatch"],
    "aws-ec2": ["ec2"],
    "aws-ecr": ["ecr"],
    "aws-eventbridge": ["events", "scheduler"],
    "aws-glue": ["glue"],
    "aws-iam": ["iam", "sts"],
    "aws-kms": ["kms"],
    "aws-lambda": ["lambda"],
    "aws-logs": ["logs"],
    "aws-s3": ["s3"],
    "aws-sagemaker": ["sagemaker", "efs", "ec2"],
    "aws-sfn": ["stepfunctions"],
    "aws-sns": ["sns"],
    "aws-tagging": ["resourcegroupstaggingapi"],
    "resource": [],
    "vocabulary": [],
}

HEAD = """\
# What mlopsctl knows of AWS

Each line is a sentence that the code relies on, the error codes that it is about, where AWS or
a person who met it says so, and where the code has it. `tests/book/run --write` collects it from
the comments; `tests/book/run` fails for a law of the hostile AWS, an error pattern, a wait or a
default without a source. A code that AWS's model of the service's API has needs no line here,
unless words decide."""
SOURCE = re.compile(r"\s*//[/!]?\s*(.*?):?\s*((?:<https://[^\s>]+>\s*)+)\.?")
COMMENT = re.compile(r"\s*//[/!]?\s?(.*)")
PATTERN = re.compile(r'\(\s*"([A-Z][A-Za-z]+(?:\.[A-Za-z]+)*)",\s*"([^"]*)",?\s*\)')
# `Failure::incomplete` and the like take an operation and a word, which is no error pattern.
OTHER_PAIRS = re.compile(r"(incomplete|is|note)\($")
CONSTANT = re.compile(r"(?:pub(?:\([a-z]+\))? )?const (\w+):.*? = (.*)")
WAIT = re.compile(r"(pub(\([a-z]+\))? )?const \w+: Duration\b")
# A word for people, such as "unknown" or one with spaces, is no value.
DEFAULT = re.compile(
    r'\.unwrap_or\((true|false|-?\d[\d_]*|Self::\w+|"(?!unknown")[^" ]+")\)'
    r"|const DEFAULT_\w+:"
)
REFUSES = re.compile(
    r"Refusal::new\(|\b(making|changing|ending|busy): (Some|\(\")|Duration::from_|\.after\("
)
ITEM = re.compile(r"(pub(\([a-z]+\))? )?(const|static|fn|async fn|struct|enum|impl)\b")


@dataclass(frozen=True)
class Source:
    """A sentence about AWS, the pages that say so, and where the code has it."""

    sentence: str
    pages: tuple[str, ...]
    file: Path
    line: int


def code_of(file: Path) -> list[str]:
    """The lines of a file, without its tests."""
    return file.read_text().split("#[cfg(test)]")[0].splitlines()


def sources(file: Path, lines: list[str]) -> Iterator[Source]:
    """The sources in a file's comments, each with the sentence above it."""
    sentence: list[str] = []
    pages: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        comment, source = COMMENT.fullmatch(line), SOURCE.fullmatch(line)
        if source:
            sentence += [source[1]] if source[1] else []
            pages += re.findall(r"<(.*?)>", source[2])
            continue
        if pages:
            said = _text(sentence) or _declaration(lines, number - 1)
            yield Source(said, tuple(pages), file, number - 1)
            sentence, pages = [], []
        sentence = [*sentence, comment[1]] if comment else []


def _text(lines: list[str]) -> str:
    """The last paragraph of a comment."""
    return " ".join(lines).strip() if "" not in lines else _text(lines[lines.index("") + 1 :])


def _declaration(lines: list[str], at: int) -> str:
    """The constant below a comment that says nothing itself: its name and value."""
    statement = " ".join(line.strip() for line in lines[at : at + 12]).partition(";")[0]
    constant = CONSTANT.fullmatch(statement)
    return f"`{constant[1]}`: `{constant[2]}`" if constant else ""


def source_of(lines: list[str], at: int) -> int | None:
    """The number of the source line that is in the statement of a line, or right above it."""
    while at > 0:
        at -= 1
        line = lines[at].strip()
        if SOURCE.fullmatch(line):
            return at + 1
        is_comment = line.startswith("//")
        if not is_comment and (not line or line.endswith((";", "{", "}", "},"))):
            return None
    return None


@dataclass(frozen=True)
class Pattern:
    """An error pattern, and the line of the source that belongs to it where it stands."""

    file: Path
    line: int
    code: str
    words: str
    source: int | None
    is_told: bool

    @property
    def crate(self) -> str:
        return self.file.parts[1]

    def __str__(self) -> str:
        return f"`{self.code}`" + (f" “{self.words}”" if self.words else "")


def patterns(file: Path, lines: list[str]) -> Iterator[Pattern]:
    """The error patterns of a file. Those without words may have a source at the file's head."""
    text, crate = "\n".join(lines), file.parts[1]
    at_head = any(SOURCE.fullmatch(line) for line in lines if line.startswith("//!"))
    for match in PATTERN.finditer(text):
        code, words = match.groups()
        if OTHER_PAIRS.search(text[: match.start() + 1]):
            continue
        at = text.count("\n", 0, match.start())
        if COMMENT.fullmatch(lines[at]):
            continue  # an example in a doc comment
        source = source_of(lines, at)
        is_told = source is not None or (not words and (at_head or code in modelled(crate)))
        yield Pattern(file, at + 1, code, words, source, is_told)


def unsourced(found: list[Pattern]) -> list[str]:
    """The patterns without a source. A crate needs only one for the same pattern."""
    told = {(one.crate, one.code, one.words) for one in found if one.is_told}
    left = [one for one in found if (one.crate, one.code, one.words) not in told]
    return [f"{one.file}:{one.line}: {one}" for one in left]


@functools.cache
def modelled(crate: str) -> frozenset[str]:
    """The error codes in AWS's models of a crate's services."""
    codes = set()
    for service in MODELS[crate]:
        shapes = Loader().load_service_model(service, "service-2")["shapes"]
        errors = {name: shape for name, shape in shapes.items() if shape.get("exception")}
        codes |= {
            shape.get("error", {}).get("code", name) for name, shape in errors.items()
        } | errors.keys()
    return frozenset(codes)


def unsourced_laws(file: Path, lines: list[str]) -> Iterator[str]:
    """The items of a file of laws that have no source, neither of their own nor the file's."""
    if any(SOURCE.fullmatch(line) for line in lines if line.startswith("//!")):
        return
    starts = [at for at, line in enumerate(lines) if ITEM.match(line) and line != TEMPLATE]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        body = lines[start:end]
        if not any(REFUSES.search(line) for line in body):
            continue
        if source_of(lines, start) is None and not any(SOURCE.fullmatch(line) for line in body):
            yield f"{file}:{start + 1}: {lines[start].strip()}"


def unsourced_waits(file: Path, lines: list[str]) -> Iterator[str]:
    """The waits of a service's crate that have no source."""
    for at, line in enumerate(lines):
        if WAIT.match(line) and _is_of_a_service(file) and source_of(lines, at) is None:
            yield f"{file}:{at + 1}: {line}"


def unsourced_defaults(file: Path, lines: list[str]) -> Iterator[str]:
    """The values for what AWS leaves out, in a service's crate, that have no source."""
    for at, line in enumerate(lines):
        if not DEFAULT.search(line) or not _is_of_a_service(file):
            continue
        # The field's own comment, or one of the whole literal or function.
        if source_of(lines, at) is None and source_of(lines, _opening(lines, at)) is None:
            yield f"{file}:{at + 1}: {line.strip()}"


def _opening(lines: list[str], at: int) -> int:
    """The line of the function that a line is in."""
    while at > 0 and not re.match(r"\s*(pub(\([a-z]+\))? )?(const |async )*fn ", lines[at]):
        at -= 1
    return at


def files() -> list[Path]:
    """The files that the book is collected from, below the repository."""
    found = [REPOSITORY / LAWS, *(REPOSITORY / "crates" / crate / "src" for crate in MODELS)]
    return sorted(file.relative_to(REPOSITORY) for folder in found for file in folder.rglob("*.rs"))


def book(collected: list[Source], found: list[Pattern]) -> str:
    """The whole page."""
    lines = [HEAD]
    for folder in dict.fromkeys(_folder(one.file) for one in collected):
        lines += [
            f"\n## {folder}\n",
            "| What is so | AWS says | Where it is written | In the code |",
        ]
        lines += ["|---|---|---|---|"]
        for one in (one for one in collected if _folder(one.file) == folder):
            codes = dict.fromkeys(
                str(each) for each in found if (each.file, each.source) == (one.file, one.line)
            )
            pages = "; ".join(f"[{_name(page)}]({page})" for page in one.pages)
            code = f"[{one.file.name}](../{one.file})"
            cells = [one.sentence, ", ".join(codes), pages, code]
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _is_of_a_service(file: Path) -> bool:
    return bool(MODELS.get(file.parts[1]))


def _folder(file: Path) -> str:
    return "The hostile AWS's laws" if file.is_relative_to(LAWS) else file.parts[1]


def _name(page: str) -> str:
    host, _, path = page.removeprefix("https://").partition("/")
    if host == "github.com":
        owner, name, kind, number = (*path.split("#")[0].split("/"), "", "")[:4]
        return (
            f"{owner}/{name}#{number}"
            if kind in ("issues", "pull", "discussions")
            else f"{owner}/{name}"
        )
    if host == "docs.aws.amazon.com":
        return (
            f"AWS: {path.split('#')[0].removesuffix('/').rpartition('/')[2].removesuffix('.html')}"
        )
    return host


def main(arguments: list[str]) -> int:
    collected, found, missing = [], [], []
    for file in files():
        lines = code_of(REPOSITORY / file)
        collected += sources(file, lines)
        if not file.is_relative_to(LAWS):
            found += patterns(file, lines)
            missing += unsourced_waits(file, lines)
            missing += unsourced_defaults(file, lines)
        elif file.name not in MACHINERY:
            missing += unsourced_laws(file, lines)
    missing += unsourced(found)
    missing += [
        f"{one.file}:{one.line}: a source without a sentence"
        for one in collected
        if not one.sentence
    ]
    page, there = book(collected, found), REPOSITORY / BOOK
    if arguments == ["--write"]:
        there.write_text(page)
    elif not there.exists() or there.read_text() != page:
        missing.append(f"{BOOK} is not what the comments say: tests/book/run --write")
    for one in missing:
        print(f"no source: {one}" if one.startswith("crates") else one, file=sys.stderr)
    print(f"{len(collected)} sources, {len(missing) or 'nothing'} missing", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
