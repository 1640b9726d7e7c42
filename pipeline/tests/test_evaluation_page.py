"""The evaluation's page for a person."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from evaluation_cases import EVENT, MULTICLASS, REGRESSION, THREE, Pairs, bucket, scores


class Page(HTMLParser):
    """The text of each element kind, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.drawn = self.dots = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        points = dict(attrs).get("points") or ""
        self.drawn += len(points.split()) if tag == "polyline" else 0
        self.dots += tag == "circle"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def page_of(evaluation, event: dict[str, Any], pairs: Pairs, **others: Pairs) -> tuple[dict[str, Any], Page]:
    s3 = bucket(pairs, **others)
    decision = evaluation.evaluate(event, s3)
    assert decision["page_uri"] == "s3://artifacts/runs/r1/evaluation.html"
    return decision, Page(s3.objects["artifacts/runs/r1/evaluation.html"].decode())


def test_the_page_shows_verdict_metrics_curves_and_origin(evaluation):
    thresholds = {"auc": {"min": 0.5}, "log_loss": {"max": 0.001}}
    event = {**EVENT, "thresholds": thresholds, "lineage": {"training_job": "job-<1>"}}
    decision, page = page_of(evaluation, event, scores(500, 1))
    assert "Not good enough to be registered" in page.of("span")
    assert page.of("li") == decision["reasons"]
    assert f"{decision['metrics']['auc']:.4f}" in page.of("td")
    assert {"≥ 0.5", "≤ 0.001"} <= set(page.of("td"))
    assert page.of("figcaption") == ["ROC curve", "Precision and recall", "Calibration"]
    assert page.drawn > 200
    assert page.of("dd") == ["job-<1>"]


def test_the_page_shows_the_champion_on_the_same_rows_and_the_interval(evaluation):
    champion = {"package": "arn:package/3", "comparable": True, "why": ""}
    event = EVENT | {"comparison": {"metric": "auc"}, "champion": champion}
    decision, page = page_of(evaluation, event, scores(500, 1), champion=[(y, 1 - p) for y, p in scores(500, 1)])
    assert page.of("li") == [decision["comparison"]["told"]]
    assert "with 95 % confidence between +" in page.of("li")[0]
    assert f"{decision['approved_metrics']['auc']:.4f}" in page.of("td")
    assert page.of("dd")[-1] == "arn:package/3"


def test_the_page_says_why_there_was_no_comparison(evaluation):
    champion = {"package": "arn:package/3", "comparable": False, "why": "its files are <gone>"}
    event = EVENT | {"comparison": {"metric": "auc"}, "champion": champion}
    _, page = page_of(evaluation, event, scores(500, 1))
    assert page.of("li") == ["not compared with arn:package/3: its files are <gone>"]


def test_the_page_of_a_regression_draws_predictions_and_sizes_of_errors(evaluation):
    decision, page = page_of(evaluation, REGRESSION, [(1.0, 1.5), (2.0, 1.0), (9.0, 8.0)])
    assert "Good enough to be registered" in page.of("span")
    assert f"{decision['metrics']['rmse']:.4f}" in page.of("td")
    assert page.of("figcaption") == ["Predictions"]
    assert page.dots == 3


def test_the_page_of_several_classes_shows_each_by_its_name(evaluation):
    pairs = [(0, [0.8, 0.1, 0.1]), (1, [0.1, 0.8, 0.1]), (2, [0.1, 0.8, 0.1])]
    _, page = page_of(evaluation, MULTICLASS, pairs)
    assert page.of("th")[-5:] == ["Class", "Rows", "Precision", "Recall", "F1"]
    assert set(THREE) <= set(page.of("td"))
    assert {f"predicted {name}" for name in THREE} <= set(page.of("th"))
