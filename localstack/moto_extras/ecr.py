"""ECR: a scanning configuration without members, which is how some SDKs send ``false``."""

from typing import Any

from moto.ecr.models import ECRBackend

put_image_scanning_configuration = ECRBackend.put_image_scanning_configuration


def put_completed(
    backend: ECRBackend,
    registry_id: str,
    repository_name: str,
    image_scan_config: dict[str, Any],
) -> dict[str, Any]:
    """moto alone would leave the configuration as it was."""
    completed = {"scanOnPush": False, **image_scan_config}
    return put_image_scanning_configuration(backend, registry_id, repository_name, completed)


ECRBackend.put_image_scanning_configuration = put_completed
