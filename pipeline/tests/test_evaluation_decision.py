"""When a model is registered: thresholds, and the champion on the same rows."""

from __future__ import annotations

import json
import random
import sys

import pytest
from evaluation_cases import EVENT, FEATURES, REGRESSION, Pairs, bucket, scores

CHAMPION = {"package": "arn:package/3", "comparable": True, "why": ""}
COMPARED = EVENT | {"comparison": {"metric": "auc", "max_regression": 0.01}, "champion": CHAMPION}


def test_a_model_below_a_threshold_is_not_registered_and_says_why(evaluation):
    event = {**EVENT, "thresholds": {"auc": {"min": 0.99}, "log_loss": {"max": 0.01}}}
    decision = evaluation.evaluate(event, bucket(scores(500, 1)))
    assert not decision["register"]
    assert [reason.split(" is ")[0] for reason in decision["reasons"]] == ["auc", "log_loss"]


def test_a_metric_equal_to_its_threshold_is_good_enough(evaluation):
    pairs = [(1, 0.9), (1, 0.4), (0, 0.6), (0, 0.1)]
    decision = evaluation.evaluate({**EVENT, "thresholds": {"auc": {"min": 0.75}}}, bucket(pairs))
    assert decision["metrics"]["auc"] == 0.75
    assert decision["register"]


@pytest.mark.parametrize("thresholds", [{"auk": {"min": 0.5}}, {"auc": {"mn": 0.5}}, {"rmse": {"max": 1}}])
def test_a_misspelt_threshold_is_an_error_and_not_ignored(evaluation, thresholds):
    with pytest.raises(evaluation.EvaluationFailed, match="threshold"):
        evaluation.evaluate({**EVENT, "thresholds": thresholds}, bucket(scores(50, 1)))


def worse(pairs: Pairs, share: float, seed: int) -> Pairs:
    """The predictions of a model that knows nothing of a share of the rows."""
    rng = random.Random(seed)
    return [(y, rng.random() if rng.random() < share else p) for y, p in pairs]


def test_a_model_worse_than_the_champion_on_the_same_rows_is_not_registered(evaluation):
    old = scores(2000, 1)
    decision = evaluation.evaluate(COMPARED, bucket(worse(old, 0.5, 2), champion=old))
    assert not decision["register"]
    (reason,) = decision["reasons"]
    assert reason.startswith(f"auc is {decision['metrics']['auc']:.6f}, the approved model has ")
    assert reason.endswith("at most 0.01 worse is allowed")


def test_a_champion_that_was_better_on_its_own_old_data_does_not_stand_in_the_way(evaluation):
    """The world changed: what counts is today's test data."""
    new = scores(2000, 1)
    decision = evaluation.evaluate(COMPARED, bucket(new, champion=worse(new, 0.5, 2)))
    assert decision["register"]
    assert decision["comparison"]["difference"] > 0.05
    assert decision["approved_metrics"]["auc"] == decision["comparison"]["champion"]


def test_a_model_within_the_tolerance_is_registered(evaluation):
    old = scores(2000, 1)
    s3 = bucket(worse(old, 0.1, 2), champion=old)
    lost = -evaluation.evaluate(COMPARED, s3)["comparison"]["difference"]
    assert lost > 0
    for tolerance, good in [(lost + 1e-9, True), (lost - 1e-9, False)]:
        event = COMPARED | {"comparison": {"metric": "auc", "max_regression": tolerance}}
        assert evaluation.evaluate(event, s3)["register"] is good


def test_the_champion_is_measured_at_its_own_decision_threshold(evaluation):
    pairs = [(1, 0.3), (1, 0.25), (0, 0.1), (0, 0.05)] * 50
    s3 = bucket([(y, p + 0.5 * y * (i % 3 > 0)) for i, (y, p) in enumerate(pairs)], champion=pairs)
    event = COMPARED | {"comparison": {"metric": "f1", "max_regression": 0.01}}
    decision = evaluation.evaluate(event | {"champion": CHAMPION | {"decision_threshold": 0.2}}, s3)
    assert (decision["comparison"]["champion"], decision["register"]) == (1.0, False)
    assert evaluation.evaluate(event, s3)["register"], "at the threshold of the new model, the champion finds nothing"


