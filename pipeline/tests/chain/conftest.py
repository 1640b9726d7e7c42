from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import lambda_functions
import pytest
from account import IMAGE, Account
from container_jobs import Jobs
from embedded import Embedded
from endpoints import Endpoints
from glue_runs import Runs
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer
from runner.clients import Clients
from runner.interpreter import Waits, complete
from values import ACCOUNT, PIPELINE, REGION


@pytest.fixture(scope="session")
def waits() -> Waits:
    return Waits(longest=0)


@pytest.fixture(scope="session")
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    jobs.images[IMAGE] = PIPELINE / "image"
    yield jobs
    jobs.end_all()


@pytest.fixture(scope="session")
def endpoints() -> Endpoints:
    return Endpoints()


@pytest.fixture(scope="session")
def environment() -> Iterator[pytest.MonkeyPatch]:
    """What clients of AWS read, ours and those of the programs that run here."""
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_DEFAULT_REGION", REGION)
    patch.setenv("NO_PROXY", "127.0.0.1,localhost")
    yield patch
    patch.undo()


@pytest.fixture(scope="session")
def embedded(environment, tmp_path_factory) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path_factory.mktemp("embedded"))
    environment.setenv("AWS_ENDPOINT_URL_S3", embedded.url)
    embedded.keep_registry()
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def endpoint(environment, embedded, waits, jobs, endpoints, spark) -> Iterator[str]:
    """AWS on loopback, where jobs run, functions are invoked and executions go their way."""
    Runs(spark)
    lambda_functions.attach()
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    elsewhere, buckets = (Clients(url, REGION, ACCOUNT) for url in (f"http://127.0.0.1:{port}", embedded.url))

    def client(service_name: str, **asked: Any) -> Any:
        """Buckets are the embedded AWS's."""
        return (buckets if service_name == "s3" else elsewhere).client(service_name, **asked)

    complete(SimpleNamespace(client=client), waits)
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def account(endpoint, embedded, generate) -> Account:
    """The account of all tests here, with the sample data uploaded."""
    account = Account(registry=embedded.client("sagemaker"))
    sample = io.StringIO()
    generate.write(sample, 3000, 7, 0.01)
    account.upload("raw/churn.csv", sample.getvalue())
    return account
