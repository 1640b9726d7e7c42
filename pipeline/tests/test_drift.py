from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from fake_s3 import FakeS3
from scipy.stats import ks_2samp
from test_data_validation import BATCH, EVENT, data_set

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/models/7"


@pytest.fixture(scope="session")
def drift(validation) -> Any:
    return validation.drift


def quantiles(numbers: list[float]) -> list[float]:
    ordered = sorted(numbers)
    return [ordered[round(step * (len(ordered) - 1) / 20)] for step in range(21)]


def shape(drift, *batches: list[float], nulls: int = 0) -> Any:
    found = drift.Shape()
    for numbers in batches:
        count = len(numbers) + nulls
        found.add({"type": "number", "count": count, "nulls": nulls, "quantiles": quantiles(numbers)})
    return found


def normal(seed: int, mean: float, deviation: float, rows: int = 4000) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(mean, deviation) for _ in range(rows)]


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (0.5, 1.0), (3.0, 1.0), (0.0, 2.0)])
def test_the_distance_of_numbers_is_kolmogorov_and_smirnovs(drift, mean, deviation):
    old, new = normal(1, 0.0, 1.0), normal(2, mean, deviation)
    expected = ks_2samp(old, new).statistic
    assert drift.distance(shape(drift, old), shape(drift, new)) == pytest.approx(expected, abs=0.02)


def test_whole_numbers_are_compared_as_well(drift):
    old, new = [n % 10 for n in range(1000)], [n % 5 for n in range(1000)]
    assert drift.distance(shape(drift, old), shape(drift, old)) == 0.0
    assert drift.distance(shape(drift, old), shape(drift, new)) == pytest.approx(0.5, abs=0.06)


def test_batches_count_by_their_rows(drift):
    low, high = normal(1, 0.0, 1.0), normal(2, 10.0, 1.0, rows=1000)
    both = shape(drift, low, high)
    assert both.share_up_to(5.0) == pytest.approx(0.8, abs=0.01)
    assert drift.distance(shape(drift, low), both) == pytest.approx(0.2, abs=0.01)


def test_missing_values_are_drift_too(drift):
    numbers = normal(1, 0.0, 1.0, rows=900)
    assert drift.distance(shape(drift, numbers), shape(drift, numbers, nulls=100)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 50, "b": 50}, {"a": 5, "b": 5}, 0.0),
        ({"a": 50, "b": 50}, {"a": 80, "b": 20}, 0.3),
        ({"a": 100}, {"b": 100}, 1.0),
    ],
)
def test_the_distance_of_categories_is_the_share_that_would_have_to_change(drift, old, new, expected):
    shapes = []
    for values in (old, new):
        found = drift.Shape()
        found.add({"type": "string", "count": sum(values.values()), "nulls": 0, "values": values})
        shapes.append(found)
    assert drift.distance(*shapes) == pytest.approx(expected)


def test_labels_are_compared_by_their_balance(drift):
    shapes = []
    for mean in (0.2, 0.6):
        found = drift.Shape()
        found.add({"type": "boolean", "count": 1000, "nulls": 0, "mean": mean})
        shapes.append(found)
    assert drift.distance(*shapes) == pytest.approx(0.4)


def test_keys_moments_and_what_the_model_does_not_see_may_move(drift):
    schema = {
        "label": "y",
        "key": ["id"],
        "columns": [
            {"name": "id", "type": "integer"},
            {"name": "since", "type": "timestamp"},
            {"name": "note", "type": "integer", "feature": False},
            {"name": "age", "type": "integer"},
            {"name": "y", "type": "boolean", "feature": False},
        ],
    }
    assert drift.watched(schema) == ["age", "y"]


def approved(validation) -> tuple[FakeS3, dict[str, Any]]:
    """A data set that was found fit, and the event of an execution whose champion learned from it."""
    s3 = data_set(BATCH)
    version = validation.validate(EVENT, s3, {})["data_version"]
    assert f"data/processed/profiles/{version}.json" in s3.objects
    return s3, {**EVENT, "baseline": {"package": PACKAGE, "data_version": version}}


def with_plans(basic: int) -> dict[str, Any]:
    batch = copy.deepcopy(BATCH)
    batch["columns"]["plan"]["values"] = {"basic": basic, "pro": 1000 - basic}
    return batch


def test_data_unlike_the_approved_models_stops_the_pipeline_and_names_the_column(validation):
    s3, event = approved(validation)
    s3.objects["data/processed/statistics/d/batch=b1.json"] = json.dumps(with_plans(300)).encode()
    with pytest.raises(validation.DataValidationFailed) as caught:
        validation.validate(event, s3, {})
    assert str(caught.value) == "column plan: differs by 0.400 from the approved model's data, the limit is 0.25"


