"""EC2: documented filters that LocalStack refuses or overlooks."""

from collections.abc import Callable
from typing import Any

from localstack.services.ec2.provider import Ec2Provider
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider
from localstack.utils.patch import patch
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import generic_filter

ENDPOINT_FILTERS = {"vpc-endpoint-id": "id", "vpc-endpoint-state": "state"}


def endpoint_filter_value(known: Callable[..., Any], endpoint: VPCEndPoint, name: str) -> Any:
    if name in ENDPOINT_FILTERS:
        return getattr(endpoint, ENDPOINT_FILTERS[name])
    return known(endpoint, name)


def nat_gateways_by_tag(
    known: Callable[..., list[NatGateway]],
    backend: NatGatewayBackend,
    filters: dict[str, list[str]] | None,
    ids: list[str] | None,
) -> list[NatGateway]:
    by_tag = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
    return generic_filter(by_tag, known(backend, filters, ids))


@aws_provider(name="completed")
def ec2() -> Service:
    patch(VPCEndPoint.get_filter_value)(endpoint_filter_value)
    patch(NatGatewayBackend.describe_nat_gateways)(nat_gateways_by_tag)
    return Service.for_provider(Ec2Provider(), dispatch_table_factory=MotoFallbackDispatcher)
