"""Cleans up as soon as the process that started this one has ended, however it ended: ends the programs that are left,
and removes its folder for temporary files.

cleaner.py FOLDER: stdin is a pipe from that process.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import sleep

ATTEMPTS = 50


def end_programs(folder: Path) -> None:
    """Ends the programs with this folder for temporary files, which no other process has.

    Only Linux shows the environment of a process. Elsewhere a process that is killed leaves its programs.
    """
    setting = b"TMPDIR=" + os.fsencode(folder)
    for environment in Path("/proc").glob("[0-9]*/environ"):
        # Other users' processes cannot be read, and any process may end meanwhile.
        with suppress(OSError):
            if setting in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)


def main() -> None:
    folder = Path(sys.argv[1])
    sys.stdin.buffer.read()
    for _ in range(ATTEMPTS):
        end_programs(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        # A program that was killed may write for a moment.
        sleep(0.1)


if __name__ == "__main__":
    main()
