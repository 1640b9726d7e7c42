from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
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


def test_rows_that_the_model_cannot_take_are_refused(served):
    for body in ["", "1,2", "1,2,x", "1,2,3\n1,2"]:
        with pytest.raises(ValueError, match=r"rows|fields|convert"):
            served(body)


def test_a_failed_training_leaves_its_reason_for_sagemaker(job):
    (job / "input/data/train/batch=b1/part-1.csv").write_text("1,2\n")
    result = train(job)
    assert result.returncode == 1
    assert "ValueError" in (job / "output" / "failure").read_text().splitlines()[0]


def rounds(root: Path) -> int:
    import xgboost as xgb

    return xgb.Booster(model_file=root / "model" / "xgboost-model.ubj").num_boosted_rounds()


def test_an_interrupted_training_goes_on_from_its_checkpoint(job):
    """As a spot instance goes: asked to end, and started again elsewhere with the same checkpoints."""
    checkpoints = job / "checkpoints"
    checkpoints.mkdir()
    path = job / "input" / "config" / "hyperparameters.json"
    parameters = json.loads(path.read_text()) | {"nthread": "1"}
    path.write_text(json.dumps(parameters | {"num_round": "1000000"}))
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(job)}
    program = subprocess.Popen([sys.executable, IMAGE / "train.py"], env=environment, stdout=subprocess.DEVNULL)
    while not list(checkpoints.glob("*.ubj")):
        assert program.poll() is None
        time.sleep(0.01)
    program.terminate()
    assert program.wait(timeout=60) == 143
    assert not (job / "model").exists()
    assert not (job / "output" / "failure").exists()
    reached = max(int(path.stem) for path in checkpoints.glob("*.ubj"))
    # An interruption may cut a file off.
    (checkpoints / f"{reached + 1:08}.ubj").write_bytes(b"{")
    path.write_text(json.dumps(parameters | {"num_round": str(reached + 5)}))
    assert train(job).returncode == 0
    assert rounds(job) == reached + 5


def test_resumed_training_ends_with_the_model_of_an_uninterrupted_one(job, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(job / "input", other / "input")
    path = job / "input" / "config" / "hyperparameters.json"
    (job / "checkpoints").mkdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_round": "10"}))
    assert train(job).returncode == 0
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_round": "20"}))
    assert (train(job).returncode, train(other).returncode) == (0, 0)
    both = [(folder / "model" / "xgboost-model.ubj").read_bytes() for folder in (job, other)]
    import xgboost as xgb

    first, second = (xgb.Booster(model_file=bytearray(model)).get_dump() for model in both)
    assert first == second
    assert len(first) == 20


def test_a_server_that_is_asked_to_end_ends_at_once(job):
    """As the first process of a container, which the default action of a signal does not end."""
    assert train(job).returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(job), "SAGEMAKER_BIND_TO_PORT": str(port)}
    program = subprocess.Popen([sys.executable, IMAGE / "serve.py"], env=environment)
    try:
        while True:
            assert program.poll() is None
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/ping")
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        assert connection.getresponse().status == 200
        program.terminate()
        # The signal's own action would leave -15.
        assert program.wait(timeout=30) == 0
    finally:
        program.kill()


def test_several_instances_would_train_several_models(job):
    config = {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}
    (job / "input" / "config" / "resourceconfig.json").write_text(json.dumps(config))
    assert train(job).returncode == 1
    assert "one instance, and the job has 2" in (job / "output" / "failure").read_text()


def test_several_classes_get_a_probability_each(job, monkeypatch):
    parameters = {"objective": "multi:softprob", "num_class": "2", "num_round": "5"}
    (job / "input" / "config" / "hyperparameters.json").write_text(json.dumps(parameters))
    assert train(job).returncode == 0
    monkeypatch.syspath_prepend(IMAGE)
    import serve

    answers = serve.predict(serve.xgb.Booster(model_file=job / "model" / serve.MODEL_FILE), "1,,2\n-1,,0\n")
    rows = [[float(field) for field in line.split(",")] for line in answers.splitlines()]
    assert [len(row) for row in rows] == [2, 2]
    assert [sum(row) for row in rows] == pytest.approx([1, 1])


CHANNEL = """
import sys
sys.path.insert(0, sys.argv[1])
import container
container.SHARED_FROM = 0
if __name__ == "__main__":
    features, labels = container.read_channel("train")
    print(features.tolist(), labels.ravel().tolist())
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["1,2,3\n0,4,\n", "", "1,5,6\n"], "[[2.0, 3.0], [4.0, nan], [5.0, 6.0]] [1.0, 0.0, 1.0]\n"),
        (["1,2,3\n", "0,4\n"], "rows of different lengths: 2 and 3 fields"),
        (["1,2,3\n", "0,a,4\n"], "could not convert string to float: 'a'"),
        (["", ""], "ValueError: no rows"),
    ],
)
def test_files_are_read_at_the_same_time_and_keep_their_order(tmp_path, files, expected):
    folder = tmp_path / "input" / "data" / "train"
    folder.mkdir(parents=True)
    for number, text in enumerate(files):
        (folder / f"part-{number}.csv").write_text(text)
    script = tmp_path / "script.py"
    script.write_text(CHANNEL)
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, script, IMAGE], env=environment, text=True, capture_output=True)
    assert expected in done.stdout + done.stderr


MEASURED = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import container
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
features, labels = container.read_channel("train")
print(features.shape[0], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_reading_takes_no_more_memory_than_the_files(tmp_path):
    folder = tmp_path / "input" / "data" / "train"
    folder.mkdir(parents=True)
    rng = random.Random(1)
    line = ",".join(f"{rng.random():.4f}" for _ in range(40)) + "\n"
    (folder / "part-0.csv").write_text(f"1,{line}" * 100_000)
    size = (folder / "part-0.csv").stat().st_size
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", MEASURED, str(IMAGE)]
    rows_read, taken = map(int, subprocess.check_output(command, env=environment, text=True).split())
    assert rows_read == 100_000
    assert taken < 1.2 * size
