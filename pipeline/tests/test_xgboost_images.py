from __future__ import annotations

import json

import pytest
from values import PIPELINE

IMAGES = json.loads((PIPELINE / "xgboost-images.json").read_text())


def image_uri(region: str) -> str:
    suffixes = IMAGES["suffix_by_region_prefix"].items()
    suffix = next((s for prefix, s in suffixes if region.startswith(prefix)), IMAGES["default_suffix"])
    values = {"account": IMAGES["accounts"][region], "region": region, "suffix": suffix}
    return IMAGES["uri"].format(repository=IMAGES["repository"], tag=IMAGES["tag"], **values)


@pytest.mark.parametrize(
    ("region", "uri"),
    [
        ("ap-south-1", "720646828776.dkr.ecr.ap-south-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        ("us-east-1", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        ("cn-north-1", "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1"),
        ("us-gov-west-1", "414596584902.dkr.ecr.us-gov-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        ("us-isob-east-1", "281123927165.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/sagemaker-xgboost:1.7-1"),
    ],
)
def test_the_image_of_a_region_is_in_that_regions_registry(region, uri):
    assert image_uri(region) == uri


def test_every_account_is_a_twelve_digit_id_of_one_region_only():
    accounts = list(IMAGES["accounts"].values())
    assert all(len(account) == 12 and account.isdigit() for account in accounts)
    assert len(set(accounts)) == len(accounts)
