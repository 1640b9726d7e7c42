"""The model registry: deletion and resource policies of model package groups."""

from moto.sagemaker.exceptions import AWSValidationException, ConflictException
from moto.sagemaker.models import ModelPackageGroup, SageMakerModelBackend
from moto.sagemaker.utils import arn_formatter

from moto_extras.operation import Members, sagemaker_operation, store


def model_package_group(backend: SageMakerModelBackend, name: str) -> ModelPackageGroup:
    try:
        return backend.model_package_groups[name]
    except KeyError:
        arn = arn_formatter("model-package-group", name, backend.account_id, backend.region_name)
        raise AWSValidationException(f"ModelPackageGroup {arn} does not exist.") from None


@sagemaker_operation
def create_model_package_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """AWS refuses a name in use; moto alone would replace the group."""
    name = parameters["ModelPackageGroupName"]
    if name in backend.model_package_groups:
        arn = backend.model_package_groups[name].arn
        raise AWSValidationException(f"Model Package Group already exists: {arn}")
    arn = backend.create_model_package_group(
        name, parameters.get("ModelPackageGroupDescription"), parameters.get("Tags")
    )
    return {"ModelPackageGroupArn": arn}


@sagemaker_operation
def delete_model_package_group(backend: SageMakerModelBackend, parameters: Members) -> Members:
    """AWS refuses while the group has versions."""
    group = model_package_group(backend, parameters["ModelPackageGroupName"])
    name = group.model_package_group_name
    if any(p.model_package_group_name == name for p in backend.model_packages.values()):
        raise ConflictException(f"Model Package Group cannot be deleted, it is not empty: {name}")
    store(backend, "model_package_group_policy").pop(name, None)
    del backend.model_package_groups[name]
    return {}


@sagemaker_operation
def delete_model_package(backend: SageMakerModelBackend, parameters: Members) -> Members:
    name = parameters["ModelPackageName"]
    arn = backend.model_package_name_mapping.get(name)
    if arn not in backend.model_packages:
        raise AWSValidationException(f"ModelPackage {name} does not exist.")
    del backend.model_packages[arn]
    backend.model_package_name_mapping = {
        key: value for key, value in backend.model_package_name_mapping.items() if value != arn
    }
    return {}


@sagemaker_operation
def put_model_package_group_policy(backend: SageMakerModelBackend, parameters: Members) -> Members:
    group = model_package_group(backend, parameters["ModelPackageGroupName"])
    policies = store(backend, "model_package_group_policy")
    policies[group.model_package_group_name] = parameters["ResourcePolicy"]
    return {"ModelPackageGroupArn": group.arn}


@sagemaker_operation
def get_model_package_group_policy(backend: SageMakerModelBackend, parameters: Members) -> Members:
    group = model_package_group(backend, parameters["ModelPackageGroupName"])
    policies = store(backend, "model_package_group_policy")
    if group.model_package_group_name not in policies:
        raise AWSValidationException(f"Cannot find resource policy for: {group.arn}")
    return {"ResourcePolicy": policies[group.model_package_group_name]}


@sagemaker_operation
def delete_model_package_group_policy(
    backend: SageMakerModelBackend, parameters: Members
) -> Members:
    group = model_package_group(backend, parameters["ModelPackageGroupName"])
    store(backend, "model_package_group_policy").pop(group.model_package_group_name, None)
    return {}
