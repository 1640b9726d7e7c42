"""Tags on every SageMaker resource served here, the ones of the extras included.

moto finds no tags on user profiles, spaces and feature groups, and a tag added twice
appears twice.
"""

from typing import Any

from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import SageMakerModelBackend

from moto_extras.operation import Members, sagemaker_operation
from moto_extras.sagemaker_domain import SPACE, USER_PROFILE, members

Tags = list[dict[str, str]]


def resource(backend: SageMakerModelBackend, arn: str) -> Any:
    """The object, of moto or of the extras, that carries the tags of an ARN."""
    arn_type = arn.rpartition(":")[2].partition("/")[0]
    for kind in (USER_PROFILE, SPACE):
        if kind.arn_type == arn_type:
            return found(members(backend, kind).get(arn), arn)
    if arn_type == "feature-group":
        return found(backend.feature_groups.get(arn), arn)
    if arn_type == "model-package":
        return found(backend.model_packages.get(arn), arn)
    return found(backend._get_resource_from_arn(arn), arn)


def found(target: Any | None, arn: str) -> Any:
    if target is None:
        raise AWSValidationException(f"Resource {arn} does not exist.")
    return target


def retag(target: Any, removed: set[str], added: Tags) -> Tags:
    removed = removed | {tag["Key"] for tag in added}
    target.tags = [*(tag for tag in target.tags or [] if tag["Key"] not in removed), *added]
    return target.tags


@sagemaker_operation
def list_tags(backend: SageMakerModelBackend, parameters: Members) -> Members:
    return {"Tags": resource(backend, parameters["ResourceArn"]).tags or []}


@sagemaker_operation
def add_tags(backend: SageMakerModelBackend, parameters: Members) -> Members:
    target = resource(backend, parameters["ResourceArn"])
    return {"Tags": retag(target, set(), parameters["Tags"])}


@sagemaker_operation
def delete_tags(backend: SageMakerModelBackend, parameters: Members) -> Members:
    target = resource(backend, parameters["ResourceArn"])
    retag(target, set(parameters["TagKeys"]), [])
    return {}
