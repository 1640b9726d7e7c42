"""Accepted rows as records of a feature group, against a small server that speaks the two APIs on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

SCHEMA = {
    "label": "churned",
    "key": ["customer_id"],
    "columns": [
        {"name": "customer_id", "type": "string", "feature": False},
        {"name": "tenure", "type": "integer", "minimum": 0},
        {"name": "charge", "type": "number"},
        {"name": "since", "type": "timestamp", "feature": False},
        {"name": "autopay", "type": "boolean"},
        {"name": "churned", "type": "boolean"},
    ],
}
GROUP: dict[str, Any] = {
    "FeatureGroupName": "customers",
    "RecordIdentifierFeatureName": "customer_id",
    "EventTimeFeatureName": "event_time",
    "FeatureDefinitions": [
        {"FeatureName": "customer_id", "FeatureType": "String"},
        {"FeatureName": "event_time", "FeatureType": "Fractional"},
        {"FeatureName": "Tenure", "FeatureType": "Integral"},
        {"FeatureName": "charge", "FeatureType": "Fractional"},
        {"FeatureName": "since", "FeatureType": "String"},
        {"FeatureName": "autopay", "FeatureType": "Integral"},
        {"FeatureName": "score", "FeatureType": "Fractional"},
    ],
}


class FeatureStore(ThreadingHTTPServer):
    """Describes the group, keeps its records, and is too busy for the first few."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.group = GROUP
        self.busy = 0
        self.refused = 0
        self.lock = threading.Lock()
        self.records: list[dict[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: FeatureStore

    def answer(self, status: int, document: dict[str, Any], error: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_POST(self) -> None:
        assert self.headers["X-Amz-Target"] == "SageMaker.DescribeFeatureGroup"
        assert self.body() == {"FeatureGroupName": "customers"}
        self.answer(200, self.server.group)

    def do_PUT(self) -> None:
        assert self.path == "/FeatureGroup/customers"
        record = {part["FeatureName"]: part["ValueAsString"] for part in self.body()["Record"]}
        with self.server.lock:
            if self.server.busy:
                self.server.busy -= 1
                self.server.refused += 1
                self.answer(400, {"message": "Rate exceeded"}, "ThrottlingException")
                return
            self.server.records.append(record)
        self.answer(200, {})

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def store(spark, monkeypatch) -> Iterator[FeatureStore]:
    server = FeatureStore()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
        # The workers' environment is not the driver's.
        monkeypatch.setitem(spark.sparkContext.environment, name, value)
    # The driver alone knows where it runs.
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    yield server
    server.shutdown()
    server.server_close()


STARTED = "2024-05-06T07:08:09.500Z"


@pytest.fixture
def run(etl, spark, tmp_path):
    """Prepares a batch of these lines and writes it to the group; answers how many records that were."""

    def job(lines: list[str], batch: str = "b1", prepare: bool = True, **options: str) -> int:
        (tmp_path / "raw").mkdir(exist_ok=True)
        header = "customer_id,tenure,charge,since,autopay,churned"
        (tmp_path / "raw" / "a.csv").write_text("\n".join([header, *lines]) + "\n")
        places = {name: str(tmp_path / name) for name in ("raw", "processed", "quarantine")}
        own = {"dataset": "d", "batch": batch, "schema": json.dumps(SCHEMA), "feature_groups": "customers"}
        arguments = {**etl.OPTIONAL_ARGUMENTS, **places, **own, "started": STARTED, **options}
        if prepare:
            etl.run(spark, arguments)
        return etl.ingest(spark, arguments)["customers"]

    return job


def test_accepted_rows_become_records_typed_by_the_feature_definitions(run, store):
    assert run(["A,5,1.5,2024-03-01,yes,1", "B,7,,,no,0", "C,-1,2,,no,0"]) == 2
    records = {record.pop("customer_id"): record for record in store.records}
    assert {record.pop("event_time") for record in records.values()} == {"1714979289.5"}
    assert records == {
        "A": {"Tenure": "5", "charge": "1.5", "since": "2024-03-01T00:00:00Z", "autopay": "1"},
        "B": {"Tenure": "7", "autopay": "0"},
    }


def test_preparing_data_writes_no_record(etl, spark, tmp_path, store):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text("customer_id,churned\nA,1\n")
    places = {name: str(tmp_path / name) for name in ("raw", "processed", "quarantine")}
    own = {"dataset": "d", "batch": "b", "schema": json.dumps(SCHEMA), "feature_groups": "customers"}
    etl.run(spark, {**etl.OPTIONAL_ARGUMENTS, **places, **own})
    assert store.records == []


def test_a_repeated_attempt_writes_equal_records(run, store):
    run(["A,5,1.5,2024-03-01,yes,1"])
    run([], prepare=False)
    first, second = store.records
    assert first == second


def test_only_rows_that_have_changed_since_the_last_batch_are_written(run, store):
    lines = [f"K{i},{i},1,,no,0" for i in range(20)]
    assert run(lines) == 20
    store.records.clear()
    assert run([*lines[:-1], "K19,99,1,,no,0", "new,1,1,,no,1"], batch="b2", started="2024-05-07T00:00:00Z") == 2
    assert {record["customer_id"]: record["Tenure"] for record in store.records} == {"K19": "99", "new": "1"}


def test_a_busy_feature_store_is_asked_again_until_every_record_is_in(run, store):
    store.busy = 3
    run([f"K{i},{i},1,,no,0" for i in range(40)])
    assert store.refused == 3
    assert sorted(record["customer_id"] for record in store.records) == sorted(f"K{i}" for i in range(40))


@pytest.mark.parametrize(("kind", "expected"), [("String", "2024-03-01T00:00:00Z"), ("Fractional", "1709251200.000")])
def test_an_event_time_of_the_data_is_used_and_rows_without_one_are_left_out(run, store, kind, expected):
    definitions = [
        {**feature, "FeatureType": kind} if feature["FeatureName"] == "since" else feature
        for feature in GROUP["FeatureDefinitions"]
    ]
    store.group = {**GROUP, "EventTimeFeatureName": "since", "FeatureDefinitions": definitions}
    assert run(["A,5,1.5,2024-03-01,yes,1", "B,5,1.5,,yes,1"]) == 1
    assert store.records[0]["since"] == expected
    assert "event_time" not in store.records[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RecordIdentifierFeatureName": "account"}, "no column has the name of its identifier account"),
        ({"FeatureDefinitions": [{"FeatureName": "charge", "FeatureType": "Integral"}]}, "column charge: number"),
    ],
)
def test_a_group_that_does_not_fit_is_refused_before_a_record_is_written(run, store, change, message):
    store.group = {**GROUP, **change}
    with pytest.raises(ValueError, match=re.escape(message)):
        run(["A,5,1.5,2024-03-01,yes,1"])
    assert store.records == []
