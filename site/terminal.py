"""Writes docs/up.svg: what a terminal shows at the end of `mlopsctl up dev --local`.

Run it as `"$(tests/python site/requirements.txt)" site/terminal.py MLOPSCTL` with the binary of a release. It needs
tmux. Nothing in the picture is edited: tmux keeps what the program printed, with its colours.
"""

import io
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs/up.svg"
WIDTH, HEIGHT = 104, 36
PROMPT = "$ "


def lines_of_a_run(binary: Path) -> list[str]:
    """The last screen of a new project's first `up`."""
    with tempfile.TemporaryDirectory() as folder:
        tmux = ["tmux", "-L", Path(folder).name]
        shell = f"cd {folder} && PATH={binary.parent}:$PATH PS1='{PROMPT}' bash --norc --noprofile"
        size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
        subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", *size, shell], check=True)
        try:
            for command in ["mlopsctl init --project demo --region eu-west-1", "mlopsctl up dev --local"]:
                subprocess.run([*tmux, "send-keys", f"clear; {command}", "Enter"], check=True)
                screen = _screen_after(tmux)
        finally:
            subprocess.run([*tmux, "kill-server"], check=True)
    while not _plain(screen[-1]).strip() or _plain(screen[-1]).strip() == PROMPT.strip():
        screen.pop()
    return screen


def _screen_after(tmux: list[str]) -> list[str]:
    """The screen once the shell asks for the next command."""
    for _ in range(600):
        time.sleep(0.1)
        answer = subprocess.run([*tmux, "capture-pane", "-p", "-e"], check=True, capture_output=True, text=True)
        screen = answer.stdout.rstrip().split("\n")
        if _plain(screen[-1]).strip() == PROMPT.strip():
            return screen
    raise SystemExit("the command has not ended within a minute")


def _plain(line: str) -> str:
    return Text.from_ansi(line).plain


def picture(lines: list[str]) -> str:
    """The SVG of a terminal with these lines. It loads no font from elsewhere, and has a size of its own."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    svg = console.export_svg(title="mlopsctl up dev --local", theme=MONOKAI, unique_id="up")
    svg = re.sub(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', r'width="\1" height="\2" \g<0>', svg, count=1)
    return re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(picture(lines_of_a_run(Path(sys.argv[1]).resolve())))
