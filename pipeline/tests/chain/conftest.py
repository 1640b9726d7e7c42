from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from account import Account
from clients import ChainClients
from embedded import Embedded
from endpoints import Endpoints
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer
from runner.containers import Images
from runner.interpreter import Waits
from runner.services import Services
from values import ACCOUNT, PIPELINE, REGION


@pytest.fixture(scope="session")
def waits() -> Waits:
    return Waits(longest=0)


@pytest.fixture(scope="session")
def endpoints() -> Endpoints:
    return Endpoints()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path_factory.mktemp("embedded"))
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def clients(embedded, endpoints) -> Iterator[ChainClients]:
    """Clients of AWS on loopback."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    clients = ChainClients(embedded.url, f"http://127.0.0.1:{port}", REGION, ACCOUNT)
    embedded.keep_registry(clients.of_embedded.client("sagemaker"))
    yield clients
    server.stop()


@pytest.fixture(scope="session")
def services(clients, waits) -> Iterator[Services]:
    """The runner's services, which do the work of executions here as they do for `--local`."""
    image = PIPELINE / "image"
    services = Services(clients, Images(builtin=image, own=image), waits)
    services.programs.environment["AWS_ENDPOINT_URL_CLOUDWATCH"] = clients.of_moto.endpoint
    yield services
    services.end()


@pytest.fixture(scope="session")
def account(clients, services, generate) -> Account:
    """The account of all tests here, with the sample data uploaded."""
    account = Account(clients)
    sample = io.StringIO()
    generate.write(sample, 3000, 7, 0.01)
    account.upload("raw/churn.csv", sample.getvalue())
    return account
