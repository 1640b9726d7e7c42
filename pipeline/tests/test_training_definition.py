from __future__ import annotations

import json
from typing import Any

import pytest
import statelint.linter
from rendering import render
from values import DEVELOPMENT, PIPELINE, PRODUCTION

DEFINITION = json.loads((PIPELINE / "training.asl.json").read_text())
STATES = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
NOTIFICATIONS = {"NotifySuccess", "NotifyRejected", "NotifyFailure"}


@pytest.fixture(params=[DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def rendered(request) -> dict[str, Any]:
    return render(DEFINITION, request.param)


def test_an_independent_linter_accepts_the_definition(rendered):
    assert statelint.linter.Linter.validate(rendered) == []


def test_nothing_is_left_to_fill_in(rendered):
    assert "${" not in json.dumps(rendered)


def test_a_whole_placeholder_keeps_its_type_and_null_drops_its_key():
    train = render(DEFINITION, DEVELOPMENT)["States"]["Train"]["Parameters"]
    assert train["ResourceConfig"]["InstanceCount"] == 1
    assert train["EnableManagedSpotTraining"] is False
    assert "VpcConfig" not in train
    assert "KmsKeyId" not in train["OutputDataConfig"]
    assert "MaxWaitTimeInSeconds" not in train["StoppingCondition"]
    train = render(DEFINITION, PRODUCTION)["States"]["Train"]["Parameters"]
    assert train["VpcConfig"]["SecurityGroupIds"] == ["sg-0a"]
    assert train["StoppingCondition"]["MaxWaitTimeInSeconds"] == 7200


@pytest.mark.parametrize("name", sorted(TASKS.keys() - {"NotifyFailure"}))
def test_every_failure_is_caught_and_notified_with_the_step_that_failed(name):
    assert TASKS[name]["Catch"] == [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": {"failed_step": name},
            "ResultPath": "$.error",
            "Next": "NotifyFailure",
        }
    ]


def test_a_failure_that_cannot_be_notified_still_fails_with_the_first_error():
    catch = STATES["NotifyFailure"]["Catch"][0]
    assert (catch["Next"], catch["ResultPath"]) == ("Failed", None)
    assert STATES["Failed"]["ErrorPath"] == "$.error.Error"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_ends_in_time_and_retries_with_jitter(name):
    assert "TimeoutSeconds" in TASKS[name]
    for retry in TASKS[name]["Retry"]:
        assert retry["JitterStrategy"] == "FULL"
        assert retry["BackoffRate"] > 1
        assert retry["MaxDelaySeconds"] >= retry["IntervalSeconds"]


@pytest.mark.parametrize("name", ["ValidateData", "Evaluate"])
def test_a_verdict_is_never_retried(name):
    retried = {error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]}
    assert all(error.startswith("Lambda.") for error in retried)


@pytest.mark.parametrize("name", ["Train", "Predict"])
def test_a_job_name_stays_within_63_characters_and_differs_on_each_attempt(name):
    parameters = TASKS[name]["Parameters"]
    job_name = parameters.get("TrainingJobName.$") or parameters["TransformJobName.$"]
    assert "$$.State.RetryCount" in job_name
    assert "$$.Execution.Id" in job_name
    attempts = sum(retry["MaxAttempts"] for retry in TASKS[name]["Retry"])
    longest_prefix, md5 = 28, 32
    assert longest_prefix + 1 + md5 + 1 + len(str(attempts)) <= 63


def test_a_model_is_registered_only_after_a_good_evaluation():
    reached_from = [
        name
        for name, state in STATES.items()
        if "Register" in (state.get("Next"), state.get("Default"), *[c["Next"] for c in state.get("Choices", [])])
    ]
    assert reached_from == ["GoodEnough"]
    assert STATES["Register"]["Parameters"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert STATES["GoodEnough"]["Default"] == "NotifyRejected"


def test_the_model_never_sees_the_label_of_the_rows_it_is_judged_on():
    processing = STATES["Predict"]["Parameters"]["DataProcessing"]
    assert processing == {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    source = STATES["Predict"]["Parameters"]["TransformInput"]["DataSource"]["S3DataSource"]
    assert source["S3Uri.$"] == "States.Format('{}test.manifest', $.validation.manifests)"


def test_an_mail_subject_fits_sns(rendered):
    for name in NOTIFICATIONS:
        subject = rendered["States"][name]["Parameters"]["Subject"]
        assert len(subject) <= 100
        assert subject.isascii()
