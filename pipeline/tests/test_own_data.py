"""Data sets of others, from a CSV with its header as it comes to answers of a model in service, on this machine.

The commands are those of README.md. Scikit-learn calculates the metrics again, from the test rows and the answers.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from embedded import ADDRESS, built
from sklearn import datasets, metrics
from values import ACCOUNT, REGION

PREFIX = "mlops-pipeline-dev"


@dataclass(frozen=True)
class DataSet:
    load: Callable[[], Any]
    task: str
    # Scikit-learn's way to the metrics of the registered package.
    measured: Callable[[np.ndarray, np.ndarray], dict[str, float]]
    # The least metric on all rows of a model that has learned something.
    reached: float


def of_binary(truth: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    positive = answers[:, 0] >= 0.5
    return {
        "auc": metrics.roc_auc_score(truth, answers[:, 0]),
        "log_loss": metrics.log_loss(truth, answers[:, 0]),
        "f1": metrics.f1_score(truth, positive),
        "mcc": metrics.matthews_corrcoef(truth, positive),
    }


def of_classes(truth: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    chosen = answers.argmax(axis=1)
    shares = answers / answers.sum(axis=1, keepdims=True)
    return {
        "accuracy": metrics.accuracy_score(truth, chosen),
        "f1_macro": metrics.f1_score(truth, chosen, average="macro"),
        "log_loss": metrics.log_loss(truth, shares, labels=range(answers.shape[1])),
    }


def of_quantity(truth: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    return {
        "rmse": metrics.root_mean_squared_error(truth, answers[:, 0]),
        "mae": metrics.mean_absolute_error(truth, answers[:, 0]),
        "r2": metrics.r2_score(truth, answers[:, 0]),
    }


DATA_SETS = {
    "wine": DataSet(datasets.load_wine, "multiclass", of_classes, 0.95),
    "iris": DataSet(datasets.load_iris, "multiclass", of_classes, 0.95),
    "breast_cancer": DataSet(datasets.load_breast_cancer, "binary", of_binary, 0.95),
    "diabetes": DataSet(datasets.load_diabetes, "regression", of_quantity, 0.5),
}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(part)}' for key, part in value.items())} }}"
    return json.dumps(value)


class Project:
    """A project as `mlopsctl init` writes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mlopsctl("init")

    def mlopsctl(self, *arguments: str) -> str:
        ran = subprocess.run([built(), *arguments], cwd=self.folder, capture_output=True, text=True)
        assert ran.returncode == 0, f"{arguments}: {ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def write(self, data: DataSet) -> list[str]:
        """Writes the file, with names for classes. Returns the labels of its rows."""
        bunch = data.load()
        names = getattr(bunch, "target_names", None)
        labels = [str(names[number]) if names is not None else str(number) for number in bunch.target]
        with (self.folder / "data.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([*bunch.feature_names, "target"])
            rows.writerows([*row, label] for row, label in zip(bunch.data.tolist(), labels, strict=True))
        return labels

    def set(self, settings: list[dict[str, Any]]) -> None:
        """Edits the environment file as `schema` says."""
        file = self.folder / "environments/dev.toml"
        text = file.read_text()
        for setting in settings:
            key, value = setting["key"], setting["value"]
            section = setting["section"].split(",")[0]
            line = "" if value is None else f"{key} = {toml(value)}\n"
            head, _, rest = text.partition(f"\n{section}\n")
            body, follows, tail = rest.partition("\n[")
            body, count = re.subn(rf"^{key} = .*\n?", line, body, flags=re.MULTILINE)
            text = f"{head}\n{section}\n{'' if count else line}{body}{follows}{tail}"
        file.write_text(text + '\n[pipeline.deploy]\ninstance_type = "ml.m5.large"\n')


@pytest.fixture
def served(tmp_path) -> Iterator[Callable[[str], Any]]:
    """Clients of the embedded AWS with what the commands have left there."""
    processes = []

    def serve(service: str) -> Any:
        if not processes:
            command = [built(), "local", "serve", "--port", "0"]
            output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
            processes.append(subprocess.Popen(command, cwd=tmp_path, **output))
            url.append(processes[0].stdout.readline().strip().removeprefix(ADDRESS))
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.client(service, endpoint_url=url[0], region_name=REGION, **keys)

    url: list[str] = []
    yield serve
    for process in processes:
        process.terminate()
        process.communicate()


def numbers(text: str) -> np.ndarray:
    return np.array([[float(field) for field in line.split(",")] for line in text.splitlines()])


@pytest.mark.parametrize("name", DATA_SETS)
def test_data_of_others_becomes_a_model_whose_metrics_are_scikit_learns(name, tmp_path, served):
    data = DATA_SETS[name]
    project = Project(tmp_path)
    labels = project.write(data)
    schema = json.loads(project.mlopsctl("pipeline", "dev", "schema", "data.csv", "--label", "target", "--json"))
    assert (schema["task"], schema["rows"]) == (data.task, len(labels))
    project.set(schema["settings"])
    project.mlopsctl("validate", "dev")
    project.mlopsctl("up", "dev", "--local")
    project.mlopsctl("pipeline", "dev", "upload", "data.csv", "--local")
    project.mlopsctl("pipeline", "dev", "run", "--follow", "--local")
    package = json.loads(project.mlopsctl("pipeline", "dev", "approve", "--local", "--json"))
    answers = json.loads(project.mlopsctl("pipeline", "dev", "invoke", "data.csv", "--local", "--json"))
    assert reached(data, labels, [row.get("class", row.get("value")) for row in answers["predictions"]]) >= data.reached

    bucket = f"{PREFIX}-data-{ACCOUNT}"
    s3 = served("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="processed/csv/")["Contents"]
    keys = [item["Key"] for item in listed if "/test/" in item["Key"] and item["Size"]]
    rows = "".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys)
    truth = np.array([float(line.split(",", 1)[0]) for line in rows.splitlines()])
    body = "".join(line.split(",", 1)[1] + "\n" for line in rows.splitlines())
    asked = {"EndpointName": f"{PREFIX}-endpoint", "ContentType": "text/csv", "Body": body}
    answer = served("sagemaker-runtime").invoke_endpoint(**asked)["Body"].read().decode()
    for metric, expected in data.measured(truth, numbers(answer)).items():
        assert package["metrics"][metric] == pytest.approx(expected, abs=1e-6), metric


def reached(data: DataSet, labels: list[str], predicted: list[Any]) -> float:
    if data.task == "regression":
        return float(metrics.r2_score([float(label) for label in labels], [float(value) for value in predicted]))
    return float(metrics.accuracy_score(labels, [str(value) for value in predicted]))
