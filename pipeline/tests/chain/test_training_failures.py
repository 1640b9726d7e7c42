"""Failures of executions of the training definition: stopped, retried, timed out, and always reported."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from account import VALUES
from runner.clients import Refusal
from runner.jobs import Job, TrainingJobs
from runner.objects import location

CREATE = ("sagemaker", "CreateTrainingJob")
FAILED = ["NotifyFailure", "Failed"]
STARTED = ["Defaults", "ApplyInput", "HowStarted"]
TO_VALIDATION = [*STARTED, "ChooseLoad", "SnapshotLoad", "ExtractTransformLoad", "PlanEvaluation", "ValidateData"]
BEFORE_TRAINING = [*TO_VALIDATION, "HasFeatureGroups"]


def test_bad_data_stops_at_validation_and_the_message_names_the_column(account, generate):
    broken = io.StringIO()
    generate.write(broken, 2000, 7, 0.0)
    # Every second customer's tenure is below the schema's minimum.
    header, *lines = broken.getvalue().splitlines()
    for number in range(0, len(lines), 2):
        fields = lines[number].split(",")
        fields[header.split(",").index("tenure_months")] = "-3"
        lines[number] = ",".join(fields)
    account.upload("broken/churn.csv", "\n".join([header, *lines]) + "\n")
    before = account.packages()

    execution = account.execute("training.asl.json", VALUES, {"raw_prefix": "broken/"})
    assert execution.states == [*TO_VALIDATION, *FAILED]
    # One of the plan and one of the verdict.
    assert len(execution.requests("invoke")) == 2
    assert (execution.status, execution.error) == ("FAILED", "DataValidationFailed")
    message = execution.notification
    assert (message["outcome"], message["step"], message["error"]) == ("failed", "ValidateData", "DataValidationFailed")
    assert "column tenure_months: 50.0% of the rows were quarantined" in message["cause"]
    assert account.packages() == before


def test_a_training_job_that_fails_by_its_own_fault_costs_once(account, waits, monkeypatch):
    create, left = account.clients.played[CREATE], [1]

    def refusing(request: dict[str, Any]) -> dict[str, Any]:
        if left[0]:
            left[0] -= 1
            raise Refusal("ResourceLimitExceeded", "The account-level service limit of instances has been reached")
        return create(request)

    monkeypatch.setitem(account.clients.played, CREATE, refusing)
    waits.retries.clear()
    nonsense = {"objective": "no:such-objective", "num_round": "1"}
    execution = account.execute("training.asl.json", VALUES, {"hyperparameters": nonsense})
    assert execution.states == [*BEFORE_TRAINING, "Train", "JobFailed", "MayPass", *FAILED]
    # The first request was refused for want of capacity, with nothing to pay.
    attempts = execution.requests("createTrainingJob.sync")
    assert len(attempts) == 2
    assert all(0 < waited < 15 for waited in waits.retries)
    # A job's name is never used again.
    assert len({attempt["TrainingJobName"] for attempt in attempts}) == 2
    message = execution.notification
    assert (message["step"], message["error"]) == ("Train", "States.TaskFailed")
    assert "AlgorithmError: XGBoostError" in message["cause"]
    assert "no:such-objective" in message["cause"]
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")


def test_a_script_that_fails_by_its_own_fault_costs_once(account):
    unknown = VALUES["schema"] | {"label": "nothing"}
    before = len(account.etl_runs())
    execution = account.execute("training.asl.json", VALUES, {"schema": unknown})
    assert execution.states[-5:] == ["ExtractTransformLoad", "JobFailed", "MayPass", *FAILED]
    assert len(account.etl_runs()) == before + 1


@pytest.mark.parametrize(("failures", "ends"), [(2, "Registered"), (3, "Failed")])
def test_a_training_job_that_awss_service_failed_is_tried_three_times(account, monkeypatch, failures, ends):
    work, left = TrainingJobs.work, [failures]

    def failing(jobs: TrainingJobs, name: str, job: Job) -> None:
        if left[0]:
            left[0] -= 1
            job.failure = "InternalServerError: We encountered an internal error. Please try again."
            job.status = "Failed"
        else:
            work(jobs, name, job)

    monkeypatch.setattr(TrainingJobs, "work", failing)
    execution = account.execute("training.asl.json", VALUES)
    assert execution.states[-1] == ends
    assert execution.states.count("Train") == 3
    names = {attempt["TrainingJobName"] for attempt in execution.requests("createTrainingJob.sync")}
    assert len(names) == 3


def test_an_execution_is_resumed_at_the_step_that_failed_with_all_that_was_made(account):
    """The history of the failed execution has the step's input, which a person's command takes from it."""
    broken = VALUES | {"evaluation_function_arn": VALUES["evaluation_function_arn"] + "-gone"}
    failed = account.execute("training.asl.json", broken | {"thresholds": {}})
    assert failed.states[-3:] == ["PlanEvaluation", *FAILED]
    (known,) = [
        json.loads(event["stateEnteredEventDetails"]["input"])
        for event in failed.history
        if event.get("stateEnteredEventDetails", {}).get("name") == "PlanEvaluation"
    ]
    runs = len(account.etl_runs())
    resume = known | {"failure": {"step": "PlanEvaluation", "count": 0}}
    execution = account.execute("training.asl.json", VALUES, {"resume": resume})
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states[:6] == [*STARTED, "Resume", "AttemptStep", "PlanEvaluation"]
    assert len(account.etl_runs()) == runs
    package = account.package(execution.notification["model_package"])
    assert package["CustomerMetadataProperties"]["dataset"] == known["load"]["dataset"]
    bucket, key = location(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
    assert account.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_a_step_that_is_none_is_refused(account):
    execution = account.execute("training.asl.json", VALUES, {"resume": {"failure": {"step": "Tarin", "count": 0}}})
    assert (execution.states[-1], execution.error) == ("NoSuchStep", "NoSuchStep")


def test_a_training_job_that_does_not_end_in_time_is_stopped_and_notified(account, waits):
    waits.retries.clear()
    endless = {"objective": "binary:logistic", "num_round": "1000000000"}
    execution = account.execute(
        "training.asl.json", VALUES | {"training_timeout_seconds": 2}, {"hyperparameters": endless}
    )
    assert execution.states == [*BEFORE_TRAINING, "Train", *FAILED]
    (attempt,) = execution.requests("createTrainingJob.sync")
    assert waits.retries == []
    message = execution.notification
    assert (message["outcome"], message["step"], message["error"]) == ("failed", "Train", "States.Timeout")
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    job = account.sagemaker.describe_training_job(TrainingJobName=attempt["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Stopped"
