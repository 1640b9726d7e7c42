from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from evaluation_cases import EVENT, MULTICLASS, REGRESSION, THREE, Pairs, bucket, report_of, scores
from sklearn import metrics as sk


@pytest.mark.parametrize(
    ("seed", "decimals", "share"),
    [(1, 6, 0.3), (2, 6, 0.02), (3, 1, 0.3)],
    ids=["distinct", "rare positives", "many ties"],
)
@pytest.mark.parametrize("threshold", [0.5, 0.31])
def test_binary_metrics_equal_scikit_learn(evaluation, seed, decimals, share, threshold):
    pairs = scores(2000, seed, decimals, share)
    found = evaluation.evaluate({**EVENT, "decision_threshold": threshold}, bucket(pairs))["metrics"]
    y, p = [y for y, _ in pairs], [p for _, p in pairs]
    hard = [int(v >= threshold) for v in p]
    fpr, tpr, _ = sk.roc_curve(y, p, drop_intermediate=False)
    expected = {
        "auc": sk.roc_auc_score(y, p),
        "average_precision": sk.average_precision_score(y, p),
        "ks": max(tpr - fpr),
        "accuracy": sk.accuracy_score(y, hard),
        "balanced_accuracy": sk.balanced_accuracy_score(y, hard),
        "precision": sk.precision_score(y, hard, zero_division=0),
        "recall": sk.recall_score(y, hard),
        "f1": sk.f1_score(y, hard),
        "mcc": sk.matthews_corrcoef(y, hard),
        "false_positive_rate": 1 - sk.recall_score(y, hard, pos_label=0),
        "log_loss": sk.log_loss(y, p),
        "brier": sk.brier_score_loss(y, p),
    }
    assert found == pytest.approx(expected, abs=1e-12)


