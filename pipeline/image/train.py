"""Trains on the `train` channel, watches `validation`, and leaves the model where SageMaker collects it."""

from __future__ import annotations

import json
import sys
import traceback

import xgboost as xgb
from container import MODEL_FILE, ROOT, read_channel


def hyperparameters() -> dict[str, str]:
    """SageMaker hands over every value as a string."""
    path = ROOT / "input" / "config" / "hyperparameters.json"
    return json.loads(path.read_text()) if path.exists() else {}


def train() -> None:
    parameters = hyperparameters()
    rounds = int(parameters.pop("num_round", "100"))
    patience = int(parameters.pop("early_stopping_rounds", "0")) or None
    matrices = {}
    for channel in ("train", "validation"):
        rows = read_channel(channel)
        if rows is not None:
            matrices[channel] = xgb.DMatrix(rows[:, 1:], label=rows[:, 0])
    if "train" not in matrices:
        raise ValueError("the train channel holds no files")
    watched = [(matrix, name) for name, matrix in matrices.items()]
    booster = xgb.train(
        parameters,
        matrices["train"],
        num_boost_round=rounds,
        evals=watched,
        early_stopping_rounds=patience if "validation" in matrices else None,
    )
    target = ROOT / "model"
    target.mkdir(parents=True, exist_ok=True)
    booster.save_model(target / MODEL_FILE)


def main() -> int:
    try:
        train()
    except Exception as error:
        # SageMaker shows this file's start as the job's failure reason.
        failure = ROOT / "output" / "failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{type(error).__name__}: {error}\n\n{traceback.format_exc()}")
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
