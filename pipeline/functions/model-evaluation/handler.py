"""Measures a model on its batch predictions and decides whether to register it.

Streams the predictions from S3, computes the metrics with the standard library alone,
holds them against thresholds and against the approved package of the group, writes a
report in SageMaker's model-quality layout, the same as a page for a person beside it,
and returns the decision.

Event:
    task                binary or regression
    bucket              where predictions are read and the report is written
    predictions_prefix  batch transform output; each row is "label,…,prediction" when the
                        transform joined its input, else the prediction alone
    labels_prefix       only for transforms that did not join: the transform's input, whose
                        first field is the label; `<key>.out` holds the predictions of `<key>`
    report_key          where the report goes, "….json"; the page goes to "….html"
    thresholds          {"auc": {"min": 0.8}, "log_loss": {"max": 0.5}}
    decision_threshold  probability from which a row counts as positive, 0.5 unless given
    comparison          {"metric": "auc", "max_regression": 0.01}: how much worse than the
                        approved package a candidate may be; null compares nothing
    approved_metrics    the approved package's metrics, when the caller knows them
    model_package_group where to look them up otherwise
    lineage             strings to store with the registered package
"""

from __future__ import annotations

import csv
import json
import logging
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import html_report

logger = logging.getLogger()
logger.setLevel(logging.INFO)

# Metrics of which less is better; of all others more is better.
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "mse", "false_positive_rate"})
CURVE_POINTS = 101
CALIBRATION_BINS = 10
# The machine epsilon of a double: the least distance from 0 and 1 that log-loss allows.
PROBABILITY_MARGIN = 2.0**-52


class EvaluationFailed(Exception):
    """The predictions cannot be measured: none, unpaired, or not numbers."""


@dataclass
class Scored:
    """Labels and predictions in the order read: 16 bytes a row."""

    labels: array[float]
    predictions: array[float]

    @staticmethod
    def empty() -> Scored:
        return Scored(array("d"), array("d"))

    def append(self, label: str, prediction: str, where: str) -> None:
        try:
            y, p = float(label), float(prediction)
        except ValueError:
            raise EvaluationFailed(f"{where}: {label!r},{prediction!r} are not two numbers") from None
        if not (math.isfinite(y) and math.isfinite(p)):
            raise EvaluationFailed(f"{where}: {label!r},{prediction!r} are not finite")
        self.labels.append(y)
        self.predictions.append(p)

    def __len__(self) -> int:
        return len(self.labels)


def divide(numerator: float, denominator: float) -> float:
    """0 where a rate has no cases, as scikit-learn's zero_division=0 has it."""
    return numerator / denominator if denominator else 0.0


@dataclass(frozen=True)
class Confusion:
    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @staticmethod
    def count(scored: Scored, threshold: float) -> Confusion:
        cells = [0, 0, 0, 0]
        for label, prediction in zip(scored.labels, scored.predictions, strict=True):
            cells[2 * (label == 1.0) + (prediction >= threshold)] += 1
        return Confusion(*cells)

    @property
    def rows(self) -> int:
        return self.true_negative + self.false_positive + self.false_negative + self.true_positive

    def f_score(self, beta: float) -> float:
        """Recall counts `beta` times as much as precision."""
        weighted = (1 + beta**2) * self.true_positive
        return divide(weighted, weighted + beta**2 * self.false_negative + self.false_positive)

    def rates(self) -> dict[str, float]:
        precision = divide(self.true_positive, self.true_positive + self.false_positive)
        recall = divide(self.true_positive, self.true_positive + self.false_negative)
        return {
            "accuracy": divide(self.true_positive + self.true_negative, self.rows),
            "precision": precision,
            "recall": recall,
            "f1": self.f_score(1.0),
            "false_positive_rate": divide(self.false_positive, self.false_positive + self.true_negative),
        }


