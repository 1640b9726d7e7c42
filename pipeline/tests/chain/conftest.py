from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from account import IMAGE, VALUES, Account, Execution
from answers import Answers, handler_of
from clients import ChainClients
from deployed import Deploy
from embedded import Embedded
from endpoints import Endpoints
from loopback import serving
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer
from runner.containers import Images
from runner.interpreter import Waits
from runner.services import Services
from values import ACCOUNT, PIPELINE, PRODUCTION, REGION


@pytest.fixture(scope="session")
def waits() -> Waits:
    return Waits(longest=0)


@pytest.fixture(scope="session")
def endpoints() -> Endpoints:
    return Endpoints()


@pytest.fixture(scope="session")
def runtime() -> Iterator[tuple[Answers, str]]:
    answers = Answers()
    with serving(handler_of(answers)) as address:
        yield answers, address


@pytest.fixture
def answers(runtime) -> Answers:
    """The answers of models; empty at the start of each test."""
    answers, _ = runtime
    answers.by_package.clear()
    answers.calls.clear()
    return answers


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
def services(clients, waits, runtime) -> Iterator[Services]:
    """The runner's services, which do the work of executions here as they do for `--local`."""
    image = PIPELINE / "image"
    services = Services(clients, Images(builtin=image, own=image, account=ACCOUNT), waits)
    services.programs.environment["AWS_ENDPOINT_URL_CLOUDWATCH"] = clients.of_moto.endpoint
    services.programs.environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = runtime[1]
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


@pytest.fixture(scope="session")
def group(account) -> str:
    name = "mlops-pipeline-dev-deployed"
    account.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def values(request, endpoints) -> dict[str, Any]:
    """Production's settings, for an endpoint of the test's own."""
    endpoints.outcome = "well"
    names = {name: PRODUCTION[name] for name in ("traffic_routing", "auto_rollback", "autoscaling", "data_capture")}
    own = hashlib.sha256(request.node.name.encode()).hexdigest()[:8]
    return VALUES | names | {"data_capture_percent": 20, "endpoint_name": f"mlops-pipeline-dev-{own}"}


@pytest.fixture
def register(account, group) -> Callable[..., str]:
    def run(status: str = "Approved", **properties: str) -> str:
        created = account.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={"data_version": "0f", **properties},
        )
        return created["ModelPackageArn"]

    return run


@pytest.fixture
def deploy_package(account, values) -> Deploy:
    def run(package: str, given: dict[str, Any] | None = None, **changes: Any) -> Execution:
        event = {
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Model Package State Change",
            "detail": {"ModelPackageArn": package, "ModelApprovalStatus": "Approved"},
        }
        return account.execute("deploy.asl.json", values | changes, event | (given or {}))

    return run
