"""Listen only where GATEWAY_LISTEN says.

LocalStack 4.9 ignores the host of an IPv4 address there and listens on every interface,
which would let the network run code in our Lambda executor.
"""

from functools import partial

from localstack import config
from localstack.runtime import hooks
from twisted.internet import endpoints


@hooks.on_runtime_create()
def listen_on_given_host() -> None:
    host = config.GATEWAY_LISTEN[0].host
    endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface=host)
