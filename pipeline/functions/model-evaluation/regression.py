"""Metrics of predicted quantities."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from arithmetic import PROBABILITY_MARGIN, mean
from predictions import Scored

# The shares of rows of which the report says how large their error is at most.
QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
# The number of rows that the report draws.
DRAWN = 300


class Regression:
    """Rows of a test set, and what is calculated from them at most once."""

    SECTION = "regression_metrics"

    def __init__(self, scored: Scored) -> None:
        self.scored = scored

    @cached_property
    def errors(self) -> array[float]:
        pairs = zip(self.scored.labels, self.scored.predictions, strict=True)
        return array("d", [p - y for y, p in pairs])

    @cached_property
    def sizes(self) -> list[float]:
        """The errors without their signs, the smallest first."""
        return sorted(map(abs, self.errors))

    def mse(self) -> float:
        return mean((error * error for error in self.errors), len(self.errors))

    def mae(self) -> float:
        return mean(map(abs, self.errors), len(self.errors))

    def mape(self) -> float:
        """Relative to the label, which counts as nearly nothing where it is 0."""
        pairs = zip(self.scored.labels, self.errors, strict=True)
        return mean((abs(error) / max(abs(y), PROBABILITY_MARGIN) for y, error in pairs), len(self.errors))

    def bias(self) -> float:
        return mean(self.errors, len(self.errors))

    def median_absolute_error(self) -> float:
        half = len(self.sizes) // 2
        return self.sizes[half] if len(self.sizes) % 2 else (self.sizes[half - 1] + self.sizes[half]) / 2

    def r2(self) -> float:
        """1 for a perfect model, 0 for the mean of the labels. Of equal labels: 1 for a perfect model, otherwise 0."""
        center = mean(self.scored.labels, len(self.scored))
        variance = mean(((y - center) ** 2 for y in self.scored.labels), len(self.scored))
        error = self.mse()
        if variance:
            return 1.0 - error / variance
        return 0.0 if error else 1.0

    METRICS: ClassVar[dict[str, Callable[[Regression], float]]] = {
        "mse": mse,
        "rmse": lambda self: math.sqrt(self.mse()),
        "mae": mae,
        "median_absolute_error": median_absolute_error,
        "max_error": lambda self: self.sizes[-1],
        "mape": mape,
        "r2": r2,
    }

    def details(self) -> dict[str, Any]:
        """The size and direction of errors, and some rows to draw."""
        rows, last = len(self.scored), len(self.sizes) - 1
        positions = {round(i * (rows - 1) / max(min(rows, DRAWN) - 1, 1)) for i in range(min(rows, DRAWN))}
        return {
            "bias": {"value": self.bias(), "standard_deviation": "NaN"},
            "absolute_error_quantiles": {f"{share:g}": self.sizes[math.ceil(share * last)] for share in QUANTILES},
            "sample": {
                "labels": [self.scored.labels[i] for i in sorted(positions)],
                "predictions": [self.scored.predictions[i] for i in sorted(positions)],
            },
        }
