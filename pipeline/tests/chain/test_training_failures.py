"""How an execution of the training definition fails: stopped, retried, timed out, and always told."""

from __future__ import annotations

import io

from account import VALUES

FAILED = ["NotifyFailure", "Failed"]
BEFORE_TRAINING = ["Defaults", "ApplyInput", "ChooseLoad", "SnapshotLoad", "ExtractTransformLoad", "ValidateData"]


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
    assert execution.states == [*BEFORE_TRAINING, *FAILED]
    assert len(execution.requests("invoke")) == 1
    assert (execution.status, execution.error) == ("FAILED", "DataValidationFailed")
    message = execution.notification
    assert (message["outcome"], message["step"], message["error"]) == ("failed", "ValidateData", "DataValidationFailed")
    assert "column tenure_months: 50.0% of the rows were quarantined" in message["cause"]
    assert account.packages() == before


def test_a_failing_training_job_is_retried_and_then_notified(account, jobs, waits):
    waits.retries.clear()
    jobs.refusals = 1
    nonsense = {"objective": "no:such-objective", "num_round": "1"}
    execution = account.execute("training.asl.json", VALUES, {"hyperparameters": nonsense})
    assert execution.states == [*BEFORE_TRAINING, "HasFeatureGroups", "Train", *FAILED]
    # Once for want of capacity, and twice because the job failed: each has its own patience, with jitter below it.
    attempts = execution.requests("createTrainingJob.sync")
    assert len(attempts) == 4
    assert all(0 < waited < limit for waited, limit in zip(waits.retries, [15, 60, 120], strict=True))
    # A job's name is never used again.
    assert len({attempt["TrainingJobName"] for attempt in attempts}) == 4
    message = execution.notification
    assert (message["step"], message["error"]) == ("Train", "States.TaskFailed")
    assert "AlgorithmError: XGBoostError" in message["cause"]
    assert "no:such-objective" in message["cause"]
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")


def test_a_training_job_that_does_not_end_in_time_is_stopped_and_notified(account, waits):
    waits.retries.clear()
    endless = {"objective": "binary:logistic", "num_round": "1000000000"}
    execution = account.execute(
        "training.asl.json", VALUES | {"training_timeout_seconds": 2}, {"hyperparameters": endless}
    )
    assert execution.states == [*BEFORE_TRAINING, "HasFeatureGroups", "Train", *FAILED]
    (attempt,) = execution.requests("createTrainingJob.sync")
    assert waits.retries == []
    message = execution.notification
    assert (message["outcome"], message["step"], message["error"]) == ("failed", "Train", "States.Timeout")
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    job = account.sagemaker.describe_training_job(TrainingJobName=attempt["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Stopped"
