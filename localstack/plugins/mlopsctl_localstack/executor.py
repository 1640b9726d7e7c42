"""Lambda functions without Docker: each invocation of a Python handler is one process."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

RUN_HANDLER = Path(__file__).with_name("run_handler.py")
HOST = "127.0.0.1"


class SubprocessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen with LAMBDA_RUNTIME_EXECUTOR=subprocess."""

    name = "subprocess"

    def load(self) -> type["SubprocessExecutor"]:
        return SubprocessExecutor


class SubprocessExecutor(RuntimeExecutor):
    """Runs handlers with LocalStack's own interpreter, whatever python3.x the function names."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code. An error here makes the function's state Failed, with this reason."""
        runtime = function_version.config.runtime or "a container image"
        if not runtime.startswith(("python", "provided")):
            raise LambdaRuntimeException(f"only Python runtimes can run here, not {runtime}")
        if function_version.config.layers:
            raise LambdaRuntimeException("layers are not supported here")
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack removes the unpacked code itself."""

    @property
    def task_root(self) -> Path:
        return self.function_version.config.code.get_unzipped_code_location()

    def start(self, env_vars: dict[str, str]) -> None:
        self.environment = {name: str(value) for name, value in env_vars.items()}
        self.environment |= {
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def stop(self) -> None:
        if self.process:
            self.process.kill()

    def get_address(self) -> str:
        return HOST

    def get_endpoint_from_executor(self) -> str:
        return HOST

    def get_runtime_endpoint(self) -> str:
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self) -> str:
        return ""

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        timeout = self.function_version.config.timeout
        if self.function_version.config.runtime.startswith("provided"):
            reason = "a program of one's own can be had here, and not be run"
            return InvocationResult(
                request_id=request_id,
                payload=failure("Runtime.NotSupported", request_id, reason),
                is_error=True,
                logs="",
            )
        with tempfile.TemporaryDirectory(prefix="lambda-") as folder:
            request, answer, log = (Path(folder, name) for name in ("request", "answer", "log"))
            request.write_text(json.dumps(payload), encoding="utf-8")
            started = time.monotonic()
            # Files, not pipes: a handler's own children may outlive it and hold a pipe open.
            with log.open("wb") as output:
                self.process = subprocess.Popen(
                    [sys.executable, RUN_HANDLER, request, answer],
                    cwd=self.task_root,
                    env=self.environment | {"_X_AMZN_TRACE_ID": payload["trace-id"]},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            try:
                self.process.wait(timeout)
                error, result = read_answer(answer, request_id)
            except subprocess.TimeoutExpired:
                reason = f"Task timed out after {timeout}.00 seconds"
                error, result = True, failure("Sandbox.Timedout", request_id, reason)
            finally:
                self.process.kill()
                self.process.wait()
            milliseconds = (time.monotonic() - started) * 1000
            return InvocationResult(
                request_id=request_id,
                payload=result,
                is_error=error,
                logs=(
                    f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
                    f"{log.read_text(encoding='utf-8', errors='replace')}"
                    f"END RequestId: {request_id}\n"
                    f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\n"
                ),
            )


def read_answer(answer: Path, request_id: str) -> tuple[bool, bytes]:
    """True if the handler failed, and the JSON it answered with."""
    if not answer.exists():
        reason = "Runtime exited without providing a reason"
        return True, failure("Runtime.ExitError", request_id, reason)
    verdict, _, body = answer.read_bytes().partition(b"\n")
    return verdict == b"error", body


def failure(error_type: str, request_id: str, reason: str) -> bytes:
    message = f"RequestId: {request_id} Error: {reason}"
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
