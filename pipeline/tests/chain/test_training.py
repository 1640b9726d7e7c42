"""The definition, the ETL script, the functions and the image at work together: raw files to a registered model."""

from __future__ import annotations

import io
import json
import tarfile
from threading import Event
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from account import VALUES, Account, Execution
from runner.objects import location
from sklearn import metrics as sk

FROM_UPLOAD = ["AwaitUploads", "FindNewest", "IsNewest"]
TO_PLAN = ["ChooseLoad", "SnapshotLoad", "ExtractTransformLoad", "PlanEvaluation"]
TO_PREDICTIONS = ["ValidateData", "HasFeatureGroups", "Train", "CreateModel", "Predict", "IsThresholdChosen"]
TO_REGISTRY = ["MeasureArtifact", "CanBeCopied", "KeepArtifact", "Register"]
CHAMPION = ["CreateChampionModel", "PredictChampion", "RemoveChampionModel"]


def way(*parts: list[str]) -> list[str]:
    return ["Defaults", "ApplyInput", "HowStarted", *[state for part in parts for state in part]]


@pytest.fixture(scope="module")
def registered(account) -> Execution:
    # EventBridge's input for an uploaded file: nothing in it overrides anything.
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
    judged = ["IsThereAChampion", "Evaluate", "GoodEnough", *TO_REGISTRY, "NotifySuccess", "Registered"]
    assert registered.states == way(FROM_UPLOAD, TO_PLAN, TO_PREDICTIONS, judged)


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
        "average_precision": sk.average_precision_score(y, p),
        "mcc": sk.matthews_corrcoef(y, hard),
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
    # Below training/ another job could write over it.
    bucket, key = location(container["ModelDataUrl"])
    assert key.startswith("registered/")
    source_bucket, source_key = location(job["ModelArtifacts"]["S3ModelArtifacts"])
    trained = account.s3.get_object(Bucket=source_bucket, Key=source_key)["Body"].read()
    assert account.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == trained
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
    before, models = account.packages(), account.sagemaker.list_models()["Models"]
    # One shallow tree, and no threshold that would stop it anyway.
    weak = {"objective": "binary:logistic", "num_round": "1", "max_depth": "1"}
    execution = account.execute("training.asl.json", VALUES, {"hyperparameters": weak, "thresholds": {}})
    assert execution.status == "SUCCEEDED", execution.cause
    removed = ["NotifyRejected", "RemoveRejectedModel", "RemoveRejectedArtifact", "NotRegistered"]
    judged = ["IsThereAChampion", *CHAMPION, "Evaluate", "GoodEnough", *removed]
    assert execution.states == way(TO_PLAN, TO_PREDICTIONS, judged)
    assert (account.packages(), account.sagemaker.list_models()["Models"]) == (before, models)
    (job,) = {request["TrainingJobName"] for request in execution.requests("createTrainingJob.sync")}
    assert account.objects("model", f"training/{job}/") == {}
    message = execution.notification
    assert message["subject"] == "mlops-pipeline-dev: the new model is not good enough"
    assert message["approved_package"] == approved
    (reason,) = message["reasons"]
    # The data are those that the approved model was registered with, so its metric is the same.
    metric = float(account.package(approved)["CustomerMetadataProperties"]["metric_auc"])
    told = f"auc is {message['metrics']['auc']:.6f}, the approved model has {metric:.6f} on the same rows"
    assert reason.startswith(told)


def test_a_champion_that_can_be_scored_no_more_stops_nobody_and_is_told(account, approved):
    """Its file is gone."""
    (container,) = account.package(approved)["InferenceSpecification"]["Containers"]
    bucket, key = location(container["ModelDataUrl"])
    kept = account.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    account.s3.delete_object(Bucket=bucket, Key=key)
    try:
        execution = account.execute("training.asl.json", VALUES)
    finally:
        account.s3.put_object(Bucket=bucket, Key=key, Body=kept)
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states[-8:] == ["Evaluate", "GoodEnough", *TO_REGISTRY, "NotifySuccess", "Registered"]
    (note,) = execution.notification["notes"]
    assert note.startswith(f"not compared with {approved}: its predictions failed: ")


