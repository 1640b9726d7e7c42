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
NO_MODEL = {"package": "", "data_version": ""}
EVENT = {"bucket": "data", "dataset": "d", "batch": "b1", "schema": SCHEMA, "baseline": NO_MODEL}
PROCESSED = "data/processed"


def data_set(*batches: dict[str, Any], sample: str = SAMPLE) -> FakeS3:
    """The last of the batches, b1, builds on those before it, which were accepted."""
    names = [*(f"a{i}" for i in range(len(batches) - 1)), "b1"]
    last = {**batches[-1], "load_mode": "incremental", "builds_on": names[:-1]}
    objects = {f"{PROCESSED}/datasets/d/accepted/{name}.json": "{}" for name in names[:-1]}
    for name, batch in zip(names, [*batches[:-1], last], strict=True):
        objects[f"{PROCESSED}/statistics/d/batch={name}.json"] = json.dumps(batch)
        objects[f"{PROCESSED}/csv/d/train/batch={name}/part-0.csv"] = sample
    return FakeS3(objects)


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


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ((190, 10, 0), "test (190 of train, 10 of validation, 0 of test)"),
        ((9, 0, 0), "validation and test (9 of train, 0 of validation, 0 of test)"),
        ((0, 10, 10), "train (0 of train, 10 of validation, 10 of test)"),
    ],
)
def test_a_class_that_a_split_lacks_is_named_with_its_counts(validation, labels, found):
    batch = copy.deepcopy(BATCH)
    for split, rows in zip(batch["splits"].values(), labels, strict=True):
        split["labels"] = {"0": 50} | ({"1": rows} if rows else {})
    assert failure(validation, data_set(batch)) == (
        f"column churned: is 1 in too few rows of {found}, the limit is 1: "
        "add rows of this class, or give the split a larger share"
    )
    assert validation.validate({**EVENT, "limits": {"min_label_rows_per_split": 0}}, data_set(batch), {})["passed"]


def test_each_class_needs_as_many_rows_in_each_split_as_the_limit_says(validation):
    for limit, passes in ((25, True), (26, False)):
        event = {**EVENT, "limits": {"min_label_rows_per_split": limit}}
        if passes:
            assert validation.validate(event, data_set(BATCH), {})["passed"]
        else:
            with pytest.raises(validation.DataValidationFailed, match="is 1 in too few rows of validation and test"):
                validation.validate(event, data_set(BATCH), {})


def test_a_split_that_is_not_in_use_needs_no_class(validation):
    batch = changed("splits/validation", {"rows": 0, "fingerprint": [0, 0], "labels": {}})
    assert validation.validate({**EVENT, "limits": {"min_rows_per_split": 0}}, data_set(batch), {})["passed"]


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
    s3.objects[f"{PROCESSED}/csv/d/train/batch=b1/part-1.csv"] = b"1.0,bad,1,0\n"
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
    assert "no statistics at s3://data/processed/statistics/d/batch=b1.json" in failure(validation, FakeS3())


def test_batches_with_different_features_do_not_mix(validation):
    other = changed("features", ["tenure"])
    assert "other features" in failure(validation, data_set(BATCH, other))


def test_a_bad_batch_is_refused_although_the_whole_is_within_the_limits(validation):
    s3 = data_set(BATCH, BATCH, BATCH, BATCH, BATCH, BATCH, changed("columns/tenure/nulls", 1000))
    message = failure(validation, s3, limits={"max_null_fraction": 0.25})
    assert message == "column tenure: in the new batch, 100.0% null, the limit is 25.0%"
    assert not [name for name in s3.objects if "accepted/b1" in name or "manifests" in name or "profiles" in name]


def test_a_small_batch_need_not_have_every_label_nor_many_rows(validation):
    batch = changed("splits", {s: {"rows": 1, "fingerprint": [1, 1], "labels": {"0": 1}} for s in BATCH["splits"]})
    batch["rows"] = {"read": 3, "accepted": 3, "quarantined": 0}
    assert validation.validate(EVENT, data_set(BATCH, batch), {})["passed"]


def test_an_execution_without_new_files_trains_on_what_was_accepted(validation):
    empty = changed("rows", {"read": 0, "accepted": 0, "quarantined": 0})
    empty["splits"] = {s: {"rows": 0, "fingerprint": [0, 0], "labels": {}} for s in BATCH["splits"]}
    empty["columns"] = {
        name: {"type": entry["type"], "count": 0, "nulls": 0} for name, entry in BATCH["columns"].items()
    }
    s3 = data_set(BATCH, empty)
    del s3.objects[f"{PROCESSED}/csv/d/train/batch=b1/part-0.csv"]
    assert validation.validate(EVENT, s3, {})["passed"]
    assert f"{PROCESSED}/datasets/d/accepted/b1.json" not in s3.objects


def test_an_accepted_batch_joins_the_data_set_and_others_files_are_not_trained_on(validation):
    s3 = data_set(BATCH, BATCH)
    s3.objects[f"{PROCESSED}/csv/d/train/batch=refused/part-0.csv"] = b"9,9,9,9\n"
    s3.objects[f"{PROCESSED}/csv/d/test/batch=b1/part-7.csv"] = SAMPLE.encode()
    verdict = validation.validate(EVENT, s3, {})
    assert f"{PROCESSED}/datasets/d/accepted/b1.json" in s3.objects
    assert verdict["manifests"] == "s3://data/processed/datasets/d/manifests/b1/"
    manifests = {
        split: json.loads(s3.objects[f"{PROCESSED}/datasets/d/manifests/b1/{split}.manifest"])
        for split in ("train", "validation", "test")
    }
    assert manifests["train"] == [
        {"prefix": "s3://data/processed/csv/d/train/"},
        "batch=a0/part-0.csv",
        "batch=b1/part-0.csv",
    ]
    assert manifests["test"][1:] == ["batch=b1/part-7.csv"]


def test_of_two_executions_at_once_the_second_is_told_to_start_again(validation):
    s3 = data_set(BATCH, BATCH)
    s3.objects[f"{PROCESSED}/datasets/d/accepted/other.json"] = b"{}"
    message = failure(validation, s3)
    assert message == "another execution has changed the data set d (other): start the pipeline again"


def test_a_repeated_verdict_on_an_accepted_batch_is_the_same(validation):
    s3 = data_set(BATCH, BATCH)
    assert validation.validate(EVENT, s3, {}) == validation.validate(EVENT, s3, {})


def test_every_class_of_a_task_with_several_must_be_there(validation):
    columns = [*SCHEMA["columns"][:2], {"name": "kind", "type": "string", "values": ["a", "b", "c"]}]
    schema = {"label": "kind", "task": "multiclass", "columns": columns}
    batch = copy.deepcopy(BATCH)
    batch["columns"]["kind"] = batch["columns"].pop("churned") | {"type": "string"}
    sample = "2.0,5,1,0\n"
    message = failure(validation, data_set(batch, sample=sample), schema=schema)
    assert message == "column kind: is c in 0.00% of the rows, the limit is 1.00%"
    for split in batch["splits"].values():
        split["labels"]["2"] = 20
    assert validation.validate({**EVENT, "schema": schema}, data_set(batch, sample=sample), {})["passed"]
