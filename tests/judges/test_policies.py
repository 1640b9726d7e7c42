"""The judge of policies: what it accepts, and a planted fault of each kind that it finds."""

import json
import unittest

from judges import documents, policies, wire
from judges.arns import overlap
from judges.policies import Kind, Policy
from sent import sent

ROLE = "arn:aws:iam::111111111111:role/project-dev-*"
VPC = "arn:aws:ec2:eu-west-1:111111111111:vpc/*"
SUBNET = "arn:aws:ec2:eu-west-1:111111111111:subnet/*"


def found(*statements: dict, kind: Kind = Kind.IDENTITY, version: str = "2012-10-17") -> str:
    text = json.dumps(
        {"Version": version, "Statement": [{"Effect": "Allow", **one} for one in statements]}
    )
    return "\n".join(policies.judge(Policy("policy", kind, text)))


def allow(action, resource="*", **more) -> dict:
    return {"Action": action, "Resource": resource, **more}


class Accepted(unittest.TestCase):
    def test_identity(self):
        tagged = {"StringEquals": {"aws:RequestTag/Project": "project"}}
        self.assertEqual(found(allow("iam:CreateRole", ROLE, Condition=tagged)), "")
        self.assertEqual(found(allow("ec2:Describe*")), "")
        self.assertEqual(
            found(allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"])),
            "",
        )
        # A subnet has the tags of the request; its network has its own.
        self.assertEqual(
            found(
                allow("ec2:CreateSubnet", SUBNET, Condition=tagged), allow("ec2:CreateSubnet", VPC)
            ),
            "",
        )

    def test_resource_and_trust(self):
        service = {"Principal": {"Service": "lambda.amazonaws.com"}}
        source = {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:eu-west-1:111111111111:function:*"}}
        self.assertEqual(
            found({**service, "Action": "sts:AssumeRole", "Condition": source}, kind=Kind.TRUST), ""
        )
        self.assertEqual(found({**service, **allow("kms:Decrypt")}, kind=Kind.RESOURCE), "")
        pull = {**service, "Action": "ecr:BatchGetImage"}
        self.assertEqual(found(pull, kind=Kind.REPOSITORY), "")
        self.assertEqual(
            found(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    **allow("s3:*", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]),
                },
                kind=Kind.RESOURCE,
            ),
            "",
        )