@dataclass(frozen=True)
class Curve:
    """Cumulative (false positives, true positives) at each distinct score, from the highest down."""

    points: list[tuple[int, int]]
    negatives: int
    positives: int

    @staticmethod
    def trace(scored: Scored) -> Curve:
        order = sorted(range(len(scored)), key=scored.predictions.__getitem__, reverse=True)
        points, false_positives, true_positives = [(0, 0)], 0, 0
        for position, row in enumerate(order):
            if scored.labels[row] == 1.0:
                true_positives += 1
            else:
                false_positives += 1
            last = position + 1 == len(order)
            # Rows with one score are inseparable: only the whole group makes a point.
            if last or scored.predictions[order[position + 1]] != scored.predictions[row]:
                points.append((false_positives, true_positives))
        return Curve(points, false_positives, true_positives)

    def area(self) -> float:
        """Area under the ROC curve by trapezoids, exact in integers until the division."""
        doubled = sum((x1 - x0) * (y1 + y0) for (x0, y0), (x1, y1) in zip(self.points, self.points[1:], strict=False))
        return doubled / (2 * self.negatives * self.positives)

    def thinned(self) -> list[tuple[int, int]]:
        """At most `CURVE_POINTS` points, both ends kept: enough to draw."""
        last = len(self.points) - 1
        if last < CURVE_POINTS:
            return self.points
        return [self.points[round(i * last / (CURVE_POINTS - 1))] for i in range(CURVE_POINTS)]


def log_loss(scored: Scored) -> float:
    total = 0.0
    terms = []
    for label, prediction in zip(scored.labels, scored.predictions, strict=True):
        p = min(max(prediction, PROBABILITY_MARGIN), 1.0 - PROBABILITY_MARGIN)
        terms.append(-math.log(p if label == 1.0 else 1.0 - p))
        if len(terms) == 65_536:
            total, terms = math.fsum([total, *terms]), []
    return math.fsum([total, *terms]) / len(scored)


def calibration(scored: Scored) -> list[dict[str, float]]:
    """Per tenth of probability: rows, mean prediction and share of positives."""
    bins = [[0, 0.0, 0] for _ in range(CALIBRATION_BINS)]
    for label, prediction in zip(scored.labels, scored.predictions, strict=True):
        cell = bins[min(int(prediction * CALIBRATION_BINS), CALIBRATION_BINS - 1)]
        cell[0], cell[1], cell[2] = cell[0] + 1, cell[1] + prediction, cell[2] + int(label)
    return [{"rows": n, "predicted": s / n, "observed": k / n} for n, s, k in bins if n]


def check_binary(scored: Scored) -> None:
    classes = set(scored.labels)
    if not classes <= {0.0, 1.0}:
        raise EvaluationFailed(f"a binary label is 0 or 1, found {sorted(classes - {0.0, 1.0})[0]:g}")
    if len(classes) < 2:
        raise EvaluationFailed(f"every label is {next(iter(classes)):g}: ranking cannot be measured")
    if min(scored.predictions) < 0.0 or max(scored.predictions) > 1.0:
        raise EvaluationFailed("predictions outside 0..1: a binary model must give probabilities")


def binary_metrics(scored: Scored, threshold: float) -> tuple[dict[str, float], dict[str, Any]]:
    """The metrics, and the parts of the report beyond single numbers."""
    check_binary(scored)
    confusion, curve = Confusion.count(scored, threshold), Curve.trace(scored)
    brier = math.fsum((p - y) ** 2 for y, p in zip(scored.labels, scored.predictions, strict=True)) / len(scored)
    metrics = {"auc": curve.area(), **confusion.rates(), "log_loss": log_loss(scored), "brier": brier}
    points = curve.thinned()
    negatives, positives = curve.negatives, curve.positives
    details = {
        **{
            name: {"value": value, "standard_deviation": "NaN"}
            for name, value in (
                ("f0_5", confusion.f_score(0.5)),
                ("f2", confusion.f_score(2.0)),
                ("true_negative_rate", confusion.true_negative / negatives),
                ("false_negative_rate", confusion.false_negative / positives),
            )
        },
        "confusion_matrix": {
            "0": {"0": confusion.true_negative, "1": confusion.false_positive},
            "1": {"0": confusion.false_negative, "1": confusion.true_positive},
        },
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [x / negatives for x, _ in points],
            "true_positive_rates": [y / positives for _, y in points],
        },
        "precision_recall_curve": {
            "precisions": [y / (x + y) if x + y else 1.0 for x, y in points],
            "recalls": [y / positives for _, y in points],
        },
        "calibration": calibration(scored),
    }
    return metrics, details


