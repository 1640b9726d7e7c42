"""Plans the evaluation of a model before it is trained, measures it afterwards, and decides whether to register it.

All are calls of this function, told apart by `action`. Metrics are calculated with the standard library alone, from
the predictions of batch transforms on the test data. A deployment has it try the model in service.

Event of plan and evaluation:
    action              "plan" or "evaluate"
    schema              of the data: task, label, classes
    hyperparameters     of the training job; `num_class` counts the classes where the schema does not list them
    thresholds          {"auc": {"min": 0.8}, "log_loss": {"max": 0.5}}
    decision_threshold  the probability from which a row counts as positive, or {"maximise": "f1"}: the one at which
                        this metric is greatest on the validation data
    comparison          {"metric": "auc", "max_regression": 0.01}: how much worse than the champion on the same rows a
                        model may be; null compares nothing
    data_bucket, statistics_key
                        what the ETL job wrote of the data set
Event of a plan:
    model_package_group, endpoint_name
                        where the champion is looked up; the endpoint's name is missing where nothing is deployed
Answer of a plan:
    baseline            the champion's package, and the version of the data that it learned from: new data is compared
                        with it, also where the models are not compared
Event of an evaluation:
    bucket              where predictions are read and reports are written
    predictions_prefix, champion_prefix, validation_prefix
                        output of batch transforms: of the model and the champion on the test data, of the model on the
                        validation data; each row begins with the label and ends with the predictions
    champion            as the plan answered
    test_manifest       the list of the test data's files, as the transforms read it
    model_artifact      the s3:// URI of the model's archive, for the importances of its features; may be missing
    report_prefix       where "evaluation.json", "evaluation.html" and "signature.json" go
    lineage             strings to store with the registered package
Event of a trial:
    action              "try"
    endpoint_name       the endpoint that the sample request is sent to
    signature           the s3:// URI of the package's "signature.json", which has the request and its answer
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import champion
import comparison
import html_report
from binary import CHOICES, Binary
from importances import importances
from predictions import EvaluationFailed, read
from sample_request import try_sample
from signature import digest, inputs, label_classes, signature
from tasks import Task, all_metrics, report

logger = logging.getLogger()
logger.setLevel(logging.INFO)

NO_CHAMPION = {"package": "", "comparable": False, "why": ""}
# A package's own properties hold at most 256 characters each.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
LONGEST_PROPERTY = 256
# A failed job describes itself in full, which is more than a person reads.
LONGEST_NOTE = 600


def features_of(s3: Any, event: dict[str, Any]) -> list[str]:
    body = s3.get_object(Bucket=event["data_bucket"], Key=event["statistics_key"])["Body"].read()
    return json.loads(body)["features"]


def check_settings(event: dict[str, Any], task: Task) -> None:
    """Refuses what could not be evaluated, while nothing is trained yet."""
    for name, bounds in (event.get("thresholds") or {}).items():
        task.metric(name, "a threshold")
        unknown = bounds.keys() - {"min", "max"}
        if unknown:
            raise EvaluationFailed(f"threshold {name}: {min(unknown)!r} is neither min nor max")
    if event.get("comparison"):
        task.metric(event["comparison"]["metric"], "the comparison")
    chosen = event.get("decision_threshold")
    if isinstance(chosen, dict):
        if task.name != "binary":
            raise EvaluationFailed("a decision threshold is for the probability of a binary task alone")
        if chosen.get("maximise") not in CHOICES:
            raise EvaluationFailed(f"a decision threshold is chosen by {', '.join(CHOICES)}: {chosen}")


def plan(event: dict[str, Any], s3: Any, sagemaker: Any) -> dict[str, Any]:
    """The predictions that an evaluation needs, the champion to compare with, and the data that it learned from."""
    task = Task.of(event["schema"], event["hyperparameters"])
    check_settings(event, task)
    found = champion.find(sagemaker, event["model_package_group"], event.get("endpoint_name")) or {}
    properties = found.get("CustomerMetadataProperties", {})
    answer = {
        "output_filter": task.output_filter,
        "choose_threshold": isinstance(event.get("decision_threshold"), dict),
        "champion": NO_CHAMPION,
        "baseline": {
            "package": found.get("ModelPackageArn", ""),
            "data_version": properties.get("data_version", ""),
        },
    }
    if found and event.get("comparison"):
        own = digest(inputs(event["schema"], features_of(s3, event)))
        # Packages of version 0.1 do not say what they take: their transform shows it.
        its = properties.get("features_digest", own)
        why = "" if its == own else "it takes other features than the new model"
        answer["champion"] = {"package": found["ModelPackageArn"], "comparable": not why, "why": why}
        if "decision_threshold" in properties:
            answer["champion"]["decision_threshold"] = float(properties["decision_threshold"])
    return answer


def threshold_failures(metrics: dict[str, float], thresholds: dict[str, dict[str, float]]) -> Iterator[str]:
    for name, bounds in thresholds.items():
        if "min" in bounds and metrics[name] < bounds["min"]:
            yield f"{name} is {metrics[name]:.6f}, at least {bounds['min']:g} is required"
        if "max" in bounds and metrics[name] > bounds["max"]:
            yield f"{name} is {metrics[name]:.6f}, at most {bounds['max']:g} is allowed"


def decision_threshold(event: dict[str, Any], task: Task, s3: Any) -> float:
    given = event.get("decision_threshold")
    if isinstance(given, dict):
        validation = read(s3, event["bucket"], event["validation_prefix"], task.width)
        return Binary(validation, 0.5).best_threshold(given["maximise"])
    return 0.5 if given is None else float(given)


def split_uri(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


def first_line(s3: Any, manifest: str) -> str:
    """Of the files that a manifest lists, in the order of the transform's outputs."""
    common, *names = json.load(s3.get_object(**split_uri(manifest))["Body"])
    return next(s3.get_object(**split_uri(common["prefix"] + min(names)))["Body"].iter_lines()).decode()


