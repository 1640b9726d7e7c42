"""Metrics of two classes, from the probability of class 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from arithmetic import divide, log_loss, mean
from curves import Curve
from predictions import EvaluationFailed, Scored

CALIBRATION_BINS = 10


class Confusion:
    """Rows by their label and by whether their prediction reaches the threshold."""

    def __init__(self, true_negative: int, false_positive: int, false_negative: int, true_positive: int) -> None:
        self.true_negative, self.false_positive = true_negative, false_positive
        self.false_negative, self.true_positive = false_negative, true_positive

    @property
    def rows(self) -> int:
        return self.true_negative + self.false_positive + self.false_negative + self.true_positive

    def accuracy(self) -> float:
        return divide(self.true_positive + self.true_negative, self.rows)

    def precision(self) -> float:
        return divide(self.true_positive, self.true_positive + self.false_positive)

    def recall(self) -> float:
        return divide(self.true_positive, self.true_positive + self.false_negative)

    def specificity(self) -> float:
        return divide(self.true_negative, self.true_negative + self.false_positive)

    def balanced_accuracy(self) -> float:
        return (self.recall() + self.specificity()) / 2

    def f_score(self, beta: float = 1.0) -> float:
        """Recall counts `beta` times as much as precision."""
        weighted = (1 + beta**2) * self.true_positive
        return divide(weighted, weighted + beta**2 * self.false_negative + self.false_positive)

    def matthews(self) -> float:
        """The correlation of label and prediction."""
        said, true = self.true_positive + self.false_positive, self.true_positive + self.false_negative
        spread = math.sqrt(said * (self.rows - said)) * math.sqrt(true * (self.rows - true))
        return divide(self.true_positive * self.rows - said * true, spread)


# The measures by which a threshold can be chosen.
CHOICES: dict[str, Callable[[Confusion], float]] = {
    "f1": Confusion.f_score,
    "mcc": Confusion.matthews,
    "balanced_accuracy": Confusion.balanced_accuracy,
    "accuracy": Confusion.accuracy,
}


class Binary:
    """Rows of a test set, and what is calculated from them at most once."""

    SECTION = "binary_classification_metrics"

    def __init__(self, scored: Scored, threshold: float) -> None:
        self.scored, self.threshold = scored, threshold
        classes = set(scored.labels)
        if not classes <= {0.0, 1.0}:
            raise EvaluationFailed(f"a binary label is 0 or 1, found {min(classes - {0.0, 1.0}):g}")
        if len(classes) < 2:
            raise EvaluationFailed(f"every label is {next(iter(classes)):g}: ranking cannot be measured")
        if min(scored.predictions) < 0.0 or max(scored.predictions) > 1.0:
            raise EvaluationFailed("predictions outside 0..1: a binary model must give probabilities")

    @cached_property
    def curve(self) -> Curve:
        return Curve.trace(self.scored.labels, self.scored.predictions)

    @cached_property
    def confusion(self) -> Confusion:
        cells = [0, 0, 0, 0]
        for label, prediction in zip(self.scored.labels, self.scored.predictions, strict=True):
            cells[2 * (label == 1.0) + (prediction >= self.threshold)] += 1
        return Confusion(*cells)

    def log_loss(self) -> float:
        pairs = zip(self.scored.labels, self.scored.predictions, strict=True)
        return log_loss((p if label == 1.0 else 1.0 - p for label, p in pairs), len(self.scored))

    def brier(self) -> float:
        pairs = zip(self.scored.labels, self.scored.predictions, strict=True)
        return mean(((p - label) ** 2 for label, p in pairs), len(self.scored))

    def calibration(self) -> list[dict[str, float]]:
        """Per tenth of probability: rows, mean prediction and share of positives."""
        bins = [[0, 0.0, 0] for _ in range(CALIBRATION_BINS)]
        for label, prediction in zip(self.scored.labels, self.scored.predictions, strict=True):
            cell = bins[min(int(prediction * CALIBRATION_BINS), CALIBRATION_BINS - 1)]
            cell[0], cell[1], cell[2] = cell[0] + 1, cell[1] + prediction, cell[2] + int(label)
        return [{"rows": n, "predicted": s / n, "observed": k / n} for n, s, k in bins if n]

    def best_threshold(self, metric: str) -> float:
        """The threshold at which a metric is greatest on these rows."""
        n, p = self.curve.negatives, self.curve.positives
        value = CHOICES[metric]
        return self.curve.best(lambda wrong, right: value(Confusion(n - wrong, wrong, p - right, right)))

    METRICS: ClassVar[dict[str, Callable[[Binary], float]]] = {
        "auc": lambda self: self.curve.area(),
        "average_precision": lambda self: self.curve.average_precision(),
        "ks": lambda self: self.curve.distance(),
        "accuracy": lambda self: self.confusion.accuracy(),
        "balanced_accuracy": lambda self: self.confusion.balanced_accuracy(),
        "precision": lambda self: self.confusion.precision(),
        "recall": lambda self: self.confusion.recall(),
        "f1": lambda self: self.confusion.f_score(),
        "mcc": lambda self: self.confusion.matthews(),
        "false_positive_rate": lambda self: 1.0 - self.confusion.specificity(),
        "log_loss": log_loss,
        "brier": brier,
    }

    def details(self) -> dict[str, Any]:
        """The parts of SageMaker's layout beyond the metrics, which has names of its own for some of them."""
        confusion, operating, retrieval = (
            self.confusion,
            self.curve.operating_points(),
            self.curve.retrieval_points(),
        )
        rates = {
            "true_positive_rate": confusion.recall(),
            "true_negative_rate": confusion.specificity(),
            "false_negative_rate": confusion.false_negative / self.curve.positives,
            "f0_5": confusion.f_score(0.5),
            "f2": confusion.f_score(2.0),
        }
        return {
            **{name: {"value": value, "standard_deviation": "NaN"} for name, value in rates.items()},
            "confusion_matrix": {
                "0": {"0": confusion.true_negative, "1": confusion.false_positive},
                "1": {"0": confusion.false_negative, "1": confusion.true_positive},
            },
            "receiver_operating_characteristic_curve": {
                "false_positive_rates": [x for x, _ in operating],
                "true_positive_rates": [y for _, y in operating],
            },
            "precision_recall_curve": {
                "precisions": [y for _, y in retrieval],
                "recalls": [x for x, _ in retrieval],
            },
            "calibration": self.calibration(),
        }
