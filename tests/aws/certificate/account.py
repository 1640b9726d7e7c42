"""Calls to AWS beside mlopsctl: changes by hand, the least policy, and the search for leftovers."""

import json
import time
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

PROPAGATES_WITHIN = 120  # seconds until a new role can be assumed everywhere; a new policy may take as long


class Account:
    """An account in one region, by the caller's credentials or at an emulator's endpoint."""

    def __init__(self, region: str, settings: dict[str, str]):
        self.session = boto3.Session(
            aws_access_key_id=settings.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=settings.get("AWS_SECRET_ACCESS_KEY"),
            region_name=region,
        )
        self.endpoint = settings.get("AWS_ENDPOINT_URL")

    def client(self, service: str):
        return self.session.client(service, endpoint_url=self.endpoint)

    def id(self) -> str:
        return self.client("sts").get_caller_identity()["Account"]

    def change_by_hand(self, prefix: str) -> list[str]:
        """Changes three settings as a person in the console would. Returns the addresses that must be drifted."""
        function = self.client("lambda")
        name = f"{prefix}-data-validation"
        function.update_function_configuration(FunctionName=name, Description="changed by hand")
        function.get_waiter("function_updated_v2").wait(FunctionName=name)
        self.client("logs").put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=3)
        bucket = f"{prefix}-artifacts-{self.id()}"
        self.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        return ["functions.data-validation", "functions.logs-data-validation", "storage.artifacts"]

    def grant_least(self, name: str, policies: list[Path]) -> str:
        """Makes a role that this caller can assume, with exactly these policies. Returns its ARN."""
        iam = self.client("iam")
        # A session of a role cannot be a principal for long; its account can.
        trust = {"AWS": f"arn:{self.partition()}:iam::{self.id()}:root"}
        statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=3 * 3600)
        for number, file in enumerate(policies, start=1):
            policy = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=file.read_text())
            iam.attach_role_policy(RoleName=name, PolicyArn=policy["Policy"]["Arn"])
        return role["Role"]["Arn"]

    def assume(self, role: str) -> dict[str, str]:
        """Credentials of a role that was made just now, as settings for a process."""
        deadline = time.monotonic() + PROPAGATES_WITHIN
        while True:
            try:
                answer = self.client("sts").assume_role(RoleArn=role, RoleSessionName="certificate")
                break
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDenied" or time.monotonic() > deadline:
                    raise
                time.sleep(5)
        if self.endpoint is None:
            # The policies of the role spread as slowly as the role.
            time.sleep(15)
        given = answer["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def revoke(self, name: str) -> None:
        """Removes what `grant_least` made, as far as it exists."""
        iam = self.client("iam")
        try:
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        except iam.exceptions.NoSuchEntityException:
            return
        for policy in attached:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
            iam.delete_policy(PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=name)

    def partition(self) -> str:
        return self.session.get_partition_for_region(self.session.region_name)

    def leftovers(self, project: str) -> list[str]:
        """Resources that have the project's tag or name. Keys that wait for their deletion are none."""
        tag = [{"Key": "Project", "Values": [project]}]
        pages = self.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(TagFilters=tag)
        found = {item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]}
        found = {arn for arn in found if not self._is_on_its_way(arn)}
        for bucket in self.client("s3").list_buckets()["Buckets"]:
            if bucket["Name"].startswith(project):
                found.add(f"bucket {bucket['Name']}")
        for page in self.client("iam").get_paginator("list_roles").paginate():
            found |= {f"role {role['RoleName']}" for role in page["Roles"] if role["RoleName"].startswith(project)}
        for page in self.client("logs").get_paginator("describe_log_groups").paginate():
            names = [group["logGroupName"] for group in page["logGroups"]]
            found |= {f"log group {name}" for name in names if project in name}
        return sorted(found)

    def _is_on_its_way(self, arn: str) -> bool:
        """True if an ARN that the tag index still lists is deleted, or is a key that waits for its deletion."""
        service = arn.split(":")[2]
        try:
            if service == "kms":
                return self.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
            if service == "ec2" and ":natgateway/" in arn:
                gateway = self.client("ec2").describe_nat_gateways(NatGatewayIds=[arn.rsplit("/", 1)[1]])
                return gateway["NatGateways"][0]["State"] == "deleted"
        except ClientError as error:
            return "NotFound" in error.response["Error"]["Code"]
        return False
