"""Trains on the `train` channel, watches `validation`, and leaves the model where SageMaker collects it.

An interrupted job goes on from its newest checkpoint.
"""

from __future__ import annotations

import json
import sys
import traceback

import xgboost as xgb
from checkpoints import Interrupted, newest
from container import MODEL_FILE, ROOT, hosts, read_channel

# The exit code of a program that was asked to end.
ENDED = 128 + 15


def hyperparameters() -> dict[str, str]:
    """SageMaker hands over every value as a string."""
    path = ROOT / "input" / "config" / "hyperparameters.json"
    return json.loads(path.read_text()) if path.exists() else {}


def train() -> bool:
    """Trains the model. True if training went on to its end."""
    if len(hosts()) > 1:
        raise ValueError(f"train.py uses one instance, and the job has {len(hosts())}: each would train its own model")
    parameters = hyperparameters()
    rounds = int(parameters.pop("num_round", "100"))
    patience = int(parameters.pop("early_stopping_rounds", "0")) or None
    matrices = {}
    for channel in ("train", "validation"):
        found = read_channel(channel)
        if found is not None:
            features, labels = found
            matrices[channel] = xgb.DMatrix(features, label=labels)
    if "train" not in matrices:
        raise ValueError("the train channel holds no files")
    watched = [(matrix, name) for name, matrix in matrices.items()]
    begun, interrupted = newest(), Interrupted()
    booster = xgb.train(
        parameters,
        matrices["train"],
        num_boost_round=rounds - (begun.num_boosted_rounds() if begun else 0),
        evals=watched,
        early_stopping_rounds=patience if "validation" in matrices else None,
        xgb_model=begun,
        callbacks=[interrupted],
    )
    if interrupted.asked:
        return False
    target = ROOT / "model"
    target.mkdir(parents=True, exist_ok=True)
    booster.save_model(target / MODEL_FILE)
    return True


def main() -> int:
    try:
        return 0 if train() else ENDED
    except Exception as error:
        # SageMaker shows this file's start as the job's failure reason.
        failure = ROOT / "output" / "failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{type(error).__name__}: {error}\n\n{traceback.format_exc()}")
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main())
