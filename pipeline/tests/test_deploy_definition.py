from __future__ import annotations

import json
from typing import Any

import pytest
import statelint.linter
from rendering import render
from values import DEVELOPMENT, PIPELINE, PRODUCTION

DEFINITION = json.loads((PIPELINE / "deploy.asl.json").read_text())
STATES = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
# Steps whose failure does no harm to the deployment.
TIDYING = {"RemovePreviousConfig", "RemovePreviousModel", "DiscardConfig", "DiscardModel"}
# Reads that may fail: the endpoint may serve a foreign or half deleted model.
LOOKS = {"DescribePreviousConfig", "DescribeServingModel", "DescribeServingPackage"}
# The alarms see what fails during the shift.
DURING_SHIFT = {"TryDuringShift"}
# Steps whose failure restores the endpoint, or leads to the message that it is not restored.
TRIALS = {"TrySample": "NotTried", "RestorePrevious": "NotTakenBack", "RemoveEndpoint": "NotTakenBack"}
# Another execution may be faster.
RACES = {"CreateEndpoint", "UpdateEndpoint"}
LAST_WORDS = {"NotifyFailure", "NotifyNotDeployed"}


@pytest.fixture(params=[DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def rendered(request) -> dict[str, Any]:
    return render(DEFINITION, request.param)


def test_an_independent_linter_accepts_the_definition(rendered):
    assert statelint.linter.Linter.validate(rendered) == []


def test_nothing_is_left_to_fill_in(rendered):
    assert "${" not in json.dumps(rendered)


def test_what_an_environment_does_not_want_is_left_out():
    states = render(DEFINITION, DEVELOPMENT)["States"]
    assert "AutoRollbackConfiguration" not in states["UpdateEndpoint"]["Parameters"]["DeploymentConfig"]
    assert "autoscaling" not in states["Begin"]["Parameters"]
    assert "KmsKeyId" not in states["CreateConfig"]["Parameters"]
    assert "KmsKeyId" not in states["CreateConfig"]["Parameters"]["DataCaptureConfig"]


@pytest.mark.parametrize(
    "name", sorted(TASKS.keys() - TIDYING - LOOKS - RACES - LAST_WORDS - DURING_SHIFT - TRIALS.keys())
)
def test_every_failure_is_caught_and_notified_with_the_step_that_failed(name):
    assert TASKS[name]["Catch"][-1] == {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"failed_step": name},
        "ResultPath": "$.error",
        "Next": "NotifyFailure",
    }


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_what_is_not_known_of_the_model_in_service_is_taken_to_differ(name):
    (catch,) = TASKS[name]["Catch"]
    assert (catch["ErrorEquals"], catch["ResultPath"], catch["Next"]) == (["States.ALL"], None, "WhatIsMade")


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_a_trial_that_fails_ends_as_a_deployment_that_failed(name):
    (catch,) = TASKS[name]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], TRIALS[name])
    assert catch["ResultPath"] != "$.error"


@pytest.mark.parametrize("name", sorted(RACES))
def test_a_refusal_for_another_reason_than_a_race_is_notified(name):
    (catch,) = TASKS[name]["Catch"]
    assert (catch["Assign"], catch["ResultPath"], catch["Next"]) == ({"failed_step": name}, "$.refusal", "IsOvertaken")
    assert STATES["IsOvertaken"]["Default"] == "Refused"
    assert (STATES["Refused"]["ResultPath"], STATES["Refused"]["Next"]) == ("$.error", "NotifyFailure")


@pytest.mark.parametrize("name", sorted(LAST_WORDS))
def test_a_failure_that_cannot_be_notified_still_fails_with_the_first_error(name):
    catch = STATES[name]["Catch"][0]
    assert (catch["Next"], catch["ResultPath"]) == ("Failed", None)
    assert STATES["Failed"]["ErrorPath"] == "$.error.Error"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_ends_in_time_and_retries_with_jitter(name):
    assert "TimeoutSeconds" in TASKS[name]
    for retry in TASKS[name]["Retry"]:
        assert retry["JitterStrategy"] == "FULL"
        assert retry["MaxDelaySeconds"] >= retry["IntervalSeconds"]


@pytest.mark.parametrize("values", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def test_an_update_is_awaited_for_longer_than_it_may_take(values):
    # Once for a foreign configuration, once for the pipeline's own, once for the way back.
    assert 30 * values["looks"] > 3 * values["deployment_timeout_seconds"]
    assert values["deploy_timeout_seconds"] > 30 * values["looks"]


def test_a_mail_subject_fits_sns(rendered):
    for state in rendered["States"].values():
        subject = state.get("Parameters", {}).get("Subject", "")
        assert len(subject) <= 100
        assert subject.isascii()