class PlantedFaults(unittest.TestCase):
    def test_unknown_action(self):
        self.assertIn("s3:ListBuckets is no action", found(allow("s3:ListBuckets")))
        self.assertIn("sagemker:Create* is no action", found(allow("sagemker:Create*")))

    def test_action_without_resource_level_on_an_arn(self):
        self.assertIn(
            "ec2:DescribeVpcs knows no resources",
            found(allow(["ec2:DescribeVpcs", "ec2:DeleteVpc"], VPC)),
        )

    def test_action_on_a_resource_of_another_type(self):
        self.assertIn(
            "iam:CreatePolicy knows none",
            found(allow(["iam:CreatePolicy", "iam:CreateRole"], ROLE)),
        )
        self.assertIn(
            "s3:GetObject knows none", found(allow("s3:GetObject", "arn:aws:s3:::bucket"))
        )

    def test_resource_that_no_action_is_on(self):
        self.assertIn(f"is on {SUBNET}", found(allow("ec2:DeleteVpc", [VPC, SUBNET])))
        self.assertIn(
            "is on arn:aws:s3:::bucket/*", found(allow("s3:ListBucket*", "arn:aws:s3:::bucket/*"))
        )

    def test_condition_key_that_the_action_does_not_know(self):
        for key in [
            "s3:prefix",
            "aws:RequestTag/Project",
            "aws:TagKeys",
            "iam:NoSuchKey",
            "aws:NoSuchKey",
        ]:
            condition = {"StringEquals": {key: "x"}}
            self.assertIn(
                f"iam:GetRole knows no condition key {key}",
                found(allow("iam:GetRole", ROLE, Condition=condition)),
            )

    def test_condition_key_of_another_resource_of_the_action(self):
        condition = {"StringEquals": {"aws:RequestTag/Project": "x"}}
        self.assertIn(
            "ec2:CreateSubnet knows no", found(allow("ec2:CreateSubnet", VPC, Condition=condition))
        )

    def test_resource_that_an_action_needs_as_well(self):
        missing = "ec2:CreateSubnet is nowhere allowed on vpc"
        self.assertIn(missing, found(allow("ec2:CreateSubnet", SUBNET)))
        self.assertEqual(found(allow("ec2:CreateSubnet", [SUBNET, VPC])), "")

    def test_condition_that_a_needed_resource_never_meets(self):
        kinds = ["network-interface", "subnet", "security-group"]
        within = [f"arn:aws:ec2:eu-west-1:111111111111:{kind}/*" for kind in kinds]
        vpc = {"StringEquals": {"ec2:Vpc": VPC.replace("*", "vpc-1")}}
        action = "ec2:CreateNetworkInterface"
        missing = f"{action} is nowhere allowed on network-interface"
        self.assertIn(missing, found(allow(action, within, Condition=vpc)))
        apart = allow(action, within[:1]), allow(action, within[1:], Condition=vpc)
        self.assertEqual(found(*apart), "")

    def test_malformed(self):
        self.assertIn("bucket/* is no ARN", found(allow("s3:GetObject", "bucket/*")))
        self.assertIn("is no ARN", found(allow("iam:GetRole", "arn:aws:iamm::111111111111:role/x")))
        self.assertIn(
            "StringEqual is no operator",
            found(allow("iam:GetRole", Condition={"StringEqual": {"a": "b"}})),
        )
        self.assertIn(
            "StringLike tests nothing", found(allow("iam:GetRole", Condition={"StringLike": {}}))
        )
        self.assertIn(
            "two statements", found(allow("iam:GetRole", Sid="A"), allow("iam:GetUser", Sid="A"))
        )
        self.assertIn("letters and digits", found(allow("iam:GetRole", Sid="a-b")))
        self.assertIn("unknown element Actions", found(allow("iam:GetRole", Actions=[])))
        self.assertIn("effect 'allow'", found(allow("iam:GetRole", Effect="allow")))
        self.assertIn("no action", found({"Resource": "*"}))
        self.assertIn("not version", found(allow("iam:GetRole"), version="2008-10-17"))
        self.assertIn(
            "Expecting value", "\n".join(policies.judge(Policy("policy", Kind.IDENTITY, "")))
        )

    def test_elements_where_they_may_not_stand(self):
        self.assertIn("a principal", found(allow("s3:*", Principal="*")))
        self.assertIn("no principal", found(allow("s3:*"), kind=Kind.RESOURCE))
        self.assertIn(
            "a resource in a trust policy",
            found(allow("sts:AssumeRole", Principal="*"), kind=Kind.TRUST),
        )


class Documents(unittest.TestCase):
    def policies_of(self, *call, **members) -> list[Policy]:
        return list(documents.policies(wire.read(sent(*call, **members))))

    def test_policies_are_found_where_they_stand(self):
        text = json.dumps({"Version": "2012-10-17", "Statement": []})
        [trust] = self.policies_of(
            "iam", "create_role", RoleName="role", AssumeRolePolicyDocument=text
        )
        self.assertEqual(
            (trust.place, trust.kind, trust.text), ("iam:CreateRole of role", Kind.TRUST, text)
        )
        [bucket] = self.policies_of("s3", "put_bucket_policy", Bucket="bucket", Policy=text)
        self.assertEqual(bucket.kind, Kind.RESOURCE)
        [topic] = self.policies_of("sns", "create_topic", Name="topic", Attributes={"Policy": text})
        self.assertEqual(topic.kind, Kind.RESOURCE)

    def test_policy_in_an_unknown_operation_is_an_error(self):
        with self.assertRaises(documents.UnknownCarrierError):
            self.policies_of(
                "iam",
                "put_user_policy",
                UserName="u",
                PolicyName="p",
                PolicyDocument='{"Statement": []}',
            )


class Arns(unittest.TestCase):
    def test_wildcards_on_both_sides(self):
        bucket, thing = (
            "arn:${Partition}:s3:::${BucketName}",
            "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
        )
        self.assertTrue(overlap("arn:aws:s3:::b-*", bucket))
        self.assertTrue(overlap("arn:aws:s3:::b-*", thing))
        self.assertTrue(overlap("arn:aws*:s3:::b/state/?", thing))
        self.assertFalse(overlap("arn:aws:s3:::b/*", bucket))
        self.assertFalse(overlap("arn:aws:s3:::b", thing))
        self.assertTrue(
            overlap(
                "arn:aws:iam::1:role/${aws:username}",
                "arn:${Partition}:iam::${Account}:role/${Role}",
            )
        )


if __name__ == "__main__":
    unittest.main()
