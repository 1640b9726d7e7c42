"""The walkthroughs of the documentation do what they say.

Blocks that begin with ```` ```console run ```` or ```` ```toml run ```` are carried out, in their order on the page, in
a new project. A line that begins with `$ ` is a command, which must succeed. The lines below it must be in its output;
`…` stands for anything. A TOML block names a file in its first line, and its settings are put into that file.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import shell

INIT = "$ mlopsctl init\n"


def put(file: str, settings: str) -> str:
    """The text of a TOML file with these settings: each key is one line, and lists of tables get one more table."""
    lines, section = file.splitlines(), ""
    for line in settings.splitlines():
        if line.startswith("[["):
            section = None
            lines += ["", line]
        elif line.startswith("["):
            section = line
            if section not in lines:
                lines += ["", section]
        elif section is None:
            lines.append(line)
        elif line.strip():
            key = line.split("=")[0].strip()
            start = lines.index(section) + 1 if section else 0
            ends = (at for at in range(start, len(lines)) if lines[at].startswith("["))
            end = next(ends, len(lines))
            same = [at for at in range(start, end) if re.match(rf"{re.escape(key)}\s*=", lines[at])]
            if same:
                lines[same[0]] = line
            else:
                lines.insert(start, line)
    return "\n".join(lines) + "\n"


def shows(output: str, expected: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return any(re.search(pattern, line) for line in output.splitlines())


def carry_out(command: str, folder: Path, binary: Path) -> str:
    """Runs a command of a page. Returns what it printed.

    Raises AssertionError if it fails.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLOPSCTL_"))}
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, env=kept | {"PATH": f"{binary.parent}:{os.environ['PATH']}"}, check=False,
    )  # fmt: skip
    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, f"{command}: exit code {ended.returncode}\n{output}"
    return output


def follow(page: str, binary: Path) -> None:
    """Carries a page out, in an empty folder if it begins a project itself, else in a new project.

    Raises AssertionError for the first command that fails or prints something else.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if INIT not in page:
            carry_out("mlopsctl init", folder, binary)
        for kind, block in shell.blocks(page):
            lines = [line.text for line in block]
            if kind == "toml run":
                file = folder / lines[0].removeprefix("# ")
                file.write_text(put(file.read_text("utf-8"), "\n".join(lines[1:])), encoding="utf-8")
            elif kind == "console run":
                output = ""
                for line in lines:
                    if line.startswith("$ "):
                        output = carry_out(line.removeprefix("$ "), folder, binary)
                    else:
                        assert shows(output, line), f"no line {line!r} in\n{output}"


def walkthroughs(root: Path) -> dict[str, str]:
    """The pages with blocks to run."""
    runs = {"console run", "toml run"}
    return {name: text for name, text in shell.pages(root) if any(kind in runs for kind, _ in shell.blocks(text))}