def probabilities(rows: int, seed: int, labels: int = 3) -> Pairs:
    """Of three classes, of which the first `labels` occur."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, labels, rows)
    given = rng.dirichlet([1, 1, 1], rows) + 0.8 * np.eye(3)[y]
    given /= given.sum(axis=1, keepdims=True)
    return [(int(label), row.tolist()) for label, row in zip(y, given, strict=True)]


@pytest.mark.parametrize("seed", [1, 2])
def test_multiclass_metrics_equal_scikit_learn(evaluation, seed):
    pairs = probabilities(1500, seed)
    s3 = bucket(pairs)
    found = evaluation.evaluate(MULTICLASS, s3)["metrics"]
    y, p = [y for y, _ in pairs], np.array([p for _, p in pairs])
    hard = p.argmax(axis=1)
    expected = {
        "accuracy": sk.accuracy_score(y, hard),
        "balanced_accuracy": sk.balanced_accuracy_score(y, hard),
        "precision_macro": sk.precision_score(y, hard, average="macro"),
        "recall_macro": sk.recall_score(y, hard, average="macro"),
        "f1_macro": sk.f1_score(y, hard, average="macro"),
        "f1_weighted": sk.f1_score(y, hard, average="weighted"),
        "mcc": sk.matthews_corrcoef(y, hard),
        "auc": sk.roc_auc_score(y, p, multi_class="ovr"),
        "log_loss": sk.log_loss(y, p),
    }
    assert found == pytest.approx(expected, abs=1e-12)
    section = report_of(s3)["multiclass_classification_metrics"]
    matrix = sk.confusion_matrix(y, hard)
    assert section["confusion_matrix"] == {
        actual: {said: matrix[i][k] for k, said in enumerate(THREE)} for i, actual in enumerate(THREE)
    }
    assert section["weighted_f2"]["value"] == pytest.approx(sk.fbeta_score(y, hard, beta=2, average="weighted"))
    assert section["classes"]["virginica"]["rows"] == y.count(2)


def test_a_class_that_the_test_data_lack_counts_in_no_mean(evaluation):
    pairs = probabilities(900, 3, labels=2)
    found = evaluation.evaluate(MULTICLASS, bucket(pairs))["metrics"]
    y, p = np.array([y for y, _ in pairs]), np.array([p for _, p in pairs])
    hard = p.argmax(axis=1)
    assert found["balanced_accuracy"] == pytest.approx(np.mean([(hard[y == k] == k).mean() for k in (0, 1)]), abs=1e-12)
    assert found["auc"] == pytest.approx(np.mean([sk.roc_auc_score(y == k, p[:, k]) for k in (0, 1)]), abs=1e-12)
    assert found["f1_macro"] == pytest.approx(sk.f1_score(y, hard, average="macro", zero_division=0), abs=1e-12)


def test_the_classes_are_counted_by_xgboosts_parameter_where_the_schema_lists_none(evaluation):
    label = {"name": "churned", "type": "integer"}
    schema = MULTICLASS["schema"] | {"columns": [label, *MULTICLASS["schema"]["columns"][1:]]}
    event = MULTICLASS | {"schema": schema, "hyperparameters": {"num_class": "3"}}
    s3 = bucket(probabilities(300, 4))
    evaluation.evaluate(event, s3)
    assert list(report_of(s3)["multiclass_classification_metrics"]["classes"]) == ["0", "1", "2"]
    with pytest.raises(evaluation.EvaluationFailed, match="num_class"):
        evaluation.evaluate(event | {"hyperparameters": {}}, s3)
    with pytest.raises(evaluation.EvaluationFailed, match="3 classes, but num_class is 4"):
        evaluation.evaluate(MULTICLASS | {"hyperparameters": {"num_class": "4"}}, s3)


@pytest.mark.parametrize("labels", ["various", "constant"])
@pytest.mark.parametrize("rows", [501, 500])
def test_regression_metrics_equal_scikit_learn(evaluation, labels, rows):
    rng = random.Random(5)
    center = {"various": lambda: rng.gauss(10, 4), "constant": lambda: 3.0}[labels]
    pairs = [(y, y + rng.gauss(0, 2)) for y in (center() for _ in range(rows))]
    s3 = bucket(pairs)
    found = evaluation.evaluate(REGRESSION, s3)["metrics"]
    y, p = [y for y, _ in pairs], [p for _, p in pairs]
    expected = {
        "mse": sk.mean_squared_error(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "mae": sk.mean_absolute_error(y, p),
        "median_absolute_error": sk.median_absolute_error(y, p),
        "max_error": sk.max_error(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p),
        "r2": sk.r2_score(y, p),
    }
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    quantiles = report_of(s3)["regression_metrics"]["absolute_error_quantiles"]
    assert quantiles["1"] == found["max_error"]
    assert quantiles["0.9"] == pytest.approx(np.quantile(np.abs(np.subtract(p, y)), 0.9, method="higher"))


def test_a_quantity_that_is_0_has_a_relative_error_all_the_same(evaluation):
    found = evaluation.evaluate(REGRESSION, bucket([(0.0, 1.0), (2.0, 1.0)], files=1))["metrics"]
    assert found["mape"] == sk.mean_absolute_percentage_error([0.0, 2.0], [1.0, 1.0])


def area(points: dict[str, list[float]], x: str, y: str, *, steps: bool) -> float:
    xs, ys = points[x], points[y]
    spans = [(xs[i] - xs[i - 1], ys[i], ys[i - 1]) for i in range(1, len(xs))]
    return sum(width * (high if steps else (high + low) / 2) for width, high, low in spans)


@pytest.mark.parametrize(("share", "rows"), [(0.002, 200_000), (0.3, 5000)])
def test_the_reported_curves_have_the_areas_of_all_points(evaluation, share, rows):
    """Also where positives are so rare that most ranks are far behind the last of them."""
    rng = random.Random(7)
    labels = [int(rng.random() < share) for _ in range(rows)]
    logits = [rng.gauss(4.0 if y else 0.0, 1.0) - 5 for y in labels]
    pairs = [(y, 1 / (1 + 2.718281828**-z)) for y, z in zip(labels, logits, strict=True)]
    s3 = bucket(pairs)
    metrics = evaluation.evaluate(EVENT, s3)["metrics"]
    section = report_of(s3)["binary_classification_metrics"]
    roc, retrieval = section["receiver_operating_characteristic_curve"], section["precision_recall_curve"]
    assert area(roc, "false_positive_rates", "true_positive_rates", steps=False) == pytest.approx(
        metrics["auc"], abs=0.005
    )
    assert area(retrieval, "recalls", "precisions", steps=True) == pytest.approx(
        metrics["average_precision"], abs=0.005
    )
    for name in ("false_positive_rates", "true_positive_rates"):
        assert (roc[name][0], roc[name][-1], roc[name]) == (0.0, 1.0, sorted(roc[name]))
        assert len(roc[name]) <= 1000


def test_the_decision_threshold_is_chosen_on_the_validation_data(evaluation):
    """scikit-learn's threshold with the best value on the validation data is used on the test data."""
    test, validation = scores(2000, 1, share=0.1), scores(2000, 2, share=0.1)
    y, p = [y for y, _ in validation], [p for _, p in validation]
    precision, recall, thresholds = sk.precision_recall_curve(y, p)
    f1 = [2 * a * b / (a + b) if a + b else 0 for a, b in zip(precision, recall, strict=True)]
    best = thresholds[int(np.argmax(f1[:-1]))]
    event = {**EVENT, "decision_threshold": {"maximise": "f1"}}
    decision = evaluation.evaluate(event, bucket(test, validation=validation))
    assert decision["decision_threshold"] == best != 0.5
    hard = [int(v >= best) for _, v in test]
    assert decision["metrics"]["recall"] == pytest.approx(sk.recall_score([y for y, _ in test], hard), abs=1e-12)
    assert float(decision["metadata"]["decision_threshold"]) == best


