"""A deployment sends the sample request of the package to the endpoint, and goes back where the answer is wrong."""

from __future__ import annotations

import json

import pytest
from account import VALUES
from deployed import left, scaling, serving
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

REQUEST, RIGHT = "7,1,0,1000", "0.812345"


@pytest.fixture
def package(account, register, answers):
    """Registers an approved package with a sample request, whose model gives these answers."""

    def run(*given: str | int, **properties: str) -> str:
        key = f"runs/{len(answers.by_package)}/signature.json"
        body = json.dumps({"version": 2, "sample": {"request": REQUEST, "answer": RIGHT}})
        account.s3.put_object(Bucket=VALUES["artifacts_bucket"], Key=key, Body=body.encode())
        arn = register(signature=f"s3://{VALUES['artifacts_bucket']}/{key}", **{"features_digest": "a"} | properties)
        answers.by_package[arn] = list(given)
        return arn

    return run


def test_a_model_that_answers_as_after_its_training_goes_into_service(deploy_package, package, values, answers):
    # The arithmetic of another machine, in the brackets of another container.
    execution = deploy_package(package("[0.8123451]\n"))
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states.index("TrySample") < execution.states.index("RegisterScaling")
    assert answers.calls == [(values["endpoint_name"], 200, REQUEST)]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("0.5", f"the answer is '0.5', expected '{RIGHT}'"),
        (f"{RIGHT},{RIGHT}", f"the answer is '{RIGHT},{RIGHT}'"),
        ("churned", "the answer is 'churned'"),
        (400, "Received client error (400)"),
        (500, "EndpointUnavailable"),
    ],
    ids=["another", "two", "no-number", "refused", "failing"],
)
def test_a_wrong_answer_brings_the_model_before_it_back(
    account, deploy_package, package, values, endpoints, given, why
):
    first = deploy_package(package(RIGHT)).notification
    before = left(account)
    execution = deploy_package(package(given))
    assert (execution.status, execution.error) == ("FAILED", "WrongAnswer")
    message = execution.notification
    assert (message["outcome"], message["error"]) == ("not deployed", "WrongAnswer")
    assert why in message["cause"]
    assert endpoints.updates[values["endpoint_name"]]["EndpointConfigName"] == first["config"]
    assert "DeploymentConfig" not in endpoints.updates[values["endpoint_name"]]
    assert (serving(account, values)["EndpointConfigName"], left(account)) == (first["config"], before)
    assert len(scaling(account, values)[0]) == 1


def test_an_endpoint_whose_first_model_answers_wrongly_is_removed(account, deploy_package, package, values):
    before = left(account)
    execution = deploy_package(package("0.5"))
    assert (execution.status, execution.error) == ("FAILED", "WrongAnswer")
    assert left(account) == before
    listed = account.sagemaker.list_endpoints(NameContains=values["endpoint_name"])["Endpoints"]
    assert listed == []
    repaired = deploy_package(package(RIGHT))
    assert repaired.status == "SUCCEEDED", repaired.cause


def test_an_endpoint_that_is_not_ready_at_once_is_asked_again(deploy_package, package, answers):
    execution = deploy_package(package(503, 503, RIGHT))
    assert execution.status == "SUCCEEDED", execution.cause
    assert [status for _, status, _ in answers.calls] == [503, 503, 200]


def test_an_endpoint_that_nobody_calls_is_called_during_the_shift_so_that_alarms_can_judge(
    account, deploy_package, package, values, endpoints, answers
):
    first = deploy_package(package(RIGHT)).notification
    endpoints.outcome = "guarded"
    endpoints.is_alarming = lambda: answers.refused(values["endpoint_name"])
    execution = deploy_package(package(400))
    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    assert "TrySample" not in execution.states
    assert serving(account, values)["EndpointConfigName"] == first["config"]


def test_the_model_before_gets_no_request_that_it_would_refuse(deploy_package, package, answers):
    deploy_package(package(RIGHT))
    answers.calls.clear()
    execution = deploy_package(package(RIGHT, features_digest="b", features_may_differ="true"))
    assert execution.status == "SUCCEEDED", execution.cause
    assert "TryDuringShift" not in execution.states
    assert len(answers.calls) == 1


def test_a_way_back_that_is_refused_is_told_and_removes_nothing(account, deploy_package, package, values, monkeypatch):
    deploy_package(package(RIGHT))
    update, asked = SageMakerResponse.update_endpoint, []

    def once(request: SageMakerResponse) -> object:
        asked.append(request)
        if len(asked) > 1:
            raise ValidationError("Cannot update in-progress endpoint")
        return update(request)

    once.__name__ = "update_endpoint"
    monkeypatch.setattr(SageMakerResponse, "update_endpoint", once)
    execution = deploy_package(package("0.5"))
    assert (execution.status, execution.error) == ("FAILED", "NotTakenBack")
    assert "It is still in service" in execution.notification["cause"]
    assert "DiscardConfig" not in execution.states
    assert serving(account, values)["EndpointConfigName"] in left(account)[0]
