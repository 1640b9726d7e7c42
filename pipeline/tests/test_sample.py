from __future__ import annotations

import csv
import io
import json

from sklearn.metrics import roc_auc_score
from values import PIPELINE


def sample(generate, rows: int, seed: int, bad_share: float) -> str:
    target = io.StringIO()
    generate.write(target, rows, seed, bad_share)
    return target.getvalue()


def test_the_same_seed_gives_the_same_bytes(generate):
    assert sample(generate, 200, 7, 0.05) == sample(generate, 200, 7, 0.05)
    assert sample(generate, 200, 7, 0.05) != sample(generate, 200, 8, 0.05)


def test_the_file_beside_it_is_what_the_program_writes(generate):
    assert (PIPELINE / "sample" / "churn.csv").read_text() == sample(generate, 3000, 7, 0.01)


def test_the_schema_beside_it_names_its_columns_in_order(generate):
    schema = json.loads((PIPELINE / "sample" / "schema.json").read_text())
    assert [column["name"] for column in schema["columns"]] == generate.HEADER


def test_one_column_alone_already_tells_churners_from_others(generate):
    rows = list(csv.DictReader(io.StringIO(sample(generate, 5000, 7, 0.0))))
    labels = [int(row["churned"]) for row in rows]
    assert 0.15 < sum(labels) / len(labels) < 0.4
    assert roc_auc_score(labels, [-int(row["tenure_months"]) for row in rows]) > 0.65


def test_about_the_asked_share_of_rows_is_broken(generate):
    rows = csv.DictReader(io.StringIO(sample(generate, 5000, 7, 0.1)))
    faults = dict(generate.FAULTS)
    broken = sum(any(row[name] == value for name, value in faults.items()) for row in rows)
    assert 400 < broken < 600