def test_drift_within_the_limit_passes_and_is_in_the_verdict(validation):
    s3, event = approved(validation)
    s3.objects["data/processed/statistics/d/batch=b1.json"] = json.dumps(with_plans(600)).encode()
    verdict = validation.validate(event, s3, {})
    assert verdict["drift"]["plan"] == pytest.approx(0.1)
    assert verdict["compared_with"] == PACKAGE


def test_a_columns_own_limit_wins(validation):
    s3, event = approved(validation)
    s3.objects["data/processed/statistics/d/batch=b1.json"] = json.dumps(with_plans(300)).encode()
    limits = {"max_drift_by_column": {"plan": 0.5}}
    assert validation.validate({**event, "limits": limits}, s3, {})["passed"]


@pytest.mark.parametrize(
    ("package", "version", "why"),
    [
        ("", "", "no model is approved yet"),
        (PACKAGE, "", "the approved model does not name its data version"),
        (PACKAGE, "gone", "the profile of the approved model's data is gone: s3://data/processed/profiles/gone.json"),
    ],
    ids=["none", "older", "lost"],
)
def test_the_verdict_says_why_nothing_is_compared(validation, package, version, why):
    event = {**EVENT, "baseline": {"package": package, "data_version": version}}
    verdict = validation.validate(event, data_set(BATCH), {})
    assert (verdict["passed"], verdict["drift"], verdict["compared_with"]) == (True, {}, "")
    assert verdict["not_compared"] == why


def test_a_column_of_another_type_is_named_as_not_compared(validation):
    s3, event = approved(validation)
    key = next(name for name in s3.objects if "/profiles/" in name)
    profile = json.loads(s3.objects[key])
    profile["columns"]["tenure"]["type"] = "string"
    s3.objects[key] = json.dumps(profile).encode()
    verdict = validation.validate(event, s3, {})
    assert verdict["not_compared_columns"] == ["tenure"]


def test_drift_can_warn_instead_of_refusing(validation):
    s3, event = approved(validation)
    s3.objects["data/processed/statistics/d/batch=b1.json"] = json.dumps(with_plans(300)).encode()
    verdict = validation.validate({**event, "limits": {"on_drift": "warn"}}, s3, {})
    assert verdict["warnings"] == ["column plan: differs by 0.400 from the approved model's data, the limit is 0.25"]
    with pytest.raises(ValueError, match="it must be refuse or warn"):
        validation.validate({**event, "limits": {"on_drift": "shout"}}, s3, {})


def numbers(drift, counts: dict[float, int], **entry: Any) -> Any:
    """A column of few different numbers, as the ETL job counts them."""
    found = drift.Shape()
    listed = sorted(number for number, rows in counts.items() for _ in range(rows))
    entry |= {"numbers": {repr(number): rows for number, rows in counts.items()}, "zeros": counts.get(0.0, 0)}
    found.add({"type": "integer", "count": len(listed), "nulls": 0, "quantiles": quantiles(listed), **entry})
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({0.0: 990, 1.0: 10}, {0.0: 960, 1.0: 40}),
        ({0.0: 500, 1.0: 300, 2.0: 200}, {0.0: 500, 1.0: 200, 2.0: 300}),
        ({2022.0: 100}, {2022.0: 50, 2023.0: 50}),
    ],
    ids=["a rare flag", "a count", "a year"],
)
def test_few_different_numbers_are_compared_exactly(drift, old, new):
    samples = [[n for n, rows in counts.items() for _ in range(rows)] for counts in (old, new)]
    expected = ks_2samp(*samples).statistic
    assert drift.distance(numbers(drift, old), numbers(drift, new)) == pytest.approx(expected)


def test_the_share_of_zeros_is_not_blurred_by_quantiles(drift):
    shapes = []
    for seed, zeros in ((1, 970), (2, 900)):
        values = [0.0] * zeros + [abs(v) for v in normal(seed, 5.0, 1.0, rows=1000 - zeros)]
        found = drift.Shape()
        entry = {"type": "number", "count": 1000, "nulls": 0, "quantiles": quantiles(values), "zeros": zeros}
        found.add(entry)
        shapes.append(found)
    assert drift.distance(*shapes) == pytest.approx(0.07, abs=0.005)


def test_a_profile_that_version_0_1_wrote_is_compared_by_its_quantiles(drift):
    old = drift.from_json(
        {
            "version": 1,
            "columns": {
                "n": {"type": "integer", "count": 21, "nulls": 0, "values": {}, "quantiles": [[21, list(range(21))]]}
            },
        }
    )["n"]
    assert drift.distance(old, shape(drift, [float(n) for n in range(21)])) == 0.0


def test_a_data_set_that_is_not_fit_leaves_no_profile(validation):
    s3 = data_set({**BATCH, "rows": {"read": 1, "accepted": 1, "quarantined": 0}})
    with pytest.raises(validation.DataValidationFailed):
        validation.validate(EVENT, s3, {})
    assert not [name for name in s3.objects if name.startswith("data/processed/profiles/")]
