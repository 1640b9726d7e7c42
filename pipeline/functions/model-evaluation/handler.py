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

import json
import logging
from collections.abc import Iterator
from typing import Any

import html_report
from binary import Binary
from predictions import EvaluationFailed, Scored, list_keys, rows_of
from regression import Regression

logger = logging.getLogger()
logger.setLevel(logging.INFO)

# Metrics of which less is better; of all others more is better.
LOWER_IS_BETTER = frozenset(
    {"log_loss", "brier", "rmse", "mae", "mse", "median_absolute_error", "max_error", "mape", "false_positive_rate"}
)


def measure(scored: Scored, task: str, threshold: float) -> tuple[dict[str, float], dict[str, Any]]:
    """Metrics by name, and the report in the layout of SageMaker's model-quality statistics."""
    if not len(scored):
        raise EvaluationFailed("there are no predictions to measure")
    if task == "binary":
        measured: Binary | Regression = Binary(scored, threshold)
    elif task == "regression":
        measured = Regression(scored)
    else:
        raise EvaluationFailed(f"task {task!r} is neither binary nor regression")
    metrics = {name: metric(measured) for name, metric in measured.METRICS.items()}
    # The layout requires a deviation; from one test set there is none to give.
    values = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
    section = {**values, **measured.details()}
    return metrics, {"version": 0.0, "dataset": {"item_count": len(scored)}, measured.SECTION: section}


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


def read_joined(s3: Any, bucket: str, prefix: str) -> Scored:
    """Rows that hold the label first and the prediction last."""
    scored = Scored.empty()
    for key in list_keys(s3, bucket, prefix):
        for number, row in enumerate(rows_of(s3, bucket, key), start=1):
            if len(row) < 2:
                raise EvaluationFailed(f"{key}, row {number}: no label beside the prediction")
            scored.append(row, f"{key}, row {number}")
    return scored


def read_paired(s3: Any, bucket: str, predictions_prefix: str, labels_prefix: str) -> Scored:
    """Labels from the transform's input files, predictions from the outputs of the same names."""
    scored = Scored.empty()
    for labels_key in list_keys(s3, bucket, labels_prefix):
        key = f"{predictions_prefix}{labels_key.removeprefix(labels_prefix)}.out"
        pairs = zip(rows_of(s3, bucket, labels_key), rows_of(s3, bucket, key), strict=True)
        try:
            for number, (label, prediction) in enumerate(pairs, start=1):
                scored.append([label[0], prediction[-1]], f"{key}, row {number}")
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
