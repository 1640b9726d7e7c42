"""Removes a folder as soon as the process that started this one has ended, however it ended.

cleaner.py FOLDER: stdin is a pipe from that process.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from time import sleep

ATTEMPTS = 50


def main() -> None:
    folder = Path(sys.argv[1])
    sys.stdin.buffer.read()
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        # A program that was killed may write for a moment.
        sleep(0.1)


if __name__ == "__main__":
    main()
