from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from fake_s3 import FakeS3

SCHEMA = {
    "label": "churned",
    "task": "binary",
    "columns": [
        {"name": "tenure", "type": "integer", "minimum": 0, "maximum": 240},
        {"name": "plan", "type": "string", "values": ["basic", "pro"]},
        {"name": "churned", "type": "boolean"},
    ],
}
BATCH: dict[str, Any] = {
    "batch": "b1",
    "features": ["tenure", "plan=basic", "plan=pro"],
    "rows": {"read": 1010, "accepted": 1000, "quarantined": 10},
    "quarantine_reasons": {"tenure: below 0": 7, "plan: value not allowed": 3},
    "splits": {
        "train": {"rows": 800, "fingerprint": [11, 12], "labels": {"0": 600, "1": 200}},
        "validation": {"rows": 100, "fingerprint": [21, 22], "labels": {"0": 75, "1": 25}},
        "test": {"rows": 100, "fingerprint": [31, 32], "labels": {"0": 75, "1": 25}},
    },
    "columns": {
        "tenure": {"type": "integer", "count": 1000, "nulls": 50, "min": 0.0, "max": 200.0},
        "plan": {"type": "string", "count": 1000, "nulls": 0, "values": {"basic": 700, "pro": 300}},
        "churned": {"type": "boolean", "count": 1000, "nulls": 0, "min": 0.0, "max": 1.0},
    },
}
SAMPLE = "1.0,5,1,0\n0.0,,0,1\n"
EVENT = {"bucket": "data", "statistics_prefix": "stats/", "sample_prefix": "csv/train/", "schema": SCHEMA}


def data_set(*batches: dict[str, Any], sample: str = SAMPLE) -> FakeS3:
    objects = {f"data/stats/batch={i}.json": json.dumps(batch) for i, batch in enumerate(batches)}
    return FakeS3({**objects, "data/csv/train/batch=b1/part-0.csv": sample})


def changed(path: str, value: Any) -> dict[str, Any]:
    batch = copy.deepcopy(BATCH)
    *parents, last = path.split("/")
    target = batch
    for name in parents:
        target = target[name]
    target[last] = value
    return batch


def failure(validation, s3: FakeS3, **event: Any) -> str:
    with pytest.raises(validation.DataValidationFailed) as caught:
        validation.validate({**EVENT, **event}, s3, {})
    return str(caught.value)


def test_a_sound_data_set_passes_with_its_counts(validation):
    verdict = validation.validate(EVENT, data_set(BATCH), {})
    assert verdict["passed"]
    assert verdict["findings"] == []
    assert verdict["split_rows"] == {"train": 800, "validation": 100, "test": 100}
    assert verdict["labels"] == {"0": 750, "1": 250}
    json.dumps(verdict)


def test_batches_of_one_data_set_are_added_up(validation):
    verdict = validation.validate(EVENT, data_set(BATCH, BATCH, BATCH), {})
    assert verdict["rows"] == {"read": 3030, "accepted": 3000, "quarantined": 30}


def test_the_data_version_follows_the_rows_and_not_the_run(validation):
    def version(*batches: dict[str, Any]) -> str:
        return validation.validate(EVENT, data_set(*batches), {})["data_version"]

    assert version(BATCH) == version(changed("batch", "another"))
    assert version(BATCH) != version(changed("splits/test/fingerprint", [31, 33]))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("columns/tenure/nulls", 201, "column tenure: 20.1% null, the limit is 20.0%"),
        ("columns/tenure/min", -1.0, "column tenure: has -1, the schema allows no less than 0"),
        ("columns/tenure/max", 241.0, "column tenure: has 241, the schema allows no more than 240"),
        ("columns/tenure/type", "string", "column tenure: is string in the data set, the schema says integer"),
        ("rows/accepted", 99, "99 usable rows, at least 100 are needed"),
        ("splits/validation/rows", 0, "0 rows in the validation split, the limit is 1"),
    ],
)
def test_a_broken_limit_stops_the_pipeline_and_names_the_column(validation, path, value, message):
    assert failure(validation, data_set(changed(path, value))) == message


