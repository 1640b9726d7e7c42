"""The plan before training: settings that fit the task, and the champion of the comparison."""

from __future__ import annotations

from typing import Any

import pytest
from evaluation_cases import EVENT, FEATURES, MULTICLASS, REGRESSION, bucket, scores
from fake_registry import FakeRegistry

PLAN = {
    **EVENT,
    "action": "plan",
    "comparison": {"metric": "auc"},
    "model_package_group": "models",
    "endpoint_name": "endpoint",
}


def registry_arn(number: int) -> str:
    return FakeRegistry.arn(number)


def plan(evaluation, registry: FakeRegistry, **changes: Any) -> dict[str, Any]:
    return evaluation.plan({**PLAN, **changes}, bucket(scores(10, 1)), registry)


def test_the_champion_is_the_model_in_service_and_not_a_newer_approved_one(evaluation):
    registry = FakeRegistry({}, {}, serving=registry_arn(1))
    assert plan(evaluation, registry)["champion"]["package"] == registry_arn(1)


@pytest.mark.parametrize(
    "serving", [None, "arn:aws:sagemaker:r:1:model-package/others/1", registry_arn(9), "not described to us"]
)
def test_the_champion_is_the_newest_approved_model_where_none_of_the_group_serves(evaluation, serving):
    """No endpoint, a foreign model, a package that was deleted."""
    registry = FakeRegistry({}, {}, serving=serving)
    assert plan(evaluation, registry)["champion"] == {"package": registry_arn(0), "comparable": True, "why": ""}
    assert registry.listed["ModelApprovalStatus"] == "Approved"


def test_an_error_of_sagemaker_is_not_taken_for_a_missing_endpoint(evaluation):
    registry = FakeRegistry({}, serving="denied")
    with pytest.raises(Exception, match="AccessDenied"):
        plan(evaluation, registry)


def test_the_first_model_of_a_group_has_nothing_to_beat(evaluation):
    assert plan(evaluation, FakeRegistry())["champion"] == {"package": "", "comparable": False, "why": ""}


def test_without_a_comparison_no_model_is_scored(evaluation):
    champion = plan(evaluation, FakeRegistry({}), comparison=None)["champion"]
    assert champion == {"package": "", "comparable": False, "why": ""}


@pytest.mark.parametrize("comparison", [PLAN["comparison"], None])
def test_new_data_is_compared_with_that_of_the_model_in_service(evaluation, comparison):
    """After a rollback a model serves that is older than the newest approved one."""
    registry = FakeRegistry({"data_version": "newest"}, {"data_version": "serving"}, serving=registry_arn(1))
    baseline = plan(evaluation, registry, comparison=comparison)["baseline"]
    assert baseline == {"package": registry_arn(1), "data_version": "serving"}


def test_new_data_is_compared_with_that_of_the_newest_approved_model_where_none_serves(evaluation):
    registry = FakeRegistry({"data_version": "newest"}, {"data_version": "older"})
    assert plan(evaluation, registry)["baseline"] == {"package": registry_arn(0), "data_version": "newest"}


@pytest.mark.parametrize(
    ("packages", "baseline"),
    [([], {"package": "", "data_version": ""}), ([{}], {"package": registry_arn(0), "data_version": ""})],
    ids=["none", "older"],
)
def test_a_plan_without_data_to_compare_with_says_so(evaluation, packages, baseline):
    assert plan(evaluation, FakeRegistry(*packages))["baseline"] == baseline


def test_the_champion_brings_its_decision_threshold(evaluation):
    champion = plan(evaluation, FakeRegistry({"decision_threshold": "0.2"}))["champion"]
    assert champion["decision_threshold"] == 0.2


def test_a_champion_with_other_features_is_not_comparable(evaluation):
    own = evaluation.digest(evaluation.inputs(EVENT["schema"], FEATURES))
    other = evaluation.digest(evaluation.inputs(EVENT["schema"], FEATURES[1:]))
    assert plan(evaluation, FakeRegistry({"features_digest": own}))["champion"]["comparable"]
    champion = plan(evaluation, FakeRegistry({"features_digest": other}))["champion"]
    assert champion == {
        "package": registry_arn(0),
        "comparable": False,
        "why": "it takes other features than the new model",
    }


@pytest.mark.parametrize(
    ("event", "kept"),
    [(EVENT, "$[0,-1]"), (REGRESSION, "$[0,-1]"), (MULTICLASS, "$")],
    ids=["binary", "number", "three"],
)
def test_the_transform_keeps_the_label_and_all_predictions(evaluation, event, kept):
    assert plan(evaluation, FakeRegistry(), schema=event["schema"], comparison=None)["output_filter"] == kept


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": {"roc_auc": {"min": 0.7}}}, "a threshold names 'roc_auc'; the metrics of binary are auc,"),
        ({"comparison": {"metric": "rmse"}}, "the comparison names 'rmse'"),
        ({"schema": EVENT["schema"] | {"task": "ranking"}}, "task 'ranking' is none of binary, multiclass, regression"),
        ({"decision_threshold": {"maximise": "auc"}}, "a decision threshold is chosen by f1,"),
        ({"decision_threshold": {"maximise": "f1"}, "schema": REGRESSION["schema"], "comparison": None}, "binary task"),
    ],
)
def test_settings_that_do_not_fit_the_task_are_refused_before_training(evaluation, changes, message):
    with pytest.raises(evaluation.EvaluationFailed, match=message):
        plan(evaluation, FakeRegistry(), **changes)


def test_a_threshold_to_choose_needs_predictions_on_the_validation_data(evaluation):
    assert plan(evaluation, FakeRegistry(), decision_threshold={"maximise": "mcc"})["choose_threshold"] is True
    assert plan(evaluation, FakeRegistry(), decision_threshold=0.3)["choose_threshold"] is False
