"""A data set that grows: each increment is judged alone, and is part of the data set only once it was accepted."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from account import VALUES, Account, Execution

SETTINGS = {"load_mode": "incremental", "raw_prefix": "increments/", "dataset": "growing", "thresholds": {}}


def rows_of(account: Account, batch: str) -> dict[str, int]:
    (body,) = account.objects("data", f"processed/statistics/growing/batch={batch}.json").values()
    return json.loads(body)["rows"]


@pytest.fixture(scope="module")
def upload(account, generate):
    def upload(key: str, rows: int, seed: int, **changes: str) -> None:
        sample = io.StringIO()
        generate.write(sample, rows, seed, 0.0)
        table = list(csv.DictReader(io.StringIO(sample.getvalue())))
        # A customer is in one increment.
        changed = [row | {"customer_id": f"{seed}-{row['customer_id']}"} | changes for row in table]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(table[0]))
        writer.writeheader()
        writer.writerows(changed)
        account.upload(key, text.getvalue())

    return upload


def execute(account: Account, **settings: Any) -> Execution:
    # The approved model of other tests learned from other data.
    limits = {"min_rows": 1000, "max_drift": 1.0}
    return account.execute("training.asl.json", VALUES, SETTINGS | {"validation_limits": limits} | settings)


def accepted(account: Account) -> list[str]:
    keys = account.objects("data", "processed/datasets/growing/accepted/")
    return sorted(key.rsplit("/", 1)[1].removesuffix(".json") for key in keys)


def test_a_refused_increment_stays_out_and_its_corrected_file_is_read_again(account, upload):
    upload("increments/first.csv", 1500, 21)
    first = execute(account)
    assert first.status == "SUCCEEDED", first.cause
    (one,) = accepted(account)
    assert rows_of(account, one)["read"] == 1500

    # Too few to matter in the whole: 300 of 1800 rows lack the hours, and the limit is a fifth.
    upload("increments/second.csv", 300, 22, weekly_hours="")
    second = execute(account)
    assert (second.status, second.error) == ("FAILED", "DataValidationFailed")
    assert "column weekly_hours: in the new batch, 100.0% null, the limit is 20.0%" in second.notification["cause"]
    assert accepted(account) == [one]

    upload("increments/second.csv", 300, 23)
    third = execute(account)
    assert third.status == "SUCCEEDED", third.cause
    (two,) = set(accepted(account)) - {one}
    assert rows_of(account, two)["read"] == 300
    # The files of the refused execution are no part of the training data.
    (request,) = third.requests("createTrainingJob.sync")
    uri = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    (body,) = account.objects("data", uri.split("/", 3)[3]).values()
    prefix, *files = json.loads(body)
    assert prefix == {"prefix": f"s3://{VALUES['data_bucket']}/processed/csv/growing/train/"}
    assert {name.split("/")[0] for name in files} == {f"batch={one}", f"batch={two}"}


def test_another_name_begins_a_data_set_with_all_files(account, upload):
    upload("increments/first.csv", 1500, 21)
    execution = execute(account, dataset="anew")
    assert execution.status == "SUCCEEDED", execution.cause
    (body,) = account.objects("data", "processed/statistics/anew/").values()
    assert json.loads(body)["rows"]["read"] >= 1500


def test_the_event_time_of_records_is_the_start_of_the_execution(account, upload):
    """The group does not exist, so the job fails after it was given its arguments."""
    upload("grouped/all.csv", 1500, 25)
    settings = {"raw_prefix": "grouped/", "load_mode": "snapshot", "feature_groups": "nobodys"}
    execution = execute(account, **settings)
    assert execution.states[-5:] == ["IngestFeatures", "JobFailed", "MayPass", "NotifyFailure", "Failed"]
    (_, ingestion) = execution.requests("startJobRun.sync")
    started = account.machines.describe_execution(executionArn=execution.arn)["startDate"]
    given = datetime.fromisoformat(ingestion["Arguments"]["--started"])
    assert abs((given - started).total_seconds()) < 0.001


def test_refused_data_reaches_no_feature_group(account, upload):
    upload("refused/few.csv", 50, 24)
    settings = {"raw_prefix": "refused/", "load_mode": "snapshot", "feature_groups": "customers"}
    execution = account.execute("training.asl.json", VALUES, settings)
    assert (execution.status, execution.error) == ("FAILED", "DataValidationFailed")
    assert "IngestFeatures" not in execution.states
    assert len(execution.requests("startJobRun.sync")) == 1
