"""Events of the evaluation function, and a bucket with what they name."""

from __future__ import annotations

import json
import random
from typing import Any

from fake_s3 import FakeS3

SCHEMA = {
    "label": "churned",
    "task": "binary",
    "columns": [
        {"name": "churned", "type": "boolean"},
        {"name": "tenure", "type": "integer"},
        {"name": "plan", "type": "string", "values": ["basic", "pro"]},
        {"name": "since", "type": "timestamp"},
    ],
}
FEATURES = ["tenure", "plan=basic", "plan=pro", "since"]
EVENT: dict[str, Any] = {
    "action": "evaluate",
    "schema": SCHEMA,
    "hyperparameters": {},
    "bucket": "artifacts",
    "data_bucket": "data",
    "statistics_key": "processed/statistics/d/batch=b.json",
    "test_manifest": "s3://data/processed/datasets/d/manifests/b/test.manifest",
    "predictions_prefix": "predictions/r1/candidate/",
    "champion_prefix": "predictions/r1/champion/",
    "validation_prefix": "predictions/r1/validation/",
    "report_prefix": "runs/r1/",
    "thresholds": {},
    "lineage": {"data_version": "d41d"},
}
REGRESSION = EVENT | {"schema": SCHEMA | {"task": "regression"}}
THREE = ["setosa", "versicolor", "virginica"]
LABEL = {"name": "churned", "type": "string", "values": THREE}
MULTICLASS = EVENT | {"schema": SCHEMA | {"task": "multiclass", "columns": [LABEL, *SCHEMA["columns"][1:]]}}

Pairs = list[tuple[float, Any]]


def scores(rows: int, seed: int, decimals: int = 6, share: float = 0.3) -> Pairs:
    """Labels, and probabilities that say something about them."""
    rng = random.Random(seed)
    labels = [int(rng.random() < share) for _ in range(rows)]
    return [(y, round(min(max(rng.gauss(0.35 + 0.25 * y, 0.2), 0.0), 1.0), decimals)) for y in labels]


def transformed(pairs: Pairs, name: str, files: int = 3) -> dict[str, str]:
    """The files of a batch transform: label and prediction, or all fields and a list of probabilities."""

    def line(y: float, p: Any) -> str:
        return f"{y},7,1,0,1000,[{', '.join(map(repr, p))}]\n" if isinstance(p, list) else f"{y},{p!r}\n"

    folder = f"artifacts/predictions/r1/{name}/batch=b"
    return {
        f"{folder}/part-{file}.csv.out": "".join(line(y, p) for y, p in pairs[file::files]) for file in range(files)
    }


def bucket(candidate: Pairs, *, files: int = 3, **others: Pairs) -> FakeS3:
    """The outputs of the ETL job and the transforms. `others` are predictions of the champion or on validation data."""
    objects = {
        "data/processed/statistics/d/batch=b.json": json.dumps({"features": FEATURES}),
        "data/processed/csv/d/test/batch=b/part-0.csv": "1,7,1,0,1000\n0,8,0,1,\n",
        "data/processed/datasets/d/manifests/b/test.manifest": json.dumps(
            [{"prefix": "s3://data/processed/csv/d/test/"}, "batch=b/part-0.csv"]
        ),
    }
    for name, pairs in {"candidate": candidate, **others}.items():
        objects |= transformed(pairs, name, files)
    return FakeS3(objects)


def report_of(s3: FakeS3) -> dict[str, Any]:
    return json.loads(s3.objects["artifacts/runs/r1/evaluation.json"])
