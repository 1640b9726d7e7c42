"""Reads recorded requests: moto finds the operation and the members, by botocore's models."""

import functools
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import cbor2
from botocore.loaders import Loader
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import ServiceOperationRouter
from werkzeug.exceptions import HTTPException

from judges.relay import Recorded

CBOR = "smithy-rpc-v2-cbor"
# The service's name in a signature, and botocore's for it where that is another.
SIGNED_AS = {
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}


class UnreadableError(Exception):
    """A request that fits no operation of the service's model, or has values of another type."""


@dataclass(frozen=True)
class Call:
    """An operation that was called, with its members as botocore names them."""

    service: str
    operation: OperationModel
    protocol: str
    members: dict
    recorded: Recorded

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation.name}"


@functools.cache
def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@functools.cache
def router(service: str) -> ServiceOperationRouter:
    return ServiceOperationRouter(model(service))


def read(recorded: Recorded) -> Call:
    """Reads the call of a request. Raises `UnreadableError`."""
    service = _service(recorded)
    try:
        if "rpc-v2-cbor" in recorded.headers.get("smithy-protocol", ""):
            return _read_cbor(service, recorded)
        request = _request(recorded)
        operation, uri = router(service).match(request)
        protocol = determine_request_protocol(model(service), request.content_type)
        members = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": recorded.body,
                "url_path": request.path,
                "url_params": uri,
            }
        )
    except HTTPException as error:
        raise UnreadableError(f"{service}: no operation for {_line(recorded)}") from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnreadableError(f"{service}: {_line(recorded)}: {error}") from error
    return Call(service, operation, protocol, _given(members, operation), recorded)


def _service(recorded: Recorded) -> str:
    """The service that a request is signed for."""
    scope = recorded.headers.get("authorization", "").partition("Credential=")[2].partition(",")[0]
    parts = scope.split("/")
    if len(parts) != 5:
        raise UnreadableError(f"not signed: {_line(recorded)}")
    return SIGNED_AS.get(parts[3], parts[3])


def _line(recorded: Recorded) -> str:
    target = recorded.headers.get("x-amz-target", "")
    return " ".join([recorded.method, recorded.path.partition("?")[0], target]).rstrip()


def _request(recorded: Recorded) -> Request:
    host = recorded.headers.get("host", "localhost")
    url = f"http://{host}{recorded.path}"
    request = Request.from_primitives(recorded.method, url, recorded.headers, recorded.body)
    # As a server would: the path as it came, with what is encoded in it.
    request.environ["RAW_URI"] = recorded.path
    return request


def _read_cbor(service: str, recorded: Recorded) -> Call:
    name = unquote(urlsplit(recorded.path).path).rpartition("/operation/")[2]
    if name not in model(service).operation_names:
        raise UnreadableError(f"{service}: no operation {name}")
    members = cbor2.loads(recorded.body) if recorded.body else {}
    return Call(service, model(service).operation_model(name), CBOR, members, recorded)


def _given(members: dict, operation: OperationModel) -> dict:
    """Without the members that the parser fills in for what a request leaves out."""
    shapes = operation.input_shape.members if operation.input_shape else {}

    def is_given(name, value):
        placed = "location" in shapes[name].serialization
        return value is not None and not (placed and value in ([], {}))

    return {name: value for name, value in members.items() if is_given(name, value)}
