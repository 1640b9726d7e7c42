"""Schemas that are refused, each mistake by its column. The Rust of `mlopsctl validate` is held to the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CASES = json.loads((Path(__file__).parent / "schemas.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: (case["mistakes"] or ["sound"])[0][:50])
def test_every_mistake_of_a_schema_is_named(etl, case: dict[str, Any]) -> None:
    import data_schema

    assert data_schema.mistakes(case["schema"]) == case["mistakes"]
    if case["mistakes"]:
        with pytest.raises(ValueError, match="schema: ") as refused:
            etl.parse_text(json.dumps(case["schema"]))
        assert all(mistake in str(refused.value) for mistake in case["mistakes"])
    else:
        assert etl.parse_text(json.dumps(case["schema"])).label == case["schema"]["label"]


def test_a_schema_that_is_not_json_is_refused_as_such(etl) -> None:
    with pytest.raises(ValueError, match="schema: it is not JSON"):
        etl.parse_text("{")
