"""The task of a model, and the metrics that measure its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from binary import Binary
from multiclass import Multiclass
from predictions import EvaluationFailed, Scored
from regression import Regression

Measured = Binary | Multiclass | Regression
# Metrics of which less is better; of all others more is better.
LOWER_IS_BETTER = frozenset(
    {"log_loss", "brier", "rmse", "mae", "mse", "median_absolute_error", "max_error", "mape", "false_positive_rate"}
)
METRICS = {"binary": Binary.METRICS, "multiclass": Multiclass.METRICS, "regression": Regression.METRICS}


@dataclass(frozen=True)
class Task:
    """The kind of a label. `classes` names those of a task of several classes, in the order of their numbers."""

    name: str
    classes: tuple[str, ...] = ()

    @staticmethod
    def of(schema: dict[str, Any], hyperparameters: dict[str, str]) -> Task:
        """The classes are those of the schema; where it lists none, XGBoost is told how many there are."""
        name = schema.get("task", "binary")
        if name not in METRICS:
            raise EvaluationFailed(f"task {name!r} is none of {', '.join(METRICS)}")
        if name != "multiclass":
            return Task(name)
        label = next(column for column in schema["columns"] if column["name"] == schema["label"])
        listed, told = tuple(map(str, label.get("values", ()))), hyperparameters.get("num_class", "")
        if not listed and not told.isdecimal():
            raise EvaluationFailed("a task of several classes needs `values` of its label, or the parameter num_class")
        if listed and told and told != str(len(listed)):
            raise EvaluationFailed(f"the label has {len(listed)} classes, but num_class is {told}")
        return Task(name, listed or tuple(map(str, range(int(told)))))

    @property
    def width(self) -> int:
        """The number of predictions of a row."""
        return len(self.classes) or 1

    @property
    def output_filter(self) -> str:
        """The fields of a row that a transform keeps: label and prediction, or all where there are several predictions.

        A filter would have to count the fields that XGBoost's list of probabilities is taken for.
        """
        return "$" if self.classes else "$[0,-1]"

    def measured(self, scored: Scored, threshold: float) -> Measured:
        """`threshold` is the probability from which a row of a binary task counts as positive."""
        if self.name == "binary":
            return Binary(scored, threshold)
        return Multiclass(scored, list(self.classes)) if self.classes else Regression(scored)

    def metric(self, name: str, asked_by: str) -> Any:
        """The function that calculates a metric."""
        found = METRICS[self.name].get(name)
        if found is None:
            known = ", ".join(METRICS[self.name])
            raise EvaluationFailed(f"{asked_by} names {name!r}; the metrics of {self.name} are {known}")
        return found


def all_metrics(measured: Measured) -> dict[str, float]:
    return {name: metric(measured) for name, metric in measured.METRICS.items()}


def report(measured: Measured, metrics: dict[str, float]) -> dict[str, Any]:
    """In the layout of SageMaker's model-quality statistics."""
    # The layout requires a deviation; from one test set there is none to give.
    values = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
    section = {**values, **measured.details()}
    return {"version": 0.0, "dataset": {"item_count": len(measured.scored)}, measured.SECTION: section}
