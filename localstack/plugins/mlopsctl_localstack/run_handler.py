"""One invocation of a Lambda handler: ``python run_handler.py REQUEST ANSWER``.

The answer file gets ``ok`` or ``error`` on its first line and the JSON body after it. It
appears only when complete, so that a crash is not taken for an answer.
"""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Context:
    """The members of Lambda's context object that Python handlers use."""

    aws_request_id: str
    invoked_function_arn: str
    function_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    function_version: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_VERSION"])
    memory_limit_in_mb: str = field(
        default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    )
    log_group_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_GROUP_NAME"])
    log_stream_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_STREAM_NAME"])
    deadline: float = field(
        default_factory=lambda: time.monotonic() + float(os.environ["AWS_LAMBDA_FUNCTION_TIMEOUT"])
    )

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def call(request: dict[str, str]) -> Any:
    module, _, function = os.environ["_HANDLER"].rpartition(".")
    handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    context = Context(request["invoke-id"], request["invoked-function-arn"])
    return handler(json.loads(request["payload"]), context)


def main(request: Path, answer: Path) -> None:
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    logging.basicConfig(format="[%(levelname)s] %(message)s", stream=sys.stderr)
    try:
        verdict, body = "ok", json.dumps(call(json.loads(request.read_text(encoding="utf-8"))))
    except Exception as error:
        traceback.print_exc()
        verdict, body = (
            "error",
            json.dumps(
                {
                    "errorType": type(error).__name__,
                    "errorMessage": str(error),
                    "stackTrace": traceback.format_tb(error.__traceback__),
                }
            ),
        )
    complete = answer.with_suffix(".part")
    complete.write_text(f"{verdict}\n{body}", encoding="utf-8")
    complete.rename(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
