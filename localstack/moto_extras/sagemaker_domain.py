"""Studio: UpdateDomain, and the user profiles and spaces that live inside a domain."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound
from moto.sagemaker.models import Domain, SageMakerModelBackend
from moto.sagemaker.utils import arn_formatter

from moto_extras.operation import (
    Members,
    attach_sagemaker,
    given,
    merged,
    sagemaker_operation,
    store,
)


@dataclass(frozen=True)
class Kind:
    """A resource inside a domain, in the words of its API."""

    noun: str
    snake: str
    arn_type: str
    fixed: tuple[str, ...]
    editable: tuple[str, ...]


USER_PROFILE = Kind(
    noun="UserProfile",
    snake="user_profile",
    arn_type="user-profile",
    fixed=("SingleSignOnUserIdentifier", "SingleSignOnUserValue"),
    editable=("UserSettings",),
)
SPACE = Kind(
    noun="Space",
    snake="space",
    arn_type="space",
    fixed=("OwnershipSettings", "SpaceSharingSettings"),
    editable=("SpaceSettings", "SpaceDisplayName"),
)


@dataclass
class Member:
    """A user profile or a space."""

    kind: Kind
    arn: str
    domain_id: str
    name: str
    members: Members
    tags: list[dict[str, str]]
    creation_time: datetime = field(default_factory=utcnow)
    last_modified_time: datetime = field(default_factory=utcnow)

    def summary(self) -> Members:
        return {
            "DomainId": self.domain_id,
            f"{self.kind.noun}Name": self.name,
            "Status": "InService",
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
        }

    def describe(self) -> Members:
        return {**self.summary(), f"{self.kind.noun}Arn": self.arn, **self.members}


def domain(backend: SageMakerModelBackend, domain_id: str) -> Domain:
    try:
        return backend.domains[domain_id]
    except KeyError:
        raise ResourceNotFound(f"Domain {domain_id} does not exist.") from None


def members(backend: SageMakerModelBackend, kind: Kind) -> dict[str, Member]:
    """All members of a kind, by ARN."""
    return store(backend, kind.snake)


def member_arn(backend: SageMakerModelBackend, kind: Kind, parameters: Members) -> str:
    path = f"{parameters['DomainId']}/{parameters[f'{kind.noun}Name']}"
    return arn_formatter(kind.arn_type, path, backend.account_id, backend.region_name)


def find(backend: SageMakerModelBackend, kind: Kind, parameters: Members) -> Member:
    domain(backend, parameters["DomainId"])
    arn = member_arn(backend, kind, parameters)
    try:
        return members(backend, kind)[arn]
    except KeyError:
        raise ResourceNotFound(f"{kind.noun} {arn} does not exist.") from None


def create(kind: Kind, backend: SageMakerModelBackend, parameters: Members) -> Members:
    domain(backend, parameters["DomainId"])
    arn = member_arn(backend, kind, parameters)
    if arn in members(backend, kind):
        raise ResourceInUseException(f"{kind.noun} {arn} already exists.")
    members(backend, kind)[arn] = Member(
        kind=kind,
        arn=arn,
        domain_id=parameters["DomainId"],
        name=parameters[f"{kind.noun}Name"],
        members=given(parameters, kind.fixed + kind.editable),
        tags=parameters.get("Tags") or [],
    )
    return {f"{kind.noun}Arn": arn}


def describe(kind: Kind, backend: SageMakerModelBackend, parameters: Members) -> Members:
    return find(backend, kind, parameters).describe()


def update(kind: Kind, backend: SageMakerModelBackend, parameters: Members) -> Members:
    member = find(backend, kind, parameters)
    for name, value in given(parameters, kind.editable).items():
        old = member.members.get(name)
        member.members[name] = merged(old, value) if isinstance(value, dict) else value
    member.last_modified_time = utcnow()
    return {f"{kind.noun}Arn": member.arn}


def delete(kind: Kind, backend: SageMakerModelBackend, parameters: Members) -> Members:
    del members(backend, kind)[find(backend, kind, parameters).arn]
    return {}


def list_all(kind: Kind, backend: SageMakerModelBackend, parameters: Members) -> Members:
    domain_id = parameters.get("DomainIdEquals")
    part = parameters.get(f"{kind.noun}NameContains", "")
    return {
        f"{kind.noun}s": [
            member.summary()
            for member in members(backend, kind).values()
            if domain_id in (None, member.domain_id) and part in member.name
        ]
    }


VERBS: dict[str, Callable[[Kind, SageMakerModelBackend, Members], Members]] = {
    "create_{}": create,
    "describe_{}": describe,
    "update_{}": update,
    "delete_{}": delete,
    "list_{}s": list_all,
}

for kind in (USER_PROFILE, SPACE):
    for verb, serve in VERBS.items():
        attach_sagemaker(verb.format(kind.snake), partial(serve, kind))


@sagemaker_operation
def list_apps(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """No application ever runs here."""
    if "DomainIdEquals" in parameters:
        domain(backend, parameters["DomainIdEquals"])
    return {"Apps": []}


@sagemaker_operation
def describe_domain(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """moto answers ValidationException for a missing domain; AWS, ResourceNotFound."""
    return domain(backend, parameters["DomainId"]).describe()


@sagemaker_operation
def update_domain(backend: SageMakerModelBackend, parameters: Members) -> Members:
    target = domain(backend, parameters["DomainId"])
    target.default_user_settings = merged(
        target.default_user_settings, parameters.get("DefaultUserSettings")
    )
    if "DefaultSpaceSettings" in parameters:
        target.default_space_settings = merged(
            target.default_space_settings, parameters["DefaultSpaceSettings"]
        )
    if "DomainSettingsForUpdate" in parameters:
        target.domain_settings = merged(
            target.domain_settings, parameters["DomainSettingsForUpdate"]
        )
    target.subnet_ids = parameters.get("SubnetIds", target.subnet_ids)
    target.app_network_access_type = parameters.get(
        "AppNetworkAccessType", target.app_network_access_type
    )
    target.app_security_group_management = parameters.get(
        "AppSecurityGroupManagement", target.app_security_group_management
    )
    target.last_modified_time = utcnow()
    return {"DomainArn": target.arn}


@sagemaker_operation
def delete_domain(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """AWS refuses while the domain has user profiles or spaces; moto alone would not."""
    target = domain(backend, parameters["DomainId"])
    for kind in (USER_PROFILE, SPACE):
        if any(m.domain_id == target.id for m in members(backend, kind).values()):
            raise ResourceInUseException(
                f"Unable to delete Domain {target.id}: {kind.noun}(s) are associated with it."
            )
    del backend.domains[target.id]
    return {}