def test_a_fraction_equal_to_its_limit_passes(validation):
    assert validation.validate(EVENT, data_set(changed("columns/tenure/nulls", 200)), {})["passed"]


def test_too_many_quarantined_rows_name_the_column_at_fault_most_often(validation):
    batch = changed("rows", {"read": 2000, "accepted": 1000, "quarantined": 1000})
    expected = "column tenure: 50.0% of the rows were quarantined, the limit is 5.0%; most often: below 0"
    assert failure(validation, data_set(batch)) == expected


def test_a_label_too_rare_to_learn_fails(validation):
    batch = copy.deepcopy(BATCH)
    for split in batch["splits"].values():
        split["labels"] = {"0": 1000, "1": 1}
    assert failure(validation, data_set(batch)).startswith("column churned: is 1 in 0.10% of the rows")


def test_a_label_beyond_zero_and_one_fails(validation):
    batch = changed("splits/train/labels", {"0": 600, "1": 190, "2": 10})
    assert failure(validation, data_set(batch)) == "column churned: has the value 2; a binary label is 0 or 1"


def test_a_constant_regression_label_fails(validation):
    batch = changed("columns/churned/max", 0.0)
    message = failure(validation, data_set(batch), schema={**SCHEMA, "task": "regression"})
    assert message == "column churned: is always 0: there is nothing to learn"


def test_columns_missing_on_either_side_are_both_reported(validation):
    batch = copy.deepcopy(BATCH)
    batch["columns"]["region"] = batch["columns"].pop("plan")
    message = failure(validation, data_set(batch))
    assert "column plan: in the schema but not" in message
    assert "column region: in the data set's statistics but not" in message


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("1.0,5,1\n", "row 1 has 3 fields, 4 are expected"),
        ("1.0,5,1,0\n0,abc,1,0\n", "column tenure: row 2 of the training file holds 'abc'"),
        ("1.0,inf,1,0\n", "column tenure: row 1 of the training file holds 'inf'"),
        (",5,1,0\n", "column churned: row 1 of the training file holds ''"),
        ("2,5,1,0\n", "column churned: row 1 of the training file holds '2'"),
        ("churned,tenure,a,b\n", "column churned: row 1 of the training file holds 'churned'"),
        ("", "no rows in the training files"),
    ],
)
def test_the_training_files_themselves_are_checked(validation, sample, message):
    assert message in failure(validation, data_set(BATCH, sample=sample))


def test_every_file_is_sampled_even_when_the_first_is_long(validation):
    s3 = data_set(BATCH, sample="1.0,5,1,0\n" * 50)
    s3.objects["data/csv/train/batch=b2/part-0.csv"] = b"1.0,bad,1,0\n"
    assert "column tenure" in failure(validation, s3, limits={"sample_rows": 10})


def test_limits_of_the_event_win_over_those_of_the_environment(validation):
    s3 = data_set(changed("columns/tenure/nulls", 400))
    event = {**EVENT, "limits": {"max_null_fraction_by_column": {"tenure": 0.5}}}
    assert validation.validate(event, s3, {"max_null_fraction": 0.1})["passed"]
    with pytest.raises(validation.DataValidationFailed, match="column tenure"):
        validation.validate(EVENT, s3, {"max_null_fraction": 0.1})


def test_a_misspelt_limit_is_an_error_and_not_ignored(validation):
    with pytest.raises(ValueError, match="unknown limit 'min_row'"):
        validation.validate({**EVENT, "limits": {"min_row": 1}}, data_set(BATCH), {})


def test_a_data_set_without_statistics_fails(validation):
    assert "no statistics under s3://data/stats/" in failure(validation, FakeS3())


def test_batches_with_different_features_do_not_mix(validation):
    other = changed("features", ["tenure"])
    assert "other features" in failure(validation, data_set(BATCH, other))
