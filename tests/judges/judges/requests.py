"""The first judge: every request against botocore's model of its service."""

import functools
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import cbor2
import regex
from botocore.model import Shape
from botocore.serialize import SERIALIZERS
from botocore.validate import ParamValidator

from judges.wire import CBOR, Call

SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
SHOWN = 12  # values of an enumeration; EC2's types of resources are more than a hundred
# Headers that the SDK adds for HTTP, signing, retries and checksums; no member of an operation.
OF_THE_SDK = {
    "x-amz-checksum-",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-trailer",
    "x-amz-user-agent",
    "x-amzn-query-mode",
}


def judge(call: Call) -> list[str]:
    """The parts of a call that AWS would refuse or silently leave out."""
    shape = call.operation.input_shape
    if shape is None:
        return []
    found = ParamValidator().validate(call.members, shape).generate_report().splitlines()
    found += _outside(shape, call.members, "")
    # A member of a wrong type cannot be written again.
    found = found or _left_over(call)
    return [f"{call.name}: {what}" for what in found]


def _outside(shape: Shape, value, path: str) -> Iterator[str]:
    """The breaches of patterns, enumerations and upper bounds: botocore checks none."""
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        for name in value.keys() & shape.members.keys():
            yield from _outside(shape.members[name], value[name], f"{path}.{name}")
    elif shape.type_name == "map" and isinstance(value, dict):
        yield from _beyond(shape, len(value), path)
        for key, inner in value.items():
            yield from _outside(shape.key, key, f"{path} (key)")
            yield from _outside(shape.value, inner, f"{path}[{key}]")
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _beyond(shape, len(value), path)
        for inner in value:
            yield from _outside(shape.member, inner, f"{path}[]")
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _outside_string(shape, value, path)
    elif shape.type_name in {"integer", "long", "float", "double"}:
        yield from _beyond(shape, value, path)
    elif shape.type_name == "blob" and isinstance(value, bytes):
        yield from _beyond(shape, len(value), path)


def _outside_string(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _beyond(shape, len(value), path)
    allowed = getattr(shape, "enum", [])
    if allowed and value not in allowed:
        yield f"{path[1:]} is {value!r}, none of {', '.join(allowed[:SHOWN])}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"{path[1:]} is {value!r}, which does not match {pattern}"


@functools.cache
def _compiled(pattern: str) -> regex.Pattern:
    # Java's way of writing all characters beyond the first 65,536.
    return regex.compile(pattern.replace(SURROGATES, r"\U00010000-\U0010FFFF"))


def _beyond(shape: Shape, size: float, path: str) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and size > most:
        yield f"{path[1:]} has {size}, more than {most}"


def _left_over(call: Call) -> list[str]:
    """The parts that botocore lacks when it writes the call again: the model has no such thing."""
    serializer = SERIALIZERS[call.protocol]()
    again = serializer.serialize_to_request(call.members, call.operation)
    # An empty body and one without members say the same.
    sent, known = _places(call), _places_again(call, again) | {" (members)"}
    return [f"{place} does not fit the model" for place in sorted(sent - known)]


def _places(call: Call) -> set[str]:
    recorded = call.recorded
    if call.protocol in {"query", "ec2"}:
        return {f"parameter {name}" for name, _ in parse_qsl(recorded.body.decode(), True)}
    if call.protocol == CBOR:
        return set(_in_json(cbor2.loads(recorded.body) if recorded.body else {}))
    if call.protocol == "json":
        return set(_in_json(json.loads(recorded.body or "{}")))
    places = _in_head(recorded.headers, urlsplit(recorded.path).query)
    return places | _in_rest_body(call, recorded.body)


def _places_again(call: Call, again: dict) -> set[str]:
    body = again["body"]
    if call.protocol in {"query", "ec2"}:
        return {f"parameter {name}" for name in body}
    if call.protocol == CBOR:
        return set(_in_json(cbor2.loads(bytes(body)) if body else {}))
    if call.protocol == "json":
        return set(_in_json(json.loads(body or "{}")))
    headers = {name.lower(): value for name, value in again["headers"].items()}
    places = _in_head(headers, urlsplit(again["url_path"]).query)
    places |= {f"query {name}" for name in again["query_string"]}
    return places | _in_rest_body(call, body)


def is_own(header: str) -> bool:
    """True if a header is a service's own, so that it must be a member of the operation."""
    return header.startswith("x-amz") and not header.startswith(tuple(OF_THE_SDK))


def _in_head(headers: dict[str, str], query: str) -> set[str]:
    asked = {name for name, _ in parse_qsl(query, keep_blank_values=True)} - {"x-id"}
    own = {f"header {name}" for name in headers if is_own(name)}
    return own | {f"query {unquote(name)}" for name in asked}


def _in_rest_body(call: Call, body) -> set[str]:
    payload = call.operation.input_shape.serialization.get("payload")
    if payload and call.operation.input_shape.members[payload].type_name in {"blob", "string"}:
        return set()
    if not body:
        return set()
    if call.protocol == "rest-json":
        return set(_in_json(json.loads(body)))
    return set(_in_xml(ElementTree.fromstring(body), ""))  # noqa: S314 (mlopsctl wrote it)


def _in_json(value, path: str = "") -> Iterator[str]:
    """Each member's place, and whether it is text, a number or a truth value."""
    if isinstance(value, dict):
        yield f"{path[1:]} (members)"
        for name, inner in value.items():
            yield from _in_json(inner, f"{path}.{name}")
    elif isinstance(value, list):
        yield f"{path[1:]} (a list)"
        for inner in value:
            yield from _in_json(inner, f"{path}[]")
    else:
        yield f"{path[1:]} ({_kind(value)})"


def _kind(value) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str | bytes) else "a time or null"


def _in_xml(node: ElementTree.Element, path: str) -> Iterator[str]:
    # AWS reads elements by their local names.
    path = f"{path}/{node.tag.rpartition('}')[2]}"
    yield path
    for inner in node:
        yield from _in_xml(inner, path)
