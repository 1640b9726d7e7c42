"""The checkpoints, from which training goes on after an interruption: SageMaker keeps the folder in S3."""

from __future__ import annotations

import signal
from typing import Any

import xgboost as xgb
from container import ROOT

FOLDER = ROOT / "checkpoints"
# Rounds between two checkpoints.
INTERVAL = 10


def newest() -> xgb.Booster | None:
    """The model with the most rounds. A file that an interruption has cut off is passed over."""
    for path in sorted(FOLDER.glob("*.ubj"), reverse=True):
        try:
            return xgb.Booster(model_file=path)
        except xgb.core.XGBoostError:
            continue
    return None


def save(booster: xgb.Booster) -> None:
    """Keeps this checkpoint and the one before it."""
    target = FOLDER / f"{booster.num_boosted_rounds():08}.ubj"
    unfinished = target.with_suffix(".unfinished")
    unfinished.write_bytes(bytes(booster.save_raw("ubj")))
    unfinished.rename(target)
    for path in sorted(FOLDER.glob("*.ubj"))[:-2]:
        path.unlink()


class Interrupted(xgb.callback.TrainingCallback):
    """Saves checkpoints where SageMaker wants them, and ends training in time when SageMaker asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = False
        # The first process of a container gets no signal that it does not handle.
        signal.signal(signal.SIGTERM, self.ask)

    def ask(self, *_: Any) -> None:
        self.asked = True

    def after_iteration(self, model: xgb.Booster, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        wanted = FOLDER.is_dir() and (self.asked or (epoch + 1) % INTERVAL == 0)
        if wanted:
            save(model)
        return self.asked
