"""Metrics of several classes, from the probability of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from arithmetic import divide, log_loss
from curves import Curve
from predictions import EvaluationFailed, Scored

# The greatest distance of a row's probabilities from a sum of 1: they are single-precision numbers.
SUM_TOLERANCE = 1e-3


class Multiclass:
    """Rows of a test set, whose label is the number of a class, and what is calculated from them at most once."""

    SECTION = "multiclass_classification_metrics"

    def __init__(self, scored: Scored, names: list[str]) -> None:
        self.scored, self.names, self.classes = scored, names, range(scored.width)
        for label in set(scored.labels):
            if label not in self.classes:
                raise EvaluationFailed(f"the label {label:g} is none of the {scored.width} classes from 0 on")
        if min(scored.predictions) < 0.0 or max(scored.predictions) > 1.0:
            raise EvaluationFailed("predictions outside 0..1: a model of several classes must give probabilities")
        for start in range(0, len(scored.predictions), scored.width):
            if abs(sum(scored.predictions[start : start + scored.width]) - 1.0) > SUM_TOLERANCE:
                raise EvaluationFailed(
                    f"the predictions of row {start // scored.width + 1} do not add up to 1: a model of several "
                    f"classes must give the probability of each, as objective multi:softprob does"
                )

    @cached_property
    def matrix(self) -> list[list[int]]:
        """Rows by label and by the most probable class, of equal ones the first."""
        cells = [[0 for _ in self.classes] for _ in self.classes]
        width, predictions = self.scored.width, self.scored.predictions
        for row, label in enumerate(self.scored.labels):
            given = predictions[row * width : (row + 1) * width]
            cells[int(label)][given.index(max(given))] += 1
        return cells

    @cached_property
    def true(self) -> list[int]:
        return [sum(row) for row in self.matrix]

    @cached_property
    def said(self) -> list[int]:
        return [sum(row[k] for row in self.matrix) for k in self.classes]

    def hits(self, k: int) -> int:
        return self.matrix[k][k]

    def f_score(self, k: int, beta: float = 1.0) -> float:
        missed, wrong = self.true[k] - self.hits(k), self.said[k] - self.hits(k)
        weighted = (1 + beta**2) * self.hits(k)
        return divide(weighted, weighted + beta**2 * missed + wrong)

    def precision(self, k: int) -> float:
        return divide(self.hits(k), self.said[k])

    def recall(self, k: int) -> float:
        return divide(self.hits(k), self.true[k])

    def macro(self, of: Callable[[int], float]) -> float:
        """The mean over classes that are a label or a prediction."""
        seen = [k for k in self.classes if self.true[k] or self.said[k]]
        return math.fsum(map(of, seen)) / len(seen)

    def weighted(self, of: Callable[[int], float]) -> float:
        """The mean over classes by their rows."""
        return math.fsum(of(k) * self.true[k] for k in self.classes) / len(self.scored)

    def accuracy(self) -> float:
        return sum(map(self.hits, self.classes)) / len(self.scored)

    def balanced_accuracy(self) -> float:
        seen = [k for k in self.classes if self.true[k]]
        return math.fsum(map(self.recall, seen)) / len(seen)

    def matthews(self) -> float:
        """The correlation of label and prediction."""
        rows = len(self.scored)
        both = sum(t * s for t, s in zip(self.true, self.said, strict=True))
        spread = math.sqrt(rows**2 - sum(s * s for s in self.said)) * math.sqrt(rows**2 - sum(t * t for t in self.true))
        return divide(sum(map(self.hits, self.classes)) * rows - both, spread)

    def auc(self) -> float:
        """The mean over classes of how well each is told from all others."""
        ranked = [k for k in self.classes if 0 < self.true[k] < len(self.scored)]
        if not ranked:
            raise EvaluationFailed(f"every label is {self.scored.labels[0]:g}: ranking cannot be measured")
        areas = [Curve.trace(self.scored.labels, self.scored.column(k), float(k)).area() for k in ranked]
        return math.fsum(areas) / len(areas)

    def log_loss(self) -> float:
        width, predictions = self.scored.width, self.scored.predictions
        likelihoods = (predictions[row * width + int(label)] for row, label in enumerate(self.scored.labels))
        return log_loss(likelihoods, len(self.scored))

    METRICS: ClassVar[dict[str, Callable[[Multiclass], float]]] = {
        "accuracy": accuracy,
        "balanced_accuracy": balanced_accuracy,
        "precision_macro": lambda self: self.macro(self.precision),
        "recall_macro": lambda self: self.macro(self.recall),
        "f1_macro": lambda self: self.macro(self.f_score),
        "f1_weighted": lambda self: self.weighted(self.f_score),
        "mcc": matthews,
        "auc": auc,
        "log_loss": log_loss,
    }

    def details(self) -> dict[str, Any]:
        """The parts of SageMaker's layout beyond the metrics, and each class by its name."""
        weighted = {
            "weighted_recall": self.weighted(self.recall),
            "weighted_precision": self.weighted(self.precision),
            "weighted_f0_5": self.weighted(lambda k: self.f_score(k, 0.5)),
            "weighted_f1": self.weighted(self.f_score),
            "weighted_f2": self.weighted(lambda k: self.f_score(k, 2.0)),
        }
        by_name = dict(zip(self.names, self.classes, strict=True))
        return {
            **{name: {"value": value, "standard_deviation": "NaN"} for name, value in weighted.items()},
            "confusion_matrix": {
                actual: {said: self.matrix[i][k] for said, k in by_name.items()} for actual, i in by_name.items()
            },
            "classes": {
                name: {
                    "rows": self.true[k],
                    "precision": self.precision(k),
                    "recall": self.recall(k),
                    "f1": self.f_score(k),
                }
                for name, k in by_name.items()
            },
        }
