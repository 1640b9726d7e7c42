"""Every command line in the documentation is one that mlopsctl accepts.

Each is run in an empty folder, without credentials and network. There it ends at once, for lack of an environment, a
file or credentials. Only an error about its arguments counts.
"""

import functools
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import shell

# The end of each error of clap.
REFUSED = "For more information, try '--help'"
# This one goes on until a user stops it.
SERVE = ["local", "serve"]


def documented(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Each call of mlopsctl in the documentation, with its place."""
    for page, text in shell.pages(root):
        variables: dict[str, str] = {}
        for kind, block in shell.blocks(text):
            # A block of text is what a program printed.
            for line in block if kind != "text" else []:
                variables |= shell.assigned(line.text)
                for arguments in shell.calls(line.text, variables):
                    yield f"{page}:{line.number}", arguments


def refusal(binary: Path, arguments: list[str]) -> str | None:
    """The error of mlopsctl for the arguments, None if it accepts them."""
    if arguments[:2] == SERVE:
        arguments = [*arguments, "--help"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        }
        ended = subprocess.run(
            [binary, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    return ended.stderr if REFUSED in ended.stderr else None


@functools.cache
def told(binary: Path, command: tuple[str, ...]) -> str:
    """The help of a command."""
    return subprocess.check_output([binary, *command, "--help"], stdin=subprocess.DEVNULL, text=True)


def unknown(binary: Path, mention: str) -> str | None:
    """The command or option of a mention within a sentence that does not exist. A mention may leave out arguments."""
    command: tuple[str, ...] = ()
    for word in mention.split()[1:]:
        if word.startswith("--"):
            option = re.split(r"[=\[\]|,]", word)[0]
            if not re.search(rf"{option}(?![a-z-])", told(binary, command)):
                return option
        elif re.search(rf"^  {re.escape(word)}( |$)", told(binary, command).partition("Commands:\n")[2], re.MULTILINE):
            command += (word,)
        elif not command and re.fullmatch(r"[a-z][a-z-]*", word):
            return word
    return None


def without_blocks(text: str) -> str:
    """A page without its fenced blocks, with the same lines."""
    fenced = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
    return fenced.sub(lambda block: "\n" * block[0].count("\n"), text)


def unknown_mentions(binary: Path, root: Path) -> Iterator[str]:
    for page, text in shell.pages(root):
        prose = without_blocks(text)
        for found in re.finditer(r"`(mlopsctl [^`\n]+)`", prose):
            if word := unknown(binary, found[1]):
                yield f"{page}:{prose.count(chr(10), 0, found.start()) + 1}: `{found[1]}`: there is no `{word}`"


def refusals(binary: Path, root: Path) -> Iterator[str]:
    answers: dict[tuple[str, ...], str | None] = {}
    for place, arguments in documented(root):
        key = tuple(arguments)
        if key not in answers:
            answers[key] = refusal(binary, arguments)
        if answers[key]:
            yield f"{place}: mlopsctl {' '.join(arguments)}\n{answers[key]}"