def test_the_decision_threshold_is_chosen_on_validation_data(account, package):
    execution = account.execute("training.asl.json", VALUES, {"decision_threshold": {"maximise": "f1"}})
    assert execution.status == "SUCCEEDED", execution.cause
    registered = account.package(execution.notification["model_package"])
    validation = rows(account, registered, "validation")
    p = booster(account, registered).predict(xgb.DMatrix(validation[:, 1:])).astype(float)
    chosen = float(registered["CustomerMetadataProperties"]["decision_threshold"])
    best = max(sk.f1_score(validation[:, 0], p >= threshold) for threshold in np.unique(p))
    assert sk.f1_score(validation[:, 0], p >= chosen - 1e-6) == pytest.approx(best)


def test_settings_that_do_not_fit_the_task_fail_before_training(account):
    execution = account.execute("training.asl.json", VALUES, {"thresholds": {"rmse": {"max": 1}}})
    assert execution.states == way(TO_PLAN, ["NotifyFailure", "Failed"])
    assert (execution.error, execution.notification["step"]) == ("EvaluationFailed", "PlanEvaluation")
    assert "a threshold names 'rmse'; the metrics of binary are auc," in execution.cause


def test_the_package_says_how_its_model_is_called(account, package):
    """The request of the signature gets its answer from the model."""
    bucket, key = location(package["CustomerMetadataProperties"]["signature"])
    signature = json.load(account.s3.get_object(Bucket=bucket, Key=key)["Body"])
    model = booster(account, package)
    assert len(signature["inputs"]) == model.num_features()
    request = [float(field) if field else np.nan for field in signature["sample"]["request"].split(",")]
    answer = model.predict(xgb.DMatrix(np.array([request])))[0]
    assert float(signature["sample"]["answer"]) == pytest.approx(float(answer), abs=1e-6)
    columns = {column["name"] for column in VALUES["schema"]["columns"]}
    assert {field["column"] for field in signature["inputs"]} <= columns


def test_uploads_at_the_same_time_start_one_training(account, waits, monkeypatch):
    """Each of three files starts an execution; only the last goes on."""
    quiet = Event()
    monkeypatch.setattr(waits, "wait", lambda seconds: quiet.wait() if seconds == 120 else None)
    machine = account.machine("training.asl.json", VALUES)
    given = {"source": "aws.s3", "detail": {"object": {"key": "raw/x"}}}
    started = [account.start(machine, given) for _ in range(3)]
    quiet.set()
    ended = [account.follow(execution) for execution in started]
    assert [execution.status for execution in ended] == ["SUCCEEDED"] * 3
    assert [execution.states[-1] for execution in ended[:2]] == ["Superseded"] * 2
    assert "Train" in ended[2].states
    assert len([message for execution in ended for message in execution.notifications]) == 1


def test_data_unlike_the_approved_models_stops_at_validation(account, approved, generate):
    """Customers who all have one plan, where the approved model has seen three."""
    sample = io.StringIO()
    generate.write(sample, 2000, 8, 0.0)
    header, *lines = sample.getvalue().splitlines()
    plan = header.split(",").index("plan")
    changed = [",".join([*fields[:plan], "pro", *fields[plan + 1 :]]) for fields in (line.split(",") for line in lines)]
    account.upload("elsewhere/churn.csv", "\n".join([header, *changed]) + "\n")
    execution = account.execute("training.asl.json", VALUES, {"raw_prefix": "elsewhere/"})
    assert execution.states == way(TO_PLAN, ["ValidateData", "NotifyFailure", "Failed"])
    message = execution.notification
    assert (message["step"], message["error"]) == ("ValidateData", "DataValidationFailed")
    assert "column plan: differs by 0." in message["cause"]
    assert "from the approved model's data, the limit is 0.25" in message["cause"]
