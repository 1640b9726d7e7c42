"""Lambda's invocations: the function's own code, in a process of its own with the function's environment."""

from __future__ import annotations

import io
import json
import subprocess
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .clients import Clients
from .logs import Logs
from .programs import Programs

PROCESS = Path(__file__).with_name("function_process.py")


class Functions:
    def __init__(self, clients: Clients, programs: Programs) -> None:
        self.clients, self.programs = clients, programs
        clients.played["lambda", "Invoke"] = self.invoke

    def invoke(self, request: dict[str, Any]) -> dict[str, Any]:
        function = self.clients.client("lambda").get_function(FunctionName=request["FunctionName"])
        settings = function["Configuration"]
        with TemporaryDirectory(prefix="lambda-") as name:
            archive, answer = Path(name) / "function.zip", Path(name) / "answer.json"
            with urllib.request.urlopen(function["Code"]["Location"]) as code:
                archive.write_bytes(code.read())
            program = self.programs.start(
                [PROCESS, archive, settings["Handler"], answer],
                settings.get("Environment", {}).get("Variables", {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            payload = request.get("Payload", b"null")
            payload = payload.encode() if isinstance(payload, str) else payload
            error = None
            try:
                said, _ = program.communicate(payload, timeout=settings["Timeout"])
                if not answer.exists():
                    error = {"errorType": "Runtime.ExitError", "errorMessage": f"exit status {program.returncode}"}
            except subprocess.TimeoutExpired:
                self.programs.end(program)
                said, _ = program.communicate()
                timeout = f"Task timed out after {settings['Timeout']}.00 seconds"
                error = {"errorType": "Sandbox.Timedout", "errorMessage": timeout}
            body, failed = json.loads(answer.read_text()) if error is None else (json.dumps(error), True)
        self.log(settings, said.decode(errors="replace") + (f"\n{body}" if failed else ""))
        answered = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": io.BytesIO(body.encode())}
        return answered | ({"FunctionError": "Unhandled"} if failed else {})

    def log(self, settings: dict[str, Any], text: str) -> None:
        name = settings["FunctionName"]
        group = settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        Logs(self.clients.client("logs")).write(group, stream, text)
