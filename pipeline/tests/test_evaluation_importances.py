"""The importances of features, against XGBoost's own."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb
from evaluation_cases import EVENT, FEATURES, bucket, report_of, scores
from test_evaluation_page import Page

ARTIFACT = "s3://models/training/j/output/model.tar.gz"


def trained(folder: Path, **parameters: object) -> xgb.Booster:
    """A model of four features, of which the third says nothing, and its file."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(400, len(FEATURES))).astype(np.float32)
    labels = (rows[:, 0] + 0.5 * rows[:, 1] + 0.2 * rows[:, 3] > 0).astype(int)
    rows[:, 2] = 0
    settings = {"objective": "binary:logistic", "max_depth": 3, "seed": 1} | parameters
    booster = xgb.train(settings, xgb.DMatrix(rows, label=labels), num_boost_round=15)
    booster.save_model(folder / "xgboost-model.ubj")
    return booster


def archive(*files: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for file in files:
            tar.add(file, arcname=file.name)
    return packed.getvalue()


def evaluated(evaluation, content: bytes):
    s3 = bucket(scores(300, 3))
    s3.objects[ARTIFACT.removeprefix("s3://")] = content
    evaluation.evaluate(EVENT | {"model_artifact": ARTIFACT}, s3)
    return report_of(s3)["feature_importances"], Page(s3.objects["artifacts/runs/r1/evaluation.html"].decode())


@pytest.mark.parametrize("parameters", [{}, {"booster": "dart"}, {"tree_method": "exact"}, {"num_parallel_tree": 3}])
def test_importances_are_xgboosts_total_gain_under_the_names_of_the_features(evaluation, tmp_path, parameters):
    gain = trained(tmp_path, **parameters).get_score(importance_type="total_gain")
    found, page = evaluated(evaluation, archive(tmp_path / "xgboost-model.ubj"))
    total = sum(gain.values())
    shares = {name: gain.get(f"f{index}", 0.0) / total for index, name in enumerate(FEATURES)}
    assert {field["name"]: field["share"] for field in found} == pytest.approx(shares, rel=1e-5)
    assert [field["share"] for field in found] == pytest.approx(sorted(shares.values(), reverse=True), rel=1e-5)
    assert found[0]["name"] == "tenure"
    assert found[-1] | {"share": 0} == {
        "name": "plan=pro",
        "column": "plan",
        "type": "string",
        "encoding": "1 for the value, otherwise 0",
        "value": "pro",
        "share": 0,
    }
    assert "Features by importance" in page.of("h2")
    assert {"plan=basic", f"{found[0]['share']:.1%}", "seconds since 1970, UTC"} <= set(page.of("td"))


def test_importances_of_several_classes_sum_over_their_trees(evaluation, tmp_path):
    booster = trained(tmp_path, objective="multi:softprob", num_class=2)
    gain = booster.get_score(importance_type="total_gain")
    # As SageMaker's image names it.
    found, _ = evaluated(evaluation, archive((tmp_path / "xgboost-model.ubj").rename(tmp_path / "xgboost-model")))
    assert found[0]["share"] == pytest.approx(gain["f0"] / sum(gain.values()), rel=1e-5)


@pytest.mark.parametrize("name", ["model.pth", "xgboost-model", "more-features", "no-archive"])
def test_model_that_cannot_be_read_has_no_importances_and_is_evaluated(evaluation, tmp_path, name):
    file = tmp_path / name
    file.write_bytes(b"binf\x00\x00" * 40)
    if name == "more-features":
        rows = np.arange(80, dtype=np.float32).reshape(10, 8)[:, ::-1] % 7
        data = xgb.DMatrix(rows, label=rows[:, 7] > 3)
        file = tmp_path / "xgboost-model.ubj"
        xgb.train({"objective": "binary:logistic", "min_child_weight": 0}, data, 5).save_model(file)
    content = b"no archive" if name == "no-archive" else archive(file)
    found, page = evaluated(evaluation, content)
    assert found == []
    assert "Features by importance" not in page.of("h2")
