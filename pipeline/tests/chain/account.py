"""An AWS account on loopback, with everything that the state machines touch, and where jobs and functions run."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rendering import render
from runner.clients import Clients
from values import ACCOUNT, DEVELOPMENT, PIPELINE, REGION

ENDS_WITHIN = 600  # seconds; only a broken test waits for them
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-pipeline-dev-pipeline"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops-pipeline-dev:0f1e2d3c"
# The values that the blueprint would fill in, for the image of this repository instead of SageMaker's.
VALUES: dict[str, Any] = DEVELOPMENT | {
    "training_image_uri": IMAGE,
    "inference_image_uri": IMAGE,
    "hyperparameters": {
        "objective": "binary:logistic",
        "num_round": "40",
        "max_depth": "4",
        "eta": "0.2",
        "nthread": "1",
    },
}


@dataclass
class Execution:
    """The end of an execution, its way through the states, and its notifications."""

    arn: str
    status: str
    error: str
    cause: str
    states: list[str]
    notifications: list[dict[str, Any]]
    history: list[dict[str, Any]]

    @property
    def notification(self) -> dict[str, Any]:
        """The only one."""
        (message,) = self.notifications
        return message

    def requests(self, resource: str) -> list[dict[str, Any]]:
        """The parameters of each attempt of an integration."""
        scheduled = [event["taskScheduledEventDetails"] for event in self.history if event["type"] == "TaskScheduled"]
        return [json.loads(task["parameters"]) for task in scheduled if task["resource"] == resource]


def packed(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.glob("*.py")):
            file.write(path, path.name)
    return archive.getvalue()


class Account:
    """The platform's resources, as far as executions need them."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.sagemaker, self.s3 = clients.client("sagemaker"), clients.client("s3")
        self.machines, self.sqs = clients.client("stepfunctions"), clients.client("sqs")
        for bucket in ("data", "model", "artifacts"):
            place = {"LocationConstraint": REGION}
            self.s3.create_bucket(Bucket=VALUES[f"{bucket}_bucket"], CreateBucketConfiguration=place)
        self.sagemaker.create_model_package_group(ModelPackageGroupName=VALUES["model_package_group"])
        self.add_topic()
        self.add_job()
        for short in ("data-validation", "model-evaluation"):
            self.add_function(short)

    def add_topic(self) -> None:
        sns = self.clients.client("sns")
        topic = sns.create_topic(Name=VALUES["alerts_topic_arn"].rsplit(":", 1)[1])["TopicArn"]
        self.mailbox = self.sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        named = self.sqs.get_queue_attributes(QueueUrl=self.mailbox, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=named["Attributes"]["QueueArn"])

    def add_job(self) -> None:
        bucket, glue = VALUES["artifacts_bucket"], PIPELINE / "glue"
        self.s3.put_object(Bucket=bucket, Key="glue/etl.py", Body=(glue / "etl.py").read_bytes())
        self.s3.put_object(Bucket=bucket, Key="glue/modules.zip", Body=packed(glue))
        self.clients.client("glue").create_job(
            Name=VALUES["glue_job_name"],
            Role=ROLE,
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/glue/etl.py"},
            DefaultArguments={
                "--metrics_namespace": "mlopsctl/etl",
                "--extra-py-files": f"s3://{bucket}/glue/modules.zip",
            },
        )

    def add_function(self, short: str) -> None:
        self.clients.client("lambda").create_function(
            FunctionName=f"{VALUES['name_prefix']}-{short}",
            Role=ROLE,
            Runtime="python3.12",
            Handler="handler.handler",
            Timeout=600,
            Code={"ZipFile": packed(PIPELINE / "functions" / short)},
        )

    def upload(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=VALUES["data_bucket"], Key=key, Body=text.encode())

    def machine(self, definition: str, values: dict[str, Any]) -> str:
        """Renders a definition of this folder as the blueprint does, and makes the machine."""
        document = render(json.loads((PIPELINE / definition).read_text()), values)
        name = f"{definition.split('.')[0]}-{uuid.uuid4().hex[:8]}"
        made = self.machines.create_state_machine(name=name, definition=json.dumps(document), roleArn=ROLE)
        return made["stateMachineArn"]

    def start(self, machine: str, given: dict[str, Any] | None = None) -> str:
        """Starts an execution, named as EventBridge names it."""
        name, text = f"{uuid.uuid4()}_{uuid.uuid4()}", json.dumps(given or {})
        return self.machines.start_execution(stateMachineArn=machine, input=text, name=name)["executionArn"]

    def follow(self, execution: str) -> Execution:
        """Waits until an execution has ended."""
        deadline = time.monotonic() + ENDS_WITHIN
        while (ended := self.machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.05)
        history = self.machines.get_execution_history(executionArn=execution)["events"]
        entered = [
            event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
        ]
        return Execution(
            arn=execution,
            status=ended["status"],
            error=ended.get("error", ""),
            cause=ended.get("cause", ""),
            states=entered,
            notifications=self.mail(),
            history=history,
        )

    def execute(self, definition: str, values: dict[str, Any], given: dict[str, Any] | None = None) -> Execution:
        return self.follow(self.start(self.machine(definition, values), given))

    def mail(self) -> list[dict[str, Any]]:
        """The messages to the topic's subscribers since the last call, each with its subject."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                found.append({"subject": envelope["Subject"], **json.loads(envelope["Message"])})
                self.sqs.delete_message(QueueUrl=self.mailbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def package(self, arn: str) -> dict[str, Any]:
        return self.sagemaker.describe_model_package(ModelPackageName=arn)

    def approve(self, arn: str) -> None:
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    def etl_runs(self) -> list[str]:
        runs = self.clients.client("glue").get_job_runs(JobName=VALUES["glue_job_name"])["JobRuns"]
        return [run["Id"] for run in runs]

    def metric(self, namespace: str, name: str, **dimensions: str) -> list[float]:
        """Every value that was published, the earliest first."""
        query = {
            "Id": "values",
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                },
                "Period": 1,
                "Stat": "Sum",
            },
        }
        now = datetime.now(UTC)
        data = self.clients.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query],
            StartTime=now - timedelta(hours=3),
            EndTime=now + timedelta(hours=3),
            ScanBy="TimestampAscending",
        )
        return data["MetricDataResults"][0]["Values"]

    def packages(self) -> list[str]:
        listed = self.sagemaker.list_model_packages(ModelPackageGroupName=VALUES["model_package_group"])
        return [summary["ModelPackageArn"] for summary in listed["ModelPackageSummaryList"]]

    def objects(self, bucket: str, prefix: str) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=VALUES[f"{bucket}_bucket"], Prefix=prefix).get("Contents", [])
        get = lambda key: self.s3.get_object(Bucket=VALUES[f"{bucket}_bucket"], Key=key)["Body"].read()  # noqa: E731
        return {item["Key"]: get(item["Key"]) for item in listed}