def evaluate(event: dict[str, Any], s3: Any) -> dict[str, Any]:
    """Reads, measures, compares, reports and decides."""
    task, bucket = Task.of(event["schema"], event["hyperparameters"]), event["bucket"]
    check_settings(event, task)
    threshold = decision_threshold(event, task, s3)
    scored = read(s3, bucket, event["predictions_prefix"], task.width)
    measured = task.measured(scored, threshold)
    metrics = all_metrics(measured)
    document = report(measured, metrics)
    thresholds = event.get("thresholds") or {}
    reasons = list(threshold_failures(metrics, thresholds))

    against, compared, approved = event.get("champion") or NO_CHAMPION, None, {}
    if event.get("comparison") and against["comparable"]:
        # Each model decides at the threshold with which it serves.
        its_threshold = against.get("decision_threshold", threshold)
        old = task.measured(read(s3, bucket, event["champion_prefix"], task.width), its_threshold)
        compared = comparison.compare(task, event["comparison"], (threshold, its_threshold), measured, old)
        approved = all_metrics(old)
        reasons += [compared["refused"]] if compared["refused"] else []
        document["comparison"] = {**compared, "champion_package": against["package"]}
    # Notes for the person who approves; no model is refused for one.
    notes = [f"not compared with {against['package']}: {against['why'][:LONGEST_NOTE]}"] if against["why"] else []

    features = features_of(s3, event)
    fields = inputs(event["schema"], features)
    row = first_line(s3, event["test_manifest"]).split(",", 1)[1]
    sample = {"request": row, "answer": ",".join(map(repr, scored.predictions[: scored.width]))}
    classes = task.classes or label_classes(event["schema"])
    described = signature(event["schema"], features, classes, threshold, sample)
    if event.get("model_artifact"):
        document["feature_importances"] = importances(s3, split_uri(event["model_artifact"]), fields)

    prefix = event["report_prefix"]
    uris = {name: f"s3://{bucket}/{prefix}{name}" for name in ("evaluation.json", "evaluation.html", "signature.json")}
    decision = {
        "register": not reasons,
        "reasons": reasons,
        "notes": notes,
        "rows": len(scored),
        "metrics": metrics,
        "approved_package": against["package"],
        "approved_metrics": approved,
        "comparison": compared,
        "decision_threshold": threshold,
        "report_uri": uris["evaluation.json"],
        "page_uri": uris["evaluation.html"],
        # A package's own properties are strings; repr keeps every digit of a float.
        "metadata": {
            **{name: str(value)[:LONGEST_PROPERTY] for name, value in (event.get("lineage") or {}).items()},
            **{f"metric_{name}": repr(value) for name, value in metrics.items()},
            **({"decision_threshold": repr(threshold)} if task.name == "binary" else {}),
            "features_digest": digest(fields),
            "signature": uris["signature.json"],
        },
    }
    page = html_report.render(decision, document, event)
    for name, text, kind in (
        ("evaluation.json", json.dumps(document, indent=2), "application/json"),
        ("evaluation.html", page, "text/html; charset=utf-8"),
        ("signature.json", json.dumps(described, indent=2), "application/json"),
    ):
        s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=text.encode(), ContentType=kind)
    logger.info(json.dumps({"event": "model-evaluation", **decision}))
    return decision


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    import boto3

    s3 = boto3.client("s3")
    if event["action"] == "plan":
        return plan(event, s3, boto3.client("sagemaker"))
    if event["action"] == "try":
        return try_sample(event, s3, boto3.client("sagemaker-runtime"))
    return evaluate(event, s3)
