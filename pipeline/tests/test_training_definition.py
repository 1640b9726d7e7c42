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
# Steps whose failure does no harm to the execution.
TIDYING = {"RemoveChampionModel", "RemoveRejectedModel", "RemoveRejectedArtifact"}
CHAMPION = {"CreateChampionModel", "PredictChampion"}
# Steps that cost money as long as they run.
JOBS = {"ExtractTransformLoad", "IngestFeatures", "Train", "Predict", "PredictValidation", "PredictChampion"}
STEPS = TASKS.keys() - NOTIFICATIONS - TIDYING - {"FindNewest"}


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


def caught(name: str, *errors: str, to: str) -> dict[str, Any]:
    return {"ErrorEquals": [*errors], "Assign": {"failed_step": name}, "ResultPath": "$.error", "Next": to}


@pytest.mark.parametrize("name", sorted(TASKS.keys() - {"NotifyFailure"} - TIDYING))
def test_every_failure_is_caught_and_notified_with_the_step_that_failed(name):
    end = "ChampionNotScored" if name in CHAMPION else "NotifyFailure"
    of_a_job = [caught(name, "States.TaskFailed", to="JobFailed")] if name in JOBS else []
    assert TASKS[name]["Catch"] == [*of_a_job, caught(name, "States.ALL", to=end)]


@pytest.mark.parametrize("name", sorted(TIDYING))
def test_what_could_not_be_tidied_up_stops_nothing(name):
    (catch,) = TASKS[name]["Catch"]
    assert (catch["ErrorEquals"], catch["ResultPath"], catch["Next"]) == (["States.ALL"], None, TASKS[name]["Next"])


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_is_repeated_for_an_error_of_aws_alone(name):
    """Retry knows only the name of an error, which is the same for each failed job."""
    assert "States.TaskFailed" not in {error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]}
    again, *_ = STATES["MayPass"]["Choices"]
    count, causes = again["And"]
    assert (count["NumericLessThanEquals"], again["Next"], STATES["AwaitAttempt"]["Next"]) == (
        2,
        "AwaitAttempt",
        "AttemptStep",
    )
    patterns = [cause["StringMatches"] for cause in causes["Or"]]
    assert "*InternalServerError*" in patterns
    assert not any("AlgorithmError" in pattern or "ClientError" in pattern for pattern in patterns)


def test_an_execution_can_be_resumed_at_each_of_its_steps():
    leads = {choice["StringEquals"]: choice["Next"] for choice in STATES["AttemptStep"]["Choices"]}
    # Nothing is registered past the verdict.
    past_the_verdict = dict.fromkeys(("MeasureArtifact", "KeepArtifact", "Register"), "GoodEnough")
    assert leads == {name: name for name in STEPS} | past_the_verdict


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


@pytest.mark.parametrize("name", ["ValidateData", "PlanEvaluation", "Evaluate"])
def test_a_verdict_is_never_retried(name):
    retried = {error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]}
    assert all(error.startswith("Lambda.") for error in retried)


NAMED = {
    name: state["Parameters"][field]
    for name, state in TASKS.items()
    for field in ("TrainingJobName.$", "TransformJobName.$", "ModelName.$")
    if field in state["Parameters"] and "RetryCount" in state["Parameters"][field]
}


def test_whatever_is_made_has_a_name_of_its_own():
    assert NAMED.keys() == JOBS - {"ExtractTransformLoad", "IngestFeatures"} | {"CreateModel", "CreateChampionModel"}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_name_stays_within_63_characters_and_differs_on_each_attempt(name):
    assert "$$.State.EnteredTime" in NAMED[name]
    assert "$$.Execution.Id" in NAMED[name]
    attempts = sum(retry["MaxAttempts"] for retry in TASKS[name]["Retry"])
    longest_prefix, md5 = 28, 32
    assert longest_prefix + 1 + md5 + 1 + len(str(attempts)) <= 63


def test_a_model_is_registered_only_after_a_good_evaluation():
    def before(target: str) -> list[str]:
        def leads(state: dict[str, Any]) -> bool:
            choices = [choice["Next"] for choice in state.get("Choices", [])]
            return target in (state.get("Next"), state.get("Default"), *choices)

        return [name for name, state in STATES.items() if leads(state)]

    assert before("Register") == ["KeepArtifact", "StaysInPlace"]
    assert before("KeepArtifact") == before("StaysInPlace") == ["CanBeCopied"]
    assert before("CanBeCopied") == ["MeasureArtifact"]
    assert before("MeasureArtifact") == ["GoodEnough"]
    assert STATES["Register"]["Parameters"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert STATES["GoodEnough"]["Default"] == "NotifyRejected"


def test_the_registered_artifact_is_where_no_job_writes():
    written = [state["Parameters"].get("OutputDataConfig", {}) for name, state in TASKS.items() if name in JOBS]
    assert {output["S3OutputPath"] for output in written if "S3OutputPath" in output} == {
        "s3://${model_bucket}/training"
    }
    assert STATES["KeepArtifact"]["Parameters"]["Key.$"].startswith("States.Format('registered/")
    (container,) = STATES["Register"]["Parameters"]["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl.$"] == "$.kept.artifact"


@pytest.mark.parametrize(
    ("name", "split", "model"),
    [
        ("Predict", "test", "$.model.name"),
        ("PredictValidation", "validation", "$.model.name"),
        ("PredictChampion", "test", "$.champion_model.name"),
    ],
)
def test_no_model_sees_the_label_of_the_rows_that_it_predicts(name, split, model):
    parameters = STATES[name]["Parameters"]
    kept = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter.$": "$.plan.output_filter"}
    assert parameters["DataProcessing"] == kept
    source = parameters["TransformInput"]["DataSource"]["S3DataSource"]
    assert source["S3Uri.$"] == f"States.Format('{{}}{split}.manifest', $.validation.manifests)"
    assert parameters["ModelName.$"] == model


def test_records_get_the_start_of_the_execution_as_their_event_time():
    """A repeated attempt is given the same one."""
    assert STATES["IngestFeatures"]["Parameters"]["Arguments"]["--started.$"] == "$$.Execution.StartTime"


def test_data_is_compared_with_that_of_the_champion():
    assert STATES["ExtractTransformLoad"]["Next"] == "PlanEvaluation"
    assert STATES["PlanEvaluation"]["Next"] == "ValidateData"
    assert STATES["ValidateData"]["Parameters"]["Payload"]["baseline.$"] == "$.plan.baseline"


def test_an_mail_subject_fits_sns(rendered):
    for name in NOTIFICATIONS:
        subject = rendered["States"][name]["Parameters"]["Subject"]
        assert len(subject) <= 100
        assert subject.isascii()