def test_less_error_counts_as_better(evaluation):
    event = {**REGRESSION, "champion": CHAMPION, "comparison": {"metric": "rmse", "max_regression": 0.5}}
    near, far = [(1.0, 1.1), (2.0, 2.1), (4.0, 4.1)], [(1.0, 9.0), (2.0, 9.0), (4.0, 9.0)]
    assert evaluation.evaluate(event, bucket(near, champion=far))["register"]
    assert not evaluation.evaluate(event, bucket(far, champion=near))["register"]


def test_the_interval_holds_the_true_difference_and_is_the_same_each_time(evaluation):
    old = scores(1500, 1)
    s3 = bucket(worse(old, 0.2, 2), champion=old)
    first, second = (evaluation.evaluate(COMPARED, s3)["comparison"] for _ in range(2))
    assert first == second
    low, high = first["interval"]
    assert low < first["difference"] < high
    # That of the whole population, from a test set so large that chance plays no part.
    many = scores(60_000, 11)
    truth = [evaluation.evaluate(EVENT, bucket(pairs))["metrics"]["auc"] for pairs in (worse(many, 0.2, 12), many)]
    assert low < truth[0] - truth[1] < high
    assert high - low < 0.08


def test_the_interval_of_a_large_test_set_is_as_narrow_as_its_rows_allow(evaluation, monkeypatch):
    monkeypatch.setattr(sys.modules["comparison"], "DRAWN_ROWS", 1000)

    def width(rows: int) -> float:
        old = scores(rows, 1)
        low, high = evaluation.evaluate(COMPARED, bucket(worse(old, 0.2, 2), champion=old))["comparison"]["interval"]
        return high - low

    # Sixteen times as many rows, of which each draw takes no more than before: a quarter of the width.
    assert width(14_400) == pytest.approx(width(900) / 4, rel=0.25)


def test_a_champion_that_cannot_be_scored_refuses_nothing_and_is_told(evaluation):
    champion = {"package": "arn:package/3", "comparable": False, "why": "it takes other features than the new model"}
    decision = evaluation.evaluate(COMPARED | {"champion": champion}, bucket(scores(500, 1)))
    assert decision["register"]
    assert decision["notes"] == ["not compared with arn:package/3: it takes other features than the new model"]
    assert decision["comparison"] is None


def test_a_champion_scored_on_other_rows_is_an_error(evaluation):
    with pytest.raises(evaluation.EvaluationFailed, match="same rows"):
        evaluation.evaluate(COMPARED, bucket(scores(500, 1), champion=scores(500, 2)))


def test_the_metadata_holds_lineage_and_metrics_as_strings_without_loss(evaluation):
    decision = evaluation.evaluate(EVENT, bucket(scores(500, 1)))
    metadata = decision["metadata"]
    assert metadata["data_version"] == "d41d"
    assert float(metadata["metric_auc"]) == decision["metrics"]["auc"]
    assert all(isinstance(value, str) and len(value) <= 256 for value in metadata.values())
    assert len(metadata) <= 50


def test_the_signature_says_how_each_input_is_made_and_shows_a_request_with_its_answer(evaluation):
    pairs = scores(500, 1)
    s3 = bucket(pairs)
    decision = evaluation.evaluate(EVENT, s3)
    assert decision["metadata"]["signature"] == "s3://artifacts/runs/r1/signature.json"
    signature = json.loads(s3.objects["artifacts/runs/r1/signature.json"])
    assert [field["name"] for field in signature["inputs"]] == FEATURES
    assert signature["inputs"][2] == {
        "name": "plan=pro",
        "column": "plan",
        "type": "string",
        "encoding": "1 for the value, otherwise 0",
        "value": "pro",
    }
    assert signature["inputs"][3]["encoding"] == "seconds since 1970, UTC"
    assert (signature["version"], signature["schema"]) == (2, EVENT["schema"])
    assert signature["sample"] == {"request": "7,1,0,1000", "answer": repr(pairs[0][1])}
    assert "classes" not in signature


def test_the_signature_of_a_binary_task_names_the_classes_that_its_label_lists(evaluation):
    s3 = bucket(scores(500, 1))
    label = {"name": EVENT["schema"]["label"], "type": "string", "values": ["stays", "leaves"]}
    columns = [column for column in EVENT["schema"]["columns"] if column["name"] != label["name"]]
    evaluation.evaluate({**EVENT, "schema": {**EVENT["schema"], "columns": [*columns, label]}}, s3)
    signature = json.loads(s3.objects["artifacts/runs/r1/signature.json"])
    assert signature["classes"] == ["stays", "leaves"]
