"""The judge of requests: what it accepts, and a planted fault of each kind that it finds."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import cbor2

from judges import archive, requests, wire
from judges.__main__ import different, judged
from judges.lives import Lived
from judges.policies import Kind, Policy
from judges.relay import Recorded
from sent import changed, sent

BUCKET = {"Bucket": "bucket", "VersioningConfiguration": {"Status": "Enabled"}}
ALARM = {"AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
JOB = {"Name": "job", "Role": "role", "Command": {"Name": "glueetl"}, "Timeout": 5}
TOPIC = {
    "Name": "topic",
    "Attributes": {"KmsMasterKeyId": "key"},
    "Tags": [{"Key": "a", "Value": "b"}],
}


def found(recorded: Recorded) -> str:
    return "\n".join(requests.judge(wire.read(recorded)))


def cbor(operation: str, **members) -> Recorded:
    scope = "key/20261129/eu-west-1/monitoring/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers = {"authorization": signature, "smithy-protocol": "rpc-v2-cbor"}
    path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
    return Recorded("POST", path, headers, cbor2.dumps(members))


class Accepted(unittest.TestCase):
    def test_calls_of_every_protocol_are_read_and_accepted(self):
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
        calls = {
            "s3:PutBucketVersioning": sent("s3", "put_bucket_versioning", **BUCKET),
            "s3:PutObject": sent(
                "s3", "put_object", Bucket="bucket", Key="a/b c", Body=b"x", Metadata={"a": "b"}
            ),
            "ec2:CreateVpc": sent(
                "ec2", "create_vpc", CidrBlock="10.0.0.0/16", TagSpecifications=tags
            ),
            "sns:CreateTopic": sent("sns", "create_topic", **TOPIC),
            "glue:CreateJob": sent("glue", "create_job", **JOB),
            "lambda:ListTags": sent(
                "lambda", "list_tags", Resource="arn:aws:lambda:eu-west-1:111111111111:function:f"
            ),
            "cloudwatch:PutMetricAlarm": cbor("PutMetricAlarm", **ALARM),
        }
        for name, recorded in calls.items():
            with self.subTest(name):
                self.assertEqual(wire.read(recorded).name, name)
                self.assertEqual(found(recorded), "")


class PlantedFaults(unittest.TestCase):
    def test_missing_member(self):
        self.assertIn(
            '"AssumeRolePolicyDocument"', found(sent("iam", "create_role", RoleName="role"))
        )
        self.assertIn('"AlarmName"', found(cbor("PutMetricAlarm", EvaluationPeriods=1)))

    def test_value_that_no_enumeration_has(self):
        bucket = {**BUCKET, "VersioningConfiguration": {"Status": "enabled"}}
        self.assertIn("Status is 'enabled'", found(sent("s3", "put_bucket_versioning", **bucket)))

    def test_text_that_does_not_match_its_pattern(self):
        role = sent("iam", "create_role", RoleName="my role", AssumeRolePolicyDocument="{}")
        self.assertIn("RoleName is 'my role'", found(role))

    def test_too_long_too_many_too_small(self):
        role = sent("iam", "create_role", RoleName="r" * 65, AssumeRolePolicyDocument="{}")
        self.assertIn("RoleName has 65, more than 64", found(role))
        self.assertIn(
            "valid min value: 1", found(cbor("PutMetricAlarm", **{**ALARM, "EvaluationPeriods": 0}))
        )
        tags = [{"Key": str(number), "Value": ""} for number in range(101)]
        model = sent(
            "sagemaker",
            "add_tags",
            ResourceArn="arn:aws:sagemaker:eu-west-1:111111111111:domain/d",
            Tags=tags,
        )
        self.assertIn("Tags has 101", found(model))

    def test_member_that_the_model_does_not_know(self):
        planted = {
            "parameter CidrBlok": changed(
                sent("ec2", "create_vpc", CidrBlock="10.0.0.0/16"), "CidrBlock", "CidrBlok"
            ),
            "parameter Attributes.entry.1.ky": changed(
                sent("sns", "create_topic", **TOPIC), "1.key", "1.ky"
            ),
            "Timeot": changed(sent("glue", "create_job", **JOB), "Timeout", "Timeot"),
            "/VersioningConfiguration/MFA": changed(
                sent("s3", "put_bucket_versioning", **BUCKET), "<Status>", "<MFA>Off</MFA><Status>"
            ),
            "query prefx": changed(
                sent("s3", "list_objects_v2", Bucket="bucket", Prefix="a"), "prefix", "prefx"
            ),
            "Periods": cbor("PutMetricAlarm", **ALARM, Periods=3),
        }
        for what, recorded in planted.items():
            with self.subTest(what):
                self.assertIn(what, found(recorded))

    def test_header_that_the_model_does_not_know(self):
        put = sent("s3", "put_object", Bucket="bucket", Key="key", Body=b"")
        put = replace(put, headers={**put.headers, "x-amz-storage-clas": "STANDARD"})
        self.assertIn("header x-amz-storage-clas", found(put))

    def test_number_sent_as_text(self):
        self.assertIn(
            "Timeout (text)", found(changed(sent("glue", "create_job", **JOB), "5", '"5"'))
        )

    def test_request_that_is_no_operation(self):
        for recorded in [
            changed(sent("lambda", "list_functions"), "functions", "function"),
            changed(sent("ec2", "describe_vpcs"), "DescribeVpcs", "DescribeVpc"),
            cbor("PutMetricAlarms"),
            Recorded("GET", "/", {}, b""),
        ]:
            with self.assertRaises(wire.UnreadableError):
                wire.read(recorded)


class Repetition(unittest.TestCase):
    def test_only_what_is_said_again_is_left_out(self):
        put = sent("s3", "put_object", Bucket="bucket", Key="key", Body=b"")
        later = replace(put, headers={**put.headers, "x-amz-date": "20261129T000000Z"})
        other = replace(put, headers={**put.headers, "x-amz-storage-class": "STANDARD"})
        self.assertEqual(len(different([put, later, other])), 2)

    def test_what_is_kept_in_a_file_is_judged_again(self):
        policy = Policy("place", Kind.TRUST, "{}")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "lives.json"
            lived = Lived([cbor("PutMetricAlarm", **ALARM)], [policy])
            archive.write(lived, file)
            self.assertEqual(archive.read(file), lived)

    def test_a_life_that_sends_too_little_is_found(self):
        findings, _ = judged(Lived())
        self.assertIn("too little was sent", "\n".join(findings))


if __name__ == "__main__":
    unittest.main()
