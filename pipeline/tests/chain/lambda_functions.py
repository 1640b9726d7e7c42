"""Lambda's invocations: the function's own code, in a process of its own with the function's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from moto.awslambda.models import LambdaFunction

# What Lambda's runtime does: calls the handler and answers with its result or its error.
RUNTIME = """
import importlib, json, sys, traceback
archive, (module, _, function), answer = sys.argv[1], sys.argv[2].rpartition("."), sys.argv[3]
sys.path.insert(0, archive)
try:
    result = getattr(importlib.import_module(module), function)(json.load(sys.stdin), None)
    body, failed = json.dumps(result), False
except Exception as error:
    trace = traceback.format_exc().splitlines()
    shown = {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": "", "stackTrace": trace}
    body, failed = json.dumps(shown), True
with open(answer, "w") as file:
    json.dump([body, failed], file)
"""


def invoke(function: LambdaFunction, event: Any = None) -> tuple[str, bool, str]:
    with TemporaryDirectory(prefix="lambda-") as name:
        archive, answer = Path(name) / "function.zip", Path(name) / "answer.json"
        archive.write_bytes(function.code_bytes)
        process = subprocess.run(
            [sys.executable, "-c", RUNTIME, archive, function.handler, answer],
            input=json.dumps(event),
            env={**os.environ, **function.environment_vars},
            capture_output=True,
            text=True,
            timeout=function.timeout,
            check=True,
        )
        body, failed = json.loads(answer.read_text())
        return body, failed, process.stdout + process.stderr


def attach() -> None:
    LambdaFunction._invoke_lambda = invoke
