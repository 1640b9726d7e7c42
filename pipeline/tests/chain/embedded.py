"""The embedded AWS on loopback, which keeps the buckets and the model registry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse
from values import PIPELINE

ADDRESS = "export AWS_ENDPOINT_URL="
REGISTRY = [
    "create_model_package",
    "create_model_package_group",
    "describe_model_package",
    "describe_model_package_group",
    "list_model_package_groups",
    "list_model_packages",
    "update_model_package",
]


def built() -> Path:
    asked = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(asked, cwd=PIPELINE, capture_output=True, check=True)
    binary = Path(json.loads(answer.stdout)["target_directory"]) / "debug" / "mlopsctl"
    assert binary.exists(), f"{binary} is not there: `cargo test --workspace` builds it"
    return binary


class Embedded:
    """`mlopsctl local serve` on a free port, with nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [built(), "local", "serve", "--keep-only", "--port", "0"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline().strip()
        assert line.startswith(ADDRESS), line
        self.url = line.removeprefix(ADDRESS)

    def keep_registry(self, client: Any) -> None:
        """Lets the embedded AWS answer moto's requests to the registry."""
        for operation in REGISTRY:
            setattr(SageMakerResponse, operation, handed_on(getattr(client, operation)))

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()


def handed_on(operation: Any) -> Any:
    def handler(request: SageMakerResponse) -> ActionResult:
        try:
            answer = operation(**json.loads(request.body))
        except ClientError as error:
            raise JsonRESTError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        answer.pop("ResponseMetadata")
        return ActionResult(answer)

    return handler