def regression_metrics(scored: Scored) -> dict[str, float]:
    n = len(scored)
    errors = [p - y for y, p in zip(scored.labels, scored.predictions, strict=True)]
    squares = math.fsum(e * e for e in errors)
    mean = math.fsum(scored.labels) / n
    variance = math.fsum((y - mean) ** 2 for y in scored.labels)
    metrics = {"mse": squares / n, "rmse": math.sqrt(squares / n), "mae": math.fsum(map(abs, errors)) / n}
    if variance:
        metrics["r2"] = 1.0 - squares / variance
    return metrics


def measure(scored: Scored, task: str, threshold: float) -> tuple[dict[str, float], dict[str, Any]]:
    """Metrics by name, and the report in the layout of SageMaker's model-quality statistics."""
    if not len(scored):
        raise EvaluationFailed("there are no predictions to measure")
    if task == "binary":
        metrics, details = binary_metrics(scored, threshold)
        names = {"recall": "true_positive_rate"}
        section = "binary_classification_metrics"
    elif task == "regression":
        metrics, details, names, section = regression_metrics(scored), {}, {}, "regression_metrics"
    else:
        raise EvaluationFailed(f"task {task!r} is neither binary nor regression")
    # The layout requires a deviation; from one test set there is none to give.
    values = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
    values |= {alias: values[name] for name, alias in names.items()}
    return metrics, {"version": 0.0, "dataset": {"item_count": len(scored)}, section: {**values, **details}}


def threshold_failures(metrics: dict[str, float], thresholds: dict[str, dict[str, float]]) -> Iterator[str]:
    for name, bounds in thresholds.items():
        if name not in metrics:
            raise EvaluationFailed(f"a threshold names {name!r}; the metrics are {', '.join(metrics)}")
        unknown = bounds.keys() - {"min", "max"}
        if unknown:
            raise EvaluationFailed(f"threshold {name}: {min(unknown)!r} is neither min nor max")
        if "min" in bounds and metrics[name] < bounds["min"]:
            yield f"{name} is {metrics[name]:.6f}, at least {bounds['min']:g} is required"
        if "max" in bounds and metrics[name] > bounds["max"]:
            yield f"{name} is {metrics[name]:.6f}, at most {bounds['max']:g} is allowed"


def regression_failures(
    metrics: dict[str, float], approved: dict[str, float], comparison: dict[str, Any]
) -> Iterator[str]:
    """The reason, if the candidate is worse than the approved model by more than is tolerated."""
    name, tolerance = comparison["metric"], comparison.get("max_regression", 0.0)
    if name not in metrics:
        raise EvaluationFailed(f"the comparison names {name!r}; the metrics are {', '.join(metrics)}")
    if name not in approved:
        return
    gain = metrics[name] - approved[name]
    if name in LOWER_IS_BETTER:
        gain = -gain
    if gain < -tolerance:
        yield (
            f"{name} is {metrics[name]:.6f}, the approved model has {approved[name]:.6f} "
            f"and at most {tolerance:g} worse is allowed"
        )


