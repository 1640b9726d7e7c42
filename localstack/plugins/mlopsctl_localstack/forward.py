"""One endpoint for everything: LocalStack passes on what its free edition does not serve.

The services named in FORWARD_SERVICES (comma separated) go to the moto server at
FORWARD_URL, byte for byte.
"""

import os

from localstack.aws.api import RequestContext
from localstack.aws.handlers import preprocess_request
from localstack.http import Response
from localstack.http.proxy import forward
from localstack.runtime import hooks
from localstack.utils.aws.request_context import extract_service_name_from_auth_header
from rolo.gateway import HandlerChain


class Forward:
    """A handler ahead of LocalStack's own parsing, whose AWS models may be older than moto's."""

    def __init__(self, services: frozenset[str], url: str) -> None:
        self.services = services
        self.url = url

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        service = extract_service_name_from_auth_header(context.request.headers)
        if service in self.services:
            response.update_from(forward(context.request, self.url))
            chain.stop()


@hooks.on_infra_start(should_load=lambda: "FORWARD_URL" in os.environ)
def forward_to_moto() -> None:
    services = frozenset(os.environ["FORWARD_SERVICES"].split(","))
    preprocess_request.append(Forward(services, os.environ["FORWARD_URL"]))
