"""The curve of a ranking: exact areas, and as many of its points as a drawing needs."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass

# The greatest distance between drawing and curve, as a share of an axis, and the most points of the drawing.
STEP = 0.004
MOST_POINTS = 1000

Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Cumulative false and true positives at each distinct score, from the highest down. The first point is (0, 0)."""

    scores: array[float]
    false_positives: array[int]
    true_positives: array[int]

    @staticmethod
    def trace(labels: array[float], predictions: array[float], positive: float = 1.0) -> Curve:
        order = sorted(range(len(predictions)), key=predictions.__getitem__, reverse=True)
        curve = Curve(array("d", [float("inf")]), array("q", [0]), array("q", [0]))
        wrong, right = 0, 0
        for position, row in enumerate(order):
            if labels[row] == positive:
                right += 1
            else:
                wrong += 1
            last = position + 1 == len(order)
            # Rows with one score are inseparable: only the whole group makes a point.
            if last or predictions[order[position + 1]] != predictions[row]:
                curve.scores.append(predictions[row])
                curve.false_positives.append(wrong)
                curve.true_positives.append(right)
        return curve

    @property
    def negatives(self) -> int:
        return self.false_positives[-1]

    @property
    def positives(self) -> int:
        return self.true_positives[-1]

    def area(self) -> float:
        """Area under the ROC curve by trapezoids, exact in integers until the division."""
        x, y = self.false_positives, self.true_positives
        doubled = sum((x[i] - x[i - 1]) * (y[i] + y[i - 1]) for i in range(1, len(x)))
        return doubled / (2 * self.negatives * self.positives)

    def average_precision(self) -> float:
        """Precision at each score, weighted by the recall that it adds."""
        x, y = self.false_positives, self.true_positives
        gained = ((i, y[i] - y[i - 1]) for i in range(1, len(x)))
        return sum(gain * (y[i] / (x[i] + y[i])) for i, gain in gained if gain) / self.positives

    def distance(self) -> float:
        """The statistic of Kolmogorov and Smirnov: how far apart both classes' scores are at most."""
        x, y, n, p = self.false_positives, self.true_positives, self.negatives, self.positives
        return max(abs(y[i] * n - x[i] * p) for i in range(len(x))) / (n * p)

    def best(self, value: Callable[[int, int], float]) -> float:
        """The score from which on a row counts as positive, so that `value` of false and true positives is greatest."""
        x, y = self.false_positives, self.true_positives
        return self.scores[max(range(1, len(x)), key=lambda i: value(x[i], y[i]))]

    def operating_points(self) -> list[Point]:
        """False and true positive rates, as a drawing needs them."""
        n, p = self.negatives, self.positives
        return thinned([(x / n, y / p) for x, y in zip(self.false_positives, self.true_positives, strict=True)])

    def retrieval_points(self) -> list[Point]:
        """Recalls and precisions, as a drawing needs them."""
        pairs = zip(self.false_positives, self.true_positives, strict=True)
        return thinned([(y / self.positives, y / (x + y) if x + y else 1.0) for x, y in pairs])


def thinned(points: list[Point]) -> list[Point]:
    """The points without those that no eye would miss: each left out is within a step of the last one kept."""
    step = STEP
    while len(kept := thinned_by(points, step)) > MOST_POINTS:
        step *= 2
    return kept


def thinned_by(points: list[Point], step: float) -> list[Point]:
    kept, last = [points[0]], 0
    for position, (x, y) in enumerate(points):
        if max(abs(x - kept[-1][0]), abs(y - kept[-1][1])) < step:
            continue
        # The last point before a jump shows where the jump begins.
        if position - 1 > last:
            kept.append(points[position - 1])
        kept.append(points[position])
        last = position
    if last != len(points) - 1:
        kept.append(points[-1])
    return kept
