"""Finds the policies and state machines in calls."""

import json
from collections.abc import Iterator

from judges.policies import Kind, Policy
from judges.wire import Call

# The kind of policy that each operation carries.
CARRIERS = {
    "iam:CreateRole": Kind.TRUST,
    "iam:UpdateAssumeRolePolicy": Kind.TRUST,
    "iam:PutRolePolicy": Kind.IDENTITY,
    "iam:CreatePolicy": Kind.IDENTITY,
    "iam:CreatePolicyVersion": Kind.IDENTITY,
    "s3:PutBucketPolicy": Kind.RESOURCE,
    "kms:CreateKey": Kind.RESOURCE,
    "kms:PutKeyPolicy": Kind.RESOURCE,
    "sns:CreateTopic": Kind.RESOURCE,
    "sns:SetTopicAttributes": Kind.RESOURCE,
    "ecr:SetRepositoryPolicy": Kind.REPOSITORY,
    "ec2:CreateVpcEndpoint": Kind.RESOURCE,
    "ec2:ModifyVpcEndpoint": Kind.RESOURCE,
    "logs:PutResourcePolicy": Kind.RESOURCE,
    "sagemaker:PutModelPackageGroupPolicy": Kind.RESOURCE,
}


def policies(call: Call) -> Iterator[Policy]:
    """The policies that a call carries, wherever they stand in it."""
    for text in _texts(call.members):
        if '"Statement"' not in text or not _is_object(text):
            continue
        if call.name not in CARRIERS:
            raise UnknownCarrierError(
                f"{call.name} carries a policy: name its kind in documents.py"
            )
        yield Policy(f"{call.name} of {_subject(call)}", CARRIERS[call.name], text)


class UnknownCarrierError(Exception):
    """A policy in an operation of which the judge does not know what it is attached to."""


def definitions(call: Call) -> Iterator[tuple[str, str]]:
    """The state machine that a call defines, if any: where it stands, and its text."""
    if call.service == "stepfunctions" and "definition" in call.members:
        yield f"{call.name} of {_subject(call)}", call.members["definition"]


def _subject(call: Call) -> str:
    """The first short text of a call, which names what it is about."""
    names = [text for text in _texts(call.members) if len(text) < 128 and not text.startswith("{")]
    return names[0] if names else "?"


def _texts(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
