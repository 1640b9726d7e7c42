"""CloudWatch over rpc-v2-cbor, which newer SDKs speak, as the query protocol, which moto serves."""

import io
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import QueryParser, RpcV2CBORParser
from botocore.serialize import QuerySerializer, RpcV2CBORSerializer

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
PATH = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(\w+)$")
CLOUDWATCH = ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")


def served(application: type) -> type:
    """A class of WSGI applications that serves both protocols."""

    class Translating(application):  # type: ignore[misc]
        def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
            asked = PATH.match(environ["PATH_INFO"])
            if asked is None:
                return super().__call__(environ, start)
            operation = CLOUDWATCH.operation_model(asked[1])
            status, body = self.by_query(environ, operation)
            head = [("Content-Type", "application/cbor"), ("Smithy-Protocol", "rpc-v2-cbor")]
            start(f"{status} {HTTPStatus(status).phrase}", head)
            return [body]

        def by_query(self, environ: Environ, operation: OperationModel) -> tuple[int, bytes]:
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            form = urlencode(query(sent, operation)).encode()
            environ |= {
                "PATH_INFO": "/",
                "RAW_URI": "/",
                "REQUEST_URI": "/",
                "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8",
                "CONTENT_LENGTH": str(len(form)),
                "wsgi.input": io.BytesIO(form),
            }
            statuses: list[str] = []
            answer = b"".join(super().__call__(environ, lambda status, *_: statuses.append(status)))
            return cbor(int(statuses[0].split()[0]), answer, operation)

    return Translating


def query(sent: bytes, operation: OperationModel) -> dict[str, Any]:
    """The form of the query protocol for a request in CBOR."""
    body = io.BufferedReader(io.BytesIO(sent))
    parameters = RpcV2CBORParser().parse_data_item(body) if sent else {}
    form: dict[str, Any] = QuerySerializer().serialize_to_request(parameters, operation)["body"]
    return form


def cbor(status: int, answer: bytes, operation: OperationModel) -> tuple[int, bytes]:
    """The status and body in CBOR for an answer in the query protocol's XML."""
    response = {"status_code": status, "headers": {}, "body": answer}
    parsed = QueryParser().parse(response, operation.output_shape)
    serializer, body = RpcV2CBORSerializer(), bytearray()
    if "Error" in parsed:
        error = parsed["Error"]
        told = {"__type": error["Code"], "message": error.get("Message", "")}
        for part in (b"\xa2", *(text(item) for pair in told.items() for item in pair)):
            body += part
        return status, bytes(body)
    parsed.pop("ResponseMetadata", None)
    if operation.output_shape is None:
        return status, b"\xa0"
    serializer._serialize_data_item(body, parsed, operation.output_shape)
    return status, bytes(body)


def text(value: str) -> bytes:
    """A text string in CBOR, of at most 65535 bytes."""
    encoded = value.encode()
    return b"\x79" + len(encoded).to_bytes(2) + encoded