def approved_package(sagemaker: Any, group: str) -> tuple[str, dict[str, float]] | None:
    """ARN and metrics of the group's newest approved package; None when none is approved."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    # A page can be empty and still have a successor.
    newest = next((s for page in pages for s in page["ModelPackageSummaryList"]), None)
    if newest is None:
        return None
    arn = newest["ModelPackageArn"]
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    metrics: dict[str, float] = {}
    for name, text in package.get("CustomerMetadataProperties", {}).items():
        if name.startswith("metric_"):
            metrics[name.removeprefix("metric_")] = float(text)
    return arn, metrics


def list_keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"] > 0)


def rows_of(s3: Any, bucket: str, key: str) -> Iterator[list[str]]:
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
    return (row for row in csv.reader(line.decode("utf-8") for line in lines) if row)


def read_joined(s3: Any, bucket: str, prefix: str) -> Scored:
    """Rows that hold the label first and the prediction last."""
    scored = Scored.empty()
    for key in list_keys(s3, bucket, prefix):
        for number, row in enumerate(rows_of(s3, bucket, key), start=1):
            if len(row) < 2:
                raise EvaluationFailed(f"{key}, row {number}: no label beside the prediction")
            scored.append(row[0], row[-1], f"{key}, row {number}")
    return scored


def read_paired(s3: Any, bucket: str, predictions_prefix: str, labels_prefix: str) -> Scored:
    """Labels from the transform's input files, predictions from the outputs of the same names."""
    scored = Scored.empty()
    for labels_key in list_keys(s3, bucket, labels_prefix):
        key = f"{predictions_prefix}{labels_key.removeprefix(labels_prefix)}.out"
        pairs = zip(rows_of(s3, bucket, labels_key), rows_of(s3, bucket, key), strict=True)
        try:
            for number, (label, prediction) in enumerate(pairs, start=1):
                scored.append(label[0], prediction[-1], f"{key}, row {number}")
        except ValueError:
            raise EvaluationFailed(f"{key} has not as many rows as {labels_key}") from None
    return scored


def evaluate(event: dict[str, Any], s3: Any, sagemaker: Any) -> dict[str, Any]:
    """Reads, measures, reports and decides. `sagemaker` is asked only when metrics to compare are not given."""
    bucket = event["bucket"]
    if event.get("labels_prefix"):
        scored = read_paired(s3, bucket, event["predictions_prefix"], event["labels_prefix"])
    else:
        scored = read_joined(s3, bucket, event["predictions_prefix"])
    metrics, report = measure(scored, event["task"], event.get("decision_threshold") or 0.5)
    reasons = list(threshold_failures(metrics, event.get("thresholds") or {}))

    comparison, approved_arn, approved = event.get("comparison"), "", event.get("approved_metrics")
    if comparison:
        if approved is None and event.get("model_package_group"):
            found = approved_package(sagemaker, event["model_package_group"])
            approved_arn, approved = found or ("", None)
        reasons += regression_failures(metrics, approved or {}, comparison)

    key = event["report_key"]
    page_key = key.removesuffix(".json") + ".html"
    decision = {
        "register": not reasons,
        "reasons": reasons,
        "rows": len(scored),
        "metrics": metrics,
        "approved_package": approved_arn,
        "approved_metrics": approved or {},
        "report_uri": f"s3://{bucket}/{key}",
        "page_uri": f"s3://{bucket}/{page_key}",
        # A package's own properties are strings; repr keeps every digit of a float.
        "metadata": {
            **(event.get("lineage") or {}),
            **{f"metric_{name}": repr(value) for name, value in metrics.items()},
        },
    }
    body = json.dumps(report, indent=2).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    page = html_report.render(decision, report, event).encode()
    s3.put_object(Bucket=bucket, Key=page_key, Body=page, ContentType="text/html; charset=utf-8")
    logger.info(json.dumps({"event": "model-evaluation", **decision}))
    return decision


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    import boto3

    return evaluate(event, boto3.client("s3"), boto3.client("sagemaker"))
