"""The comparison of a new model with the champion, by their predictions on the same rows."""

from __future__ import annotations

import math
import random
from typing import Any

from predictions import EvaluationFailed
from tasks import LOWER_IS_BETTER, Measured, Task

# A test set is drawn anew, with repetitions, so often.
DRAWS = 400
# Of a larger test set every draw takes this many rows. The spread of a difference falls with the root of their number.
DRAWN_ROWS = 5_000
CONFIDENCE = 0.95
SEED = 20_240_229


def interval(
    task: Task, metric: Any, thresholds: tuple[float, float], candidate: Measured, champion: Measured
) -> tuple[float, float] | None:
    """Between which values the difference of a metric lies with 95 % confidence, by drawing rows at random.

    None where too few draws can be measured, as with a handful of rows.
    """
    generator, rows = random.Random(SEED), len(candidate.scored)
    size = min(rows, DRAWN_ROWS)
    observed = metric(candidate) - metric(champion)
    deviations = []
    for _ in range(DRAWS):
        drawn = generator.choices(range(rows), k=size)
        try:
            new, old = (
                metric(task.measured(one.scored.select(drawn), threshold))
                for one, threshold in zip((candidate, champion), thresholds, strict=True)
            )
        except EvaluationFailed:
            # All drawn rows have one label.
            continue
        deviations.append((new - old - observed) * math.sqrt(size / rows))
    if len(deviations) < DRAWS / 2:
        return None
    deviations.sort()
    tail = (1 - CONFIDENCE) / 2
    low, high = (deviations[round(share * (len(deviations) - 1))] for share in (tail, 1 - tail))
    return observed + low, observed + high


def compare(
    task: Task, settings: dict[str, Any], thresholds: tuple[float, float], candidate: Measured, champion: Measured
) -> dict[str, Any]:
    """The metric of both, their difference with its interval, and the reason to refuse the candidate, if any.

    `thresholds` are the decision thresholds of both.
    """
    name, tolerance = settings["metric"], settings.get("max_regression", 0.0)
    metric = task.metric(name, "the comparison")
    if candidate.scored.labels != champion.scored.labels:
        raise EvaluationFailed("the champion was not scored on the same rows as the new model")
    new, old = metric(candidate), metric(champion)
    found = interval(task, metric, thresholds, candidate, champion)
    gain = old - new if name in LOWER_IS_BETTER else new - old
    bounds = f", with 95 % confidence between {found[0]:+.6f} and {found[1]:+.6f}" if found else ""
    told = f"{name} is {new:.6f}, the approved model has {old:.6f} on the same rows: {new - old:+.6f}{bounds}"
    refused = f"{told}; at most {tolerance:g} worse is allowed" if gain < -tolerance else ""
    return {
        "metric": name,
        "candidate": new,
        "champion": old,
        "difference": new - old,
        "interval": list(found) if found else None,
        "confidence": CONFIDENCE,
        "told": told,
        "refused": refused,
    }
