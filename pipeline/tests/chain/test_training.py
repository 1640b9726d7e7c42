"""The definition, the ETL script, the functions and the image at work together: raw files to a registered model."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from account import VALUES, Account, Execution
from container_jobs import location
from sklearn import metrics as sk

TO_VALIDATION = ["Defaults", "ApplyInput", "ChooseLoad", "SnapshotLoad", "ExtractTransformLoad", "ValidateData"]
TO_VERDICT = [*TO_VALIDATION, "HasFeatureGroups", "Train", "CreateModel", "Predict", "Evaluate", "GoodEnough"]


@pytest.fixture(scope="module")
def registered(account) -> Execution:
    # What EventBridge sends when a file was uploaded: nothing in it overrides anything.
    return account.execute("training.asl.json", VALUES, {"source": "aws.s3", "detail": {"object": {"key": "raw/x"}}})


@pytest.fixture(scope="module")
def package(account, registered) -> dict[str, Any]:
    assert registered.status == "SUCCEEDED", registered.cause
    return account.package(registered.notification["model_package"])


def dataset(package: dict[str, Any]) -> str:
    return package["CustomerMetadataProperties"]["dataset"]


def booster(account: Account, package: dict[str, Any]) -> xgb.Booster:
    (container,) = package["InferenceSpecification"]["Containers"]
    bucket, key = location(container["ModelDataUrl"])
    archive = account.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (member,) = tar.getmembers()
        return xgb.Booster(model_file=bytearray(tar.extractfile(member).read()))


def rows(account: Account, package: dict[str, Any], split: str) -> np.ndarray:
    files = account.objects("data", f"processed/csv/{dataset(package)}/{split}/")
    return np.concatenate(
        [np.genfromtxt(io.BytesIO(body), delimiter=",", dtype=np.float32, ndmin=2) for body in files.values()]
    )


def test_every_step_is_taken_once_and_in_order(registered):
    assert registered.states == [*TO_VERDICT, "Register", "NotifySuccess", "Registered"]


def test_the_registered_metrics_are_those_of_scikit_learn(account, package):
    test = rows(account, package, "test")
    y = test[:, 0]
    p = booster(account, package).predict(xgb.DMatrix(test[:, 1:])).astype(float)
    hard = p >= 0.5
    expected = {
        "auc": sk.roc_auc_score(y, p),
        "accuracy": sk.accuracy_score(y, hard),
        "precision": sk.precision_score(y, hard),
        "recall": sk.recall_score(y, hard),
        "f1": sk.f1_score(y, hard),
        "log_loss": sk.log_loss(y, p),
        "brier": sk.brier_score_loss(y, p),
    }
    metadata = package["CustomerMetadataProperties"]
    assert {name: float(metadata[f"metric_{name}"]) for name in expected} == pytest.approx(expected, abs=1e-6)
    assert expected["auc"] > VALUES["thresholds"]["auc"]["min"]


def test_no_row_is_lost_between_the_raw_files_and_the_splits(account, package):
    accepted = sum(len(rows(account, package, split)) for split in ("train", "validation", "test"))
    quarantine = account.objects("data", f"quarantine/dataset={dataset(package)}/")
    rejected = sum(len(body.splitlines()) for body in quarantine.values())
    assert accepted + rejected == 3000
    assert 0 < rejected < 60


def test_the_row_counts_are_published_as_metrics(account, package):
    statistics = account.objects("data", f"processed/statistics/{dataset(package)}/")
    (rows_of_run,) = [json.loads(body)["rows"] for body in statistics.values()]
    published = {
        name: account.metric("mlopsctl/etl", name, JobName=VALUES["glue_job_name"])
        for name in ("RowsRead", "RowsAccepted", "RowsQuarantined", "RowsSuperseded", "RowsIdentical")
    }
    assert {name: values[0] for name, values in published.items()} == {
        f"Rows{name.title()}": rows for name, rows in rows_of_run.items()
    }


def test_the_package_awaits_a_persons_approval(package):
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["ModelPackageGroupName"] == VALUES["model_package_group"]


def test_the_package_says_what_it_was_made_from(account, registered, package, validation):
    metadata, properties = package["CustomerMetadataProperties"], package["MetadataProperties"]
    assert metadata["execution"] == properties["GeneratedBy"] == registered.arn
    assert metadata["code_version"] == properties["CommitId"] == VALUES["code_version"]
    statistics = account.objects("data", f"processed/statistics/{dataset(package)}/")
    total = validation.DatasetStatistics.merge(json.loads(body) for body in statistics.values())
    assert metadata["data_version"] == total.data_version()
    job = account.sagemaker.describe_training_job(TrainingJobName=metadata["training_job"])
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == job["ModelArtifacts"]["S3ModelArtifacts"]
    assert metadata["etl_job_run"] in account.etl_runs()


def test_the_package_leads_to_its_report(account, registered, package):
    uri = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    bucket, key = location(uri)
    report = json.load(account.s3.get_object(Bucket=bucket, Key=key)["Body"])
    auc = report["binary_classification_metrics"]["auc"]["value"]
    assert auc == float(package["CustomerMetadataProperties"]["metric_auc"])
    assert registered.notification["report"] == uri
    page = account.objects("artifacts", key.replace(".json", ".html"))
    assert f"{auc:.4f}" in next(iter(page.values())).decode()
    assert registered.notification["report_page"].endswith(f"/{bucket}?region=ap-south-1&prefix={next(iter(page))}")


def test_the_people_who_watch_are_told_what_awaits_them(registered, package):
    message = registered.notification
    assert message["subject"] == "mlops-pipeline-dev: a model awaits approval"
    assert message["outcome"] == "registered"
    assert message["model_package"] == package["ModelPackageArn"]
    assert message["execution"] == registered.arn
    assert message["console"].endswith(registered.arn)
    assert message["metrics"]["auc"] == float(package["CustomerMetadataProperties"]["metric_auc"])


@pytest.fixture(scope="module")
def approved(account, package) -> str:
    account.approve(package["ModelPackageArn"])
    return package["ModelPackageArn"]


def test_a_model_worse_than_the_approved_one_is_not_registered(account, approved):
    before = account.packages()
    # One shallow tree, and no threshold that would stop it anyway.
    weak = {"objective": "binary:logistic", "num_round": "1", "max_depth": "1"}
    execution = account.execute("training.asl.json", VALUES, {"hyperparameters": weak, "thresholds": {}})
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states == [*TO_VERDICT, "NotifyRejected", "NotRegistered"]
    assert account.packages() == before
    message = execution.notification
    assert message["subject"] == "mlops-pipeline-dev: the new model is not good enough"
    assert message["approved_package"] == approved
    (reason,) = message["reasons"]
    assert reason.startswith(f"auc is {message['metrics']['auc']:.6f}, the approved model has ")


def test_data_unlike_the_approved_models_stops_at_validation(account, approved, generate):
    """Customers who all have one plan, where the approved model has seen three."""
    sample = io.StringIO()
    generate.write(sample, 2000, 8, 0.0)
    header, *lines = sample.getvalue().splitlines()
    plan = header.split(",").index("plan")
    changed = [",".join([*fields[:plan], "pro", *fields[plan + 1 :]]) for fields in (line.split(",") for line in lines)]
    account.upload("elsewhere/churn.csv", "\n".join([header, *changed]) + "\n")
    execution = account.execute("training.asl.json", VALUES, {"raw_prefix": "elsewhere/"})
    assert execution.states == [*TO_VALIDATION, "NotifyFailure", "Failed"]
    message = execution.notification
    assert (message["step"], message["error"]) == ("ValidateData", "DataValidationFailed")
    assert "column plan: differs by 0." in message["cause"]
    assert "from the approved model's data, the limit is 0.25" in message["cause"]
