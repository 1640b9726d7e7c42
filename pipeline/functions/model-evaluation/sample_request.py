"""Sends the sample request of a package to the endpoint, and compares the answer with the one after the training."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from botocore.exceptions import ClientError

# An endpoint answers with the arithmetic of another machine than the batch transform did.
RELATIVE, ABSOLUTE = 1e-4, 1e-6
# Containers separate numbers by commas or spaces, and may put them in brackets.
NUMBER = re.compile(r"[^\s,\[\]]+")
# The errors that may pass. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
MAY_PASS = {"InternalDependencyException", "InternalFailure", "ModelNotReadyException", "ServiceUnavailable"}
SHOWN = 300


class EndpointUnavailable(Exception):
    """The endpoint may answer later."""


def read(s3: Any, uri: str) -> dict[str, str] | None:
    """The request and its answer, as the evaluation wrote them into the signature."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]).get("sample")


def ask(runtime: Any, endpoint: str, request: str) -> tuple[str, str]:
    """The answer, and why there is none."""
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=request.encode()
        )
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response.get("OriginalStatusCode", 0)
        if code in MAY_PASS or status >= 500:
            raise EndpointUnavailable(str(error)) from error
        return "", f"it was refused: {error}"
    return answer["Body"].read().decode(), ""


def numbers(text: str) -> list[float] | None:
    try:
        return [float(field) for field in NUMBER.findall(text)]
    except ValueError:
        return None


def agree(answer: str, expected: str) -> bool:
    given, wanted = numbers(answer), numbers(expected)
    if given is None or wanted is None or len(given) != len(wanted):
        return False
    pairs = zip(given, wanted, strict=True)
    return all(math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE) for one, other in pairs)


def try_sample(event: dict[str, Any], s3: Any, runtime: Any) -> dict[str, Any]:
    """True if the model in service answers as the trained one did."""
    sample = read(s3, event["signature"])
    if sample is None:
        return {"right": True, "why": "its package has no sample request"}
    answer, why = ask(runtime, event["endpoint_name"], sample["request"])
    right = not why and agree(answer, sample["answer"])
    if not right and not why:
        why = f"the answer is {answer.strip()[:SHOWN]!r}, expected {sample['answer'][:SHOWN]!r}"
    return {"right": right, "why": why}
