"""Objects of the embedded AWS as the runner reads and writes them."""

from __future__ import annotations

import pytest
from runner.objects import Objects, location


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://b", ("b", "")),
        ("s3://b/", ("b", "")),
        ("s3://b/raw/a #1?.csv", ("b", "raw/a #1?.csv")),
        ("s3://b//a", ("b", "/a")),
        ("s3://b/a%20b", ("b", "a%20b")),
    ],
)
def test_keys_have_any_characters(uri, expected):
    assert location(uri) == expected


def test_files_become_objects_and_objects_files(clients, tmp_path):
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="any-characters", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    objects, uri = Objects(s3), "s3://any-characters/raw/a #1?.csv"
    (tmp_path / "a").write_bytes(b"id,y\nA,1\n")
    objects.upload(tmp_path / "a", uri)
    objects.download(uri, tmp_path / "folder" / "b")
    assert (tmp_path / "folder" / "b").read_bytes() == b"id,y\nA,1\n"
    assert [item["Key"] for item in objects.list("s3://any-characters/")] == ["raw/a #1?.csv"]
