"""The command lines of the documentation, as a shell would split them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The words that may stand before the name of a program.
BEFORE = {"do", "then", "if", "!", "time", "(", "{", "else"}
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
OPERATORS = set("|&;()")


@dataclass(frozen=True)
class Line:
    """A line of a fenced block, with the number of its first line. Lines that end in a backslash are joined."""

    number: int
    text: str


def blocks(page: str) -> Iterator[tuple[str, list[Line]]]:
    """The fenced blocks of a page, each with what follows the fence."""
    kind, block, goes_on = None, [], False
    for number, text in enumerate(page.splitlines(), 1):
        line = text.strip()
        if line.startswith("```"):
            if kind is None:
                kind, block, goes_on = line.strip("`"), [], False
            else:
                yield kind, block
                kind = None
        elif kind is not None:
            part = line.removesuffix("\\")
            if goes_on:
                block[-1] = Line(block[-1].number, block[-1].text + part)
            else:
                block.append(Line(number, part))
            goes_on = part != line


def words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # a quote that the next line closes
        return []


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, without redirections."""
    command, redirected = [], False
    for word in [*words(line), ";"]:
        if redirected:
            redirected = False
        elif word in {">", ">>", "<", ">&", "<<<"}:
            if command and command[-1] == "2":
                command.pop()
            redirected = True
        elif word and set(word) <= OPERATORS:
            if command:
                yield command
            command = []
        else:
            command.append(word)


def calls(line: str, variables: dict[str, str]) -> Iterator[list[str]]:
    """The arguments of each call of mlopsctl in a line of a shell, a workflow or a crontab."""
    text = line.removeprefix("- run: ").removeprefix("run: ").removeprefix("$ ")
    for name, value in variables.items():
        text = text.replace(f"${name}", value)
    for command in commands(text):
        while command and (command[0] in BEFORE or ASSIGNMENT.match(command[0])):
            command = command[1:]
        match command:
            case ["mlopsctl", *arguments] | ["uvx", "mlopsctl", *arguments] | ["cargo", "run", "--", *arguments]:
                yield arguments
            case ["uvx", "--from", _, "mlopsctl", *arguments]:
                yield arguments
            case ["xargs", "-n", "1", "mlopsctl", *arguments]:
                yield [*arguments, "network.vpc"]


def assigned(line: str) -> dict[str, str]:
    """The variables that a line sets."""
    text = line.removeprefix("$ ")
    if found := re.fullmatch(r"([a-z]+)=([^ $]+)", text):
        return {found[1]: found[2]}
    if found := re.match(r"for ([a-z]+) in ([^ ;]+)", text):
        return {found[1]: found[2]}
    return {}


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """The pages that people read, by their paths below the root."""
    folders = ["pipeline/*.md", "pipeline/*/README.md", "state/*.md", "localstack/*.md"]
    patterns = ["*.md", "docs/**/*.md", "docs/*.txt", *folders]
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        yield str(path.relative_to(root)), path.read_text("utf-8")
