"""EC2: endpoints by id."""

from typing import Any

from moto.ec2.models.vpcs import VPCEndPoint

moto_filter_value = VPCEndPoint.get_filter_value


def get_filter_value(endpoint: VPCEndPoint, name: str, method_name: str | None = None) -> Any:
    """The value of an endpoint that a filter of DescribeVpcEndpoints compares."""
    if name == "vpc-endpoint-id":
        return endpoint.id
    return moto_filter_value(endpoint, name, method_name)


VPCEndPoint.get_filter_value = get_filter_value
