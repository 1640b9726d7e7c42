"""The answers that count as those of the trained model, and the errors that may pass."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fake_s3 import FakeS3

EVENT = {"action": "try", "endpoint_name": "endpoint", "signature": "s3://artifacts/runs/r1/signature.json"}


class FakeRuntime:
    def __init__(self, answer: str | ClientError) -> None:
        self.given, self.asked = answer, {}

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        if isinstance(self.given, ClientError):
            raise self.given
        return {"Body": io.BytesIO(self.given.encode())}


def error(code: str, status: int = 0) -> ClientError:
    response = {"Error": {"Code": code, "Message": "no"}} | ({"OriginalStatusCode": status} if status else {})
    return ClientError(response, "InvokeEndpoint")


def tried(evaluation, answer: str | ClientError, expected: str = "0.25,0.75") -> dict[str, Any]:
    signature = {"version": 2, "sample": {"request": "7,1,,1000", "answer": expected}}
    s3, runtime = FakeS3({"artifacts/runs/r1/signature.json": json.dumps(signature)}), FakeRuntime(answer)
    found = evaluation.try_sample(EVENT, s3, runtime)
    assert runtime.asked["Body"] == b"7,1,,1000"
    assert runtime.asked["EndpointName"] == "endpoint"
    return found


@pytest.mark.parametrize("answer", ["0.25,0.75\n", "[0.25, 0.75]", "[[0.2500001 0.7499999]]", "2.5e-1,0.75"])
def test_answers_agree_however_the_container_writes_them(evaluation, answer):
    assert tried(evaluation, answer) == {"right": True, "why": ""}


@pytest.mark.parametrize("answer", ["0.26,0.74", "0.75", "0.25,0.75,0", "setosa", "", "nan,0.75"])
def test_another_answer_is_wrong_and_shown_beside_the_expected_one(evaluation, answer):
    assert tried(evaluation, answer) == {"right": False, "why": f"the answer is {answer!r}, expected '0.25,0.75'"}


@pytest.mark.parametrize("refusal", [error("ModelError", 400), error("ModelError", 415), error("ValidationError")])
def test_a_refused_request_is_a_wrong_answer(evaluation, refusal):
    found = tried(evaluation, refusal)
    assert not found["right"]
    assert found["why"].startswith("it was refused: An error occurred")


@pytest.mark.parametrize("failure", [error("ModelError", 503), error("ServiceUnavailable"), error("InternalFailure")])
def test_what_may_pass_is_left_to_the_retries_of_the_state_machine(evaluation, failure):
    with pytest.raises(Exception, match="An error occurred") as raised:
        tried(evaluation, failure)
    assert type(raised.value).__name__ == "EndpointUnavailable"


def test_a_package_without_a_sample_request_cannot_be_wrong(evaluation):
    s3 = FakeS3({"artifacts/runs/r1/signature.json": json.dumps({"version": 2})})
    found = evaluation.try_sample(EVENT, s3, FakeRuntime("0.5"))
    assert found == {"right": True, "why": "its package has no sample request"}
