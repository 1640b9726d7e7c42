"""Serves the model of an endpoint configuration: a request is a line of JSON on stdin, its answer one on stdout."""

from __future__ import annotations

import base64
import json
import sys

from .clients import Clients
from .containers import Container, Images, Server, free_port
from .objects import Objects
from .programs import Programs


def container_of(clients: Clients, model: str) -> dict[str, str]:
    """The image and the artifact of a model, its own or those of the package that it is made of."""
    client = clients.client("sagemaker")
    container = client.describe_model(ModelName=model)["PrimaryContainer"]
    if "ModelPackageName" not in container:
        return container
    package = client.describe_model_package(ModelPackageName=container["ModelPackageName"])
    return package["InferenceSpecification"]["Containers"][0]


def start(clients: Clients, programs: Programs, images: Images, model: str) -> Server:
    """A container with the model in it, which has passed the health check."""
    described = container_of(clients, model)
    container = Container(described["Image"], images, programs)
    container.unpack(Objects(clients.client("s3")).get(described["ModelDataUrl"]))
    server = Server(container, free_port())
    server.await_ping()
    return server


def serve(clients: Clients, programs: Programs, images: Images, config: str) -> None:
    """Until stdin is closed."""
    described = clients.client("sagemaker").describe_endpoint_config(EndpointConfigName=config)
    server = start(clients, programs, images, described["ProductionVariants"][0]["ModelName"])
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            status, content_type, body = server.ask(base64.b64decode(asked["body"]), asked["content_type"])
            shown = {"status": status, "content_type": content_type, "body": base64.b64encode(body).decode()}
            print(json.dumps(shown), flush=True)
    finally:
        server.end()
