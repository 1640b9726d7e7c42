"""Answers SageMaker's GET /ping and POST /invocations on port 8080: CSV rows in, a line of predictions for each out."""

from __future__ import annotations

import os
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import xgboost as xgb
from container import MODEL_FILE, ROOT, read_table


def predict(booster: xgb.Booster, body: str) -> str:
    rows = read_table(body.splitlines()).matrix()
    if rows.shape[1] != booster.num_features():
        raise ValueError(f"{rows.shape[1]} fields, the model has {booster.num_features()} features")
    answers = booster.inplace_predict(rows).astype(float)
    # Of several classes there is a probability each.
    return "".join(",".join(map(repr, answer)) + "\n" for answer in answers.reshape(len(rows), -1).tolist())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    booster: xgb.Booster

    def answer(self, status: HTTPStatus, body: str, content_type: str = "text/plain") -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        found = self.path == "/ping"
        self.answer(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            self.answer(HTTPStatus.NOT_FOUND, "")
            return
        if self.headers.get_content_type() != "text/csv":
            self.answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send text/csv\n")
            return
        try:
            predictions = predict(self.booster, body.decode())
        except ValueError as error:
            self.answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
            return
        self.answer(HTTPStatus.OK, predictions, "text/csv")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Health checks come every few seconds and say nothing."""
        if self.path != "/ping":
            super().log_request(code, size)


def main() -> None:
    booster = xgb.Booster(model_file=ROOT / "model" / MODEL_FILE)
    Handler.booster = booster
    # The first process of a container gets no signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # SageMaker reaches the container over its network, on every interface.
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()  # noqa: S104


if __name__ == "__main__":
    main()