def test_the_report_has_the_model_quality_layout(evaluation):
    s3 = bucket([(1, 0.9), (1, 0.4), (0, 0.6), (0, 0.1), (0, 0.2)])
    decision = evaluation.evaluate(EVENT, s3)
    assert decision["report_uri"] == "s3://artifacts/runs/r1/evaluation.json"
    report = report_of(s3)
    section = report["binary_classification_metrics"]
    assert section["confusion_matrix"] == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    assert section["auc"] == {"value": pytest.approx(5 / 6), "standard_deviation": "NaN"}
    assert section["true_positive_rate"] == section["recall"]
    assert sum(cell["rows"] for cell in section["calibration"]) == report["dataset"]["item_count"] == 5


def test_the_other_rates_of_the_layout_equal_scikit_learn(evaluation):
    pairs = scores(2000, 4)
    s3 = bucket(pairs)
    evaluation.evaluate(EVENT, s3)
    section = report_of(s3)["binary_classification_metrics"]
    y, hard = [y for y, _ in pairs], [int(p >= 0.5) for _, p in pairs]
    expected = {
        "f0_5": sk.fbeta_score(y, hard, beta=0.5),
        "f2": sk.fbeta_score(y, hard, beta=2),
        "true_negative_rate": sk.recall_score(y, hard, pos_label=0),
        "false_negative_rate": 1 - sk.recall_score(y, hard),
    }
    assert {name: section[name]["value"] for name in expected} == pytest.approx(expected, abs=1e-12)


def strict(text: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("event", "pairs"),
    [(EVENT, scores(50, 1)), (MULTICLASS, probabilities(50, 1)), (REGRESSION, [(1.0, 1.0), (1.0, 1.0)])],
    ids=["binary", "multiclass", "regression"],
)
def test_reports_are_json_without_infinities(evaluation, event, pairs):
    s3 = bucket(pairs)
    evaluation.evaluate(event, s3)
    for name in ("evaluation.json", "signature.json"):
        strict(s3.objects[f"artifacts/runs/r1/{name}"])


@pytest.mark.parametrize(
    ("event", "pairs", "message"),
    [
        (EVENT, [], "no predictions"),
        (EVENT, [(1, 0.5), (1, 0.6)], "every label is 1"),
        (EVENT, [(1, 0.5), (3, 0.6)], "found 3"),
        (EVENT, [(1, 1.5), (0, 0.6)], "outside 0..1"),
        (EVENT, [(1, "x"), (0, 0.6)], "are not numbers"),
        (EVENT, [(1, float("nan")), (0, 0.6)], "are not finite"),
        (REGRESSION, [(1, float("inf")), (0, 0.6)], "are not finite"),
        (MULTICLASS, [(3, [0.1, 0.2, 0.7])], "the label 3 is none of the 3 classes"),
        (MULTICLASS, [(0.5, [0.1, 0.2, 0.7])], r"the label 0\.5 is none of"),
        (MULTICLASS, [(1, 2.0)], "1 fields after the label, 3 predictions expected"),
        (MULTICLASS, [(1, [0.1, 0.2, 0.1])], "do not add up to 1.*multi:softprob"),
        (MULTICLASS, [(1, [0.1, 0.2, 0.7])], "every label is 1"),
    ],
)
def test_predictions_that_cannot_be_measured_are_refused(evaluation, event, pairs, message):
    with pytest.raises(evaluation.EvaluationFailed, match=message):
        evaluation.evaluate(event, bucket(pairs, files=1))
