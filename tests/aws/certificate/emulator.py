"""An AWS without an account: the embedded one of `mlopsctl local serve`, or LocalStack and moto."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certificate.project import REPOSITORY


@contextmanager
def serving(kind: str, binary: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Serves it until the end, and yields the settings that lead there."""
    command = [REPOSITORY / "localstack/start"] if kind == "localstack" else [binary, "local", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            settings = {}
            for line in process.stdout:
                words = shlex.split(line.removeprefix("export "))
                settings |= {name: value for name, equals, value in (word.partition("=") for word in words) if equals}
                if {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= settings.keys():
                    break
            yield {name: value for name, value in settings.items() if name.startswith("AWS_")}
        finally:
            process.terminate()
