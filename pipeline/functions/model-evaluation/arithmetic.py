"""The arithmetic of the metrics of all tasks."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

# The machine epsilon of a double: the least distance from 0 and 1 that log-loss allows.
PROBABILITY_MARGIN = 2.0**-52


def divide(numerator: float, denominator: float) -> float:
    """0 where a rate has no cases, as scikit-learn's zero_division=0 has it."""
    return numerator / denominator if denominator else 0.0


def mean(values: Iterable[float], count: int) -> float:
    """The mean of so many values, exact but for the last digit, in constant memory."""
    total, chunk = 0.0, array("d")
    for value in values:
        chunk.append(value)
        if len(chunk) == 65_536:
            total, chunk = math.fsum([total, *chunk]), array("d")
    return math.fsum([total, *chunk]) / count


def log_loss(likelihoods: Iterable[float], count: int) -> float:
    """From the probability that each row's true class was given."""
    low, high = PROBABILITY_MARGIN, 1.0 - PROBABILITY_MARGIN
    return mean((-math.log(min(max(p, low), high)) for p in likelihoods), count)
