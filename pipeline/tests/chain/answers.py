"""SageMaker's runtime on loopback: what the model in service at each endpoint answers, as a test wants it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from moto.sagemaker.models import sagemaker_backends
from values import ACCOUNT, REGION

# The status of InvokeEndpoint if the container refused the request or failed at it.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
MODEL_ERROR = 424


@dataclass
class Answers:
    """The answers of the models by their packages: text, or the status of a container that gives none."""

    by_package: dict[str, list[str | int]] = field(default_factory=dict)
    # Every request: the endpoint, the status of the container, and the rows.
    calls: list[tuple[str, int, str]] = field(default_factory=list)

    def of(self, endpoint: str) -> str | int:
        """The next answer of the model in service; the last one is given again and again."""
        backend = sagemaker_backends[ACCOUNT][REGION]
        config = backend.endpoint_configs[backend.endpoints[endpoint].endpoint_config_name]
        model = backend._models[config.production_variants[0]["ModelName"]]
        answers = self.by_package[model.primary_container["ModelPackageName"]]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def refused(self, endpoint: str) -> bool:
        return any(name == endpoint and status != 200 for name, status, _ in self.calls)


def handler_of(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            _, _, endpoint, _ = self.path.split("/")
            rows = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = answers.of(endpoint)
            status = answer if isinstance(answer, int) else 200
            answers.calls.append((endpoint, status, rows))
            if isinstance(answer, str):
                self.answer(200, "text/csv", answer)
                return
            message = f"Received client error ({status}) from primary with message"
            self.answer(MODEL_ERROR, "application/json", json.dumps({"Message": message, "OriginalStatusCode": status}))

        def answer(self, status: int, kind: str, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == MODEL_ERROR:
                self.send_header("x-amzn-ErrorType", "ModelError")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler
