from __future__ import annotations

import json
import random
from html.parser import HTMLParser
from typing import Any

import pytest
from fake_registry import FakeRegistry
from fake_s3 import FakeS3
from sklearn import metrics as sk

EVENT = {
    "task": "binary",
    "bucket": "artifacts",
    "predictions_prefix": "runs/r1/predictions/",
    "report_key": "runs/r1/evaluation.json",
    "thresholds": {},
    "lineage": {"data_version": "d41d"},
}


def scores(rows: int, seed: int, decimals: int = 6) -> list[tuple[int, float]]:
    rng = random.Random(seed)
    labels = [int(rng.random() < 0.3) for _ in range(rows)]
    return [(y, round(min(max(rng.gauss(0.35 + 0.25 * y, 0.2), 0.0), 1.0), decimals)) for y in labels]


def joined(pairs: list[tuple[float, float]], files: int = 3) -> FakeS3:
    objects = {}
    for file in range(files):
        lines = [f"{y},{p}\n" for y, p in pairs[file::files]]
        objects[f"artifacts/runs/r1/predictions/batch=b/part-{file}.csv.out"] = "".join(lines)
    return FakeS3(objects)


@pytest.mark.parametrize(("seed", "decimals"), [(1, 6), (2, 6), (3, 1)], ids=["distinct", "again", "many ties"])
def test_binary_metrics_equal_scikit_learn(evaluation, seed, decimals):
    pairs = scores(2000, seed, decimals)
    found = evaluation.evaluate(EVENT, joined(pairs), None)["metrics"]
    y, p = [y for y, _ in pairs], [p for _, p in pairs]
    hard = [int(v >= 0.5) for v in p]
    fpr, tpr, _ = sk.roc_curve(y, p, drop_intermediate=False)
    expected = {
        "auc": sk.roc_auc_score(y, p),
        "average_precision": sk.average_precision_score(y, p),
        "ks": max(tpr - fpr),
        "balanced_accuracy": sk.balanced_accuracy_score(y, hard),
        "mcc": sk.matthews_corrcoef(y, hard),
        "false_positive_rate": 1 - sk.recall_score(y, hard, pos_label=0),
        "accuracy": sk.accuracy_score(y, hard),
        "precision": sk.precision_score(y, hard),
        "recall": sk.recall_score(y, hard),
        "f1": sk.f1_score(y, hard),
        "log_loss": sk.log_loss(y, p),
        "brier": sk.brier_score_loss(y, p),
    }
    assert found == pytest.approx(expected, abs=1e-12)


def test_regression_metrics_equal_scikit_learn(evaluation):
    rng = random.Random(5)
    pairs = [(y, y + rng.gauss(0, 2)) for y in (rng.gauss(10, 4) for _ in range(500))]
    found = evaluation.evaluate({**EVENT, "task": "regression"}, joined(pairs), None)["metrics"]
    y, p = [y for y, _ in pairs], [p for _, p in pairs]
    expected = {
        "mse": sk.mean_squared_error(y, p),
        "rmse": sk.mean_squared_error(y, p) ** 0.5,
        "mae": sk.mean_absolute_error(y, p),
        "median_absolute_error": sk.median_absolute_error(y, p),
        "max_error": sk.max_error(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p),
        "r2": sk.r2_score(y, p),
    }
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_report_has_the_model_quality_layout(evaluation):
    s3 = joined([(1, 0.9), (1, 0.4), (0, 0.6), (0, 0.1), (0, 0.2)])
    decision = evaluation.evaluate(EVENT, s3, None)
    assert decision["report_uri"] == "s3://artifacts/runs/r1/evaluation.json"
    report = json.loads(s3.objects["artifacts/runs/r1/evaluation.json"])
    section = report["binary_classification_metrics"]
    assert section["confusion_matrix"] == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    assert section["auc"] == {"value": pytest.approx(5 / 6), "standard_deviation": "NaN"}
    assert section["true_positive_rate"] == section["recall"]
    curve = section["receiver_operating_characteristic_curve"]
    assert (curve["false_positive_rates"][0], curve["true_positive_rates"][-1]) == (0.0, 1.0)
    assert sum(cell["rows"] for cell in section["calibration"]) == report["dataset"]["item_count"] == 5


def test_the_other_rates_of_the_layout_equal_scikit_learn(evaluation):
    pairs = scores(2000, 4)
    s3 = joined(pairs)
    evaluation.evaluate(EVENT, s3, None)
    section = json.loads(s3.objects["artifacts/runs/r1/evaluation.json"])["binary_classification_metrics"]
    y, hard = [y for y, _ in pairs], [int(p >= 0.5) for _, p in pairs]
    expected = {
        "f0_5": sk.fbeta_score(y, hard, beta=0.5),
        "f2": sk.fbeta_score(y, hard, beta=2),
        "true_negative_rate": sk.recall_score(y, hard, pos_label=0),
        "false_negative_rate": 1 - sk.recall_score(y, hard),
    }
    assert {name: section[name]["value"] for name in expected} == pytest.approx(expected, abs=1e-12)


class Page(HTMLParser):
    """The text of each element kind, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.drawn = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        points = dict(attrs).get("points") or ""
        self.drawn += len(points.split()) if tag == "polyline" else 0

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def page_of(evaluation, event: dict[str, Any], pairs: list[tuple[float, float]]) -> tuple[dict[str, Any], Page]:
    s3 = joined(pairs)
    decision = evaluation.evaluate(event, s3, None)
    assert decision["page_uri"] == "s3://artifacts/runs/r1/evaluation.html"
    return decision, Page(s3.objects["artifacts/runs/r1/evaluation.html"].decode())


def test_the_page_shows_verdict_metrics_curves_and_origin(evaluation):
    thresholds = {"auc": {"min": 0.5}, "log_loss": {"max": 0.001}}
    event = {**EVENT, "thresholds": thresholds, "lineage": {"training_job": "job-<1>"}}
    decision, page = page_of(evaluation, {**event, "approved_metrics": {"auc": 0.5}}, scores(500, 1))
    assert "Not good enough to be registered" in page.of("span")
    assert page.of("li") == decision["reasons"]
    assert f"{decision['metrics']['auc']:.4f}" in page.of("td")
    assert {"≥ 0.5", "≤ 0.001"} <= set(page.of("td"))
    assert page.of("figcaption") == ["ROC curve", "Precision and recall", "Calibration"]
    assert page.drawn > 200
    assert page.of("dd") == ["job-<1>"]


def test_the_page_of_a_regression_has_no_curves(evaluation):
    decision, page = page_of(evaluation, {**EVENT, "task": "regression"}, [(1.0, 1.5), (2.0, 1.0), (9.0, 8.0)])
    assert "Good enough to be registered" in page.of("span")
    assert f"{decision['metrics']['rmse']:.4f}" in page.of("td")
    assert page.of("figcaption") == []


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
    s3 = joined(pairs)
    metrics = evaluation.evaluate(EVENT, s3, None)["metrics"]
    section = json.loads(s3.objects["artifacts/runs/r1/evaluation.json"])["binary_classification_metrics"]
    roc, retrieval = section["receiver_operating_characteristic_curve"], section["precision_recall_curve"]
    found = area(roc, "false_positive_rates", "true_positive_rates", steps=False)
    assert found == pytest.approx(metrics["auc"], abs=0.005)
    found = area(retrieval, "recalls", "precisions", steps=True)
    assert found == pytest.approx(metrics["average_precision"], abs=0.005)
    for name in ("false_positive_rates", "true_positive_rates"):
        assert (roc[name][0], roc[name][-1], roc[name]) == (0.0, 1.0, sorted(roc[name]))
        assert len(roc[name]) <= 1000


def test_labels_and_predictions_in_separate_files_are_paired_by_name(evaluation):
    pairs = scores(300, 4)
    objects = {}
    for file in range(2):
        part = pairs[file::2]
        objects[f"artifacts/test/part-{file}.csv"] = "".join(f"{y},7,8\n" for y, _ in part)
        objects[f"artifacts/out/part-{file}.csv.out"] = "".join(f"{p}\n" for _, p in part)
    event = {**EVENT, "predictions_prefix": "out/", "labels_prefix": "test/"}
    found = evaluation.evaluate(event, FakeS3(objects), None)["metrics"]
    assert found == evaluation.evaluate(EVENT, joined(pairs), None)["metrics"] | {
        "log_loss": pytest.approx(found["log_loss"]),
        "brier": pytest.approx(found["brier"]),
    }


def test_a_prediction_file_that_is_too_short_is_refused(evaluation):
    s3 = FakeS3({"artifacts/test/a.csv": "1,2\n0,3\n", "artifacts/out/a.csv.out": "0.5\n"})
    event = {**EVENT, "predictions_prefix": "out/", "labels_prefix": "test/"}
    with pytest.raises(evaluation.EvaluationFailed, match=r"out/a\.csv\.out has not as many rows"):
        evaluation.evaluate(event, s3, None)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "no predictions"),
        ([(1, 0.5), (1, 0.6)], "every label is 1"),
        ([(1, 0.5), (3, 0.6)], "found 3"),
        ([(1, 1.5), (0, 0.6)], "outside 0..1"),
        ([(1, "x"), (0, 0.6)], "are not numbers"),
        ([(1, "nan"), (0, 0.6)], "are not finite"),
    ],
)
def test_predictions_that_cannot_be_measured_are_refused(evaluation, pairs, message):
    with pytest.raises(evaluation.EvaluationFailed, match=message):
        evaluation.evaluate(EVENT, joined(pairs, files=1), None)


def test_a_model_below_a_threshold_is_not_registered_and_says_why(evaluation):
    event = {**EVENT, "thresholds": {"auc": {"min": 0.99}, "log_loss": {"max": 0.01}}}
    decision = evaluation.evaluate(event, joined(scores(500, 1)), None)
    assert not decision["register"]
    assert [reason.split(" is ")[0] for reason in decision["reasons"]] == ["auc", "log_loss"]


def test_a_metric_equal_to_its_threshold_is_good_enough(evaluation):
    pairs = [(1, 0.9), (1, 0.4), (0, 0.6), (0, 0.1)]
    decision = evaluation.evaluate({**EVENT, "thresholds": {"auc": {"min": 0.75}}}, joined(pairs), None)
    assert decision["metrics"]["auc"] == 0.75
    assert decision["register"]


@pytest.mark.parametrize("thresholds", [{"auk": {"min": 0.5}}, {"auc": {"mn": 0.5}}])
def test_a_misspelt_threshold_is_an_error_and_not_ignored(evaluation, thresholds):
    with pytest.raises(evaluation.EvaluationFailed, match="threshold"):
        evaluation.evaluate({**EVENT, "thresholds": thresholds}, joined(scores(50, 1)), None)


COMPARED = {**EVENT, "comparison": {"metric": "auc", "max_regression": 0.01}, "model_package_group": "models"}


def test_a_model_worse_than_the_approved_one_is_not_registered(evaluation):
    registry = FakeRegistry({"metric_auc": "0.99", "data_version": "x"}, {"metric_auc": "0.1"})
    decision = evaluation.evaluate(COMPARED, joined(scores(500, 1)), registry)
    assert not decision["register"]
    assert "the approved model has 0.990000" in decision["reasons"][0]
    assert decision["approved_package"] == "arn:0"
    assert registry.listed["ModelApprovalStatus"] == "Approved"


def test_a_model_within_the_tolerance_of_the_approved_one_is_registered(evaluation):
    s3 = joined(scores(500, 1))
    auc = evaluation.evaluate(EVENT, s3, None)["metrics"]["auc"]
    assert evaluation.evaluate(COMPARED, s3, FakeRegistry({"metric_auc": str(auc + 0.009)}))["register"]
    assert not evaluation.evaluate(COMPARED, s3, FakeRegistry({"metric_auc": str(auc + 0.011)}))["register"]


def test_less_error_counts_as_better(evaluation):
    event = {**EVENT, "task": "regression", "comparison": {"metric": "rmse", "max_regression": 0.5}}
    pairs = [(1.0, 2.0), (2.0, 3.0), (4.0, 5.0)]
    better = evaluation.evaluate({**event, "approved_metrics": {"rmse": 9.0}}, joined(pairs), None)
    worse = evaluation.evaluate({**event, "approved_metrics": {"rmse": 0.1}}, joined(pairs), None)
    assert (better["register"], worse["register"]) == (True, False)


def test_the_first_model_of_a_group_has_nothing_to_beat(evaluation):
    assert evaluation.evaluate(COMPARED, joined(scores(500, 1)), FakeRegistry())["register"]


def test_the_metadata_holds_lineage_and_metrics_as_strings_without_loss(evaluation):
    decision = evaluation.evaluate(EVENT, joined(scores(500, 1)), None)
    metadata = decision["metadata"]
    assert metadata["data_version"] == "d41d"
    assert float(metadata["metric_auc"]) == decision["metrics"]["auc"]
    assert all(isinstance(value, str) and len(value) <= 256 for value in metadata.values())
