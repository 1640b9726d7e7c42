from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from values import PIPELINE

IMAGE = PIPELINE / "image"


def rows(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    lines = []
    for _ in range(count):
        x, noise = rng.gauss(0, 1), rng.gauss(0, 1)
        lines.append(f"{int(x + 0.3 * noise > 0)},{x:.4f},,{noise:.4f}")
    return lines


def train(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(root)}
    return subprocess.run(
        [sys.executable, IMAGE / "train.py"], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def job(tmp_path) -> Path:
    """A training job's directory: two files in a channel, as the ETL job nests them."""
    channel = tmp_path / "input" / "data" / "train" / "batch=b1"
    channel.mkdir(parents=True)
    (channel / "part-0.csv").write_text("\n".join(rows(300, 1)) + "\n")
    (channel / "part-1.csv").write_text("\n".join(rows(300, 2)) + "\n")
    config = tmp_path / "input" / "config"
    config.mkdir()
    parameters = {"objective": "binary:logistic", "num_round": "20", "max_depth": "3"}
    (config / "hyperparameters.json").write_text(json.dumps(parameters))
    return tmp_path


@pytest.fixture
def served(job, monkeypatch):
    assert train(job).returncode == 0
    monkeypatch.syspath_prepend(IMAGE)
    import serve

    booster = serve.xgb.Booster(model_file=job / "model" / serve.MODEL_FILE)
    return lambda body: serve.predict(booster, body)


def test_what_train_leaves_serve_predicts_with(served):
    lines = rows(200, 3)
    labels = [int(line[0]) for line in lines]
    answer = served("\n".join(line[2:] for line in lines))
    predictions = np.array([float(line) for line in answer.splitlines()])
    assert len(predictions) == 200
    assert roc_auc_score(labels, predictions) > 0.9


@pytest.mark.parametrize("body", ["", "1,2", "1,2,x", "1,2,3\n1,2"])
def test_rows_that_the_model_cannot_take_are_refused(served, body):
    with pytest.raises(ValueError, match=r"rows|fields|convert"):
        served(body)


def test_a_failed_training_leaves_its_reason_for_sagemaker(job):
    (job / "input/data/train/batch=b1/part-1.csv").write_text("1,2\n")
    result = train(job)
    assert result.returncode == 1
    assert "ValueError" in (job / "output" / "failure").read_text().splitlines()[0]
