"""Completes moto's interpreter of state machines, a port of LocalStack's, where it stops short of Step Functions.

It has no integration of SageMaker, lets parameters pass that no service takes, and waits as long as it is told to.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringVariableSample
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_callback,
    state_task_service_factory,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.states import ExecutionData
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.backend import execution_worker

from .clients import Clients, as_json

# A job's kind by the action that creates it. Step Functions watches the job by describing it.
JOBS = {"createTrainingJob": "TrainingJob", "createTransformJob": "TransformJob"}
ACTIONS = {*JOBS, "createModel"}

# Names of services: in the ARN of a resource, by boto's name, and in the names of errors.
BOTO_NAMES = {"applicationautoscaling": "application-autoscaling"}
# Services whose own parameters begin with a small letter.
BEGIN_SMALL = {"sfn"}
ERROR_NAMES = {"applicationautoscaling": "ApplicationAutoScaling", "sagemaker": "SageMaker"}


def handed_on(response: dict[str, Any]) -> dict[str, Any]:
    """A service's answer as Step Functions hands it on: times are text."""
    return json.loads(as_json(response))


class SageMakerService(state_task_service_callback.StateTaskServiceCallback):
    """`sagemaker:createTrainingJob.sync` and its kin: the result is what describes the finished job."""

    def __init__(self) -> None:
        super().__init__({ResourceCondition.Sync})
        self.stop: Callable[[], Any] | None = None

    def _get_supported_parameters(self) -> set[str] | None:
        return set() if self.resource.api_action in ACTIONS else None

    def failed(self, env: Any, name: ErrorName, error: str, cause: str) -> FailureEvent:
        details = TaskFailedEventDetails(
            error=error, cause=cause, resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type()
        )
        return FailureEvent(env, name, HistoryEventType.TaskFailed, EventDetails(taskFailedEventDetails=details))

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        code = ex.response["Error"]["Code"].removesuffix("Exception")
        error = f"SageMaker.{code if code.startswith('Resource') else 'AmazonSageMaker'}Exception"
        return self.failed(env, CustomErrorName(error), error, ex.response["Error"]["Message"])

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        client = boto_client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata")
        kind = JOBS.get(self.resource.api_action)
        if kind:
            name = {f"{kind}Name": normalised_parameters[f"{kind}Name"]}
            snake = {"TrainingJob": "training_job", "TransformJob": "transform_job"}[kind]
            self.stop = lambda: getattr(client, f"stop_{snake}")(**name)
            response |= name
        env.stack.append(response)

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], Any]:
        env.stack.pop()
        kind = JOBS[self.resource.api_action]
        client = boto_client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        describe = {"TrainingJob": client.describe_training_job, "TransformJob": client.describe_transform_job}[kind]
        name = {f"{kind}Name": normalised_parameters[f"{kind}Name"]}

        def resolve() -> Any:
            job = describe(**name)
            status = job[f"{kind}Status"]
            if status in ("InProgress", "Stopping"):
                return None
            job.pop("ResponseMetadata")
            job = handed_on(job)
            if status == "Completed":
                return job
            failed = StatesErrorNameType.StatesTaskFailed
            event = self.failed(env, StatesErrorName(typ=failed), failed.to_name(), json.dumps(job))
            raise FailureEventException(event)

        return resolve

    def _evaluate_with_timeout(self, env: Any) -> None:
        """A job outlives its state's time limit only until Step Functions has stopped it."""
        try:
            super()._evaluate_with_timeout(env)
        except EvalTimeoutError:
            if self.stop:
                self.stop()
            raise


class Waits:
    """Every wait for a retry and in a Wait state, in seconds, none of which takes longer than `longest`."""

    def __init__(self, longest: float) -> None:
        self.longest = longest
        self.retries: list[float] = []
        self.states: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.retries.append(seconds)
        time.sleep(min(seconds, self.longest))

    def wait(self, seconds: int) -> None:
        self.states.append(seconds)
        time.sleep(min(seconds, self.longest))


def wait_for_job(
    task: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
) -> None:
    """`.sync`, which moto can wait for only together with a task token."""
    resolve = task._build_sync_resolver(env, resource_runtime_part, normalised_parameters, state_credentials)
    env.stack.append(task._eval_sync(env, resolve, None, None, None))


def with_first(change: Callable[[str], str], value: Any) -> Any:
    """The value with the first letters of all keys changed."""
    if isinstance(value, dict):
        return {change(key[:1]) + key[1:]: with_first(change, part) for key, part in value.items()}
    return [with_first(change, part) for part in value] if isinstance(value, list) else value


def handing_on(call: Any) -> Any:
    """Step Functions begins the names of all parameters with a capital, also where the service does not."""

    def call_and_hand_on(task: Any, env: Any, **request: Any) -> None:
        begins_small = task.resource.api_name in BEGIN_SMALL
        if begins_small:
            request["normalised_parameters"] = with_first(str.lower, request["normalised_parameters"])
        call(task, env, **request)
        answer = handed_on(env.stack[-1])
        env.stack[-1] = with_first(str.upper, answer) if begins_small else answer

    return call_and_hand_on


def sample(variable: StringVariableSample, env: Any) -> None:
    """The value of `$name`. moto looks even a mere name up with an engine for JSONata that it does not bring."""
    env.stack.append(env.variable_store.get(variable.expression.removeprefix("$")))


def execution_data(**fields: Any) -> ExecutionData:
    """`$$.Execution`, with its start as AWS shows it.

    <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>
    """
    return ExecutionData(**fields | {"StartTime": iso_8601_datetime_with_milliseconds(fields["StartTime"])})


def complete(clients: Clients, waits: Waits) -> None:
    """Once per process: gives the interpreter its clients and its waits, and completes it."""
    boto_client.boto3 = clients
    # It logs each failure of a state, which the history has as well.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    others = state_task_service_factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        return SageMakerService() if service_name == "sagemaker" else others(service_name=service_name)

    state_task_factory.state_task_service_for = service_for
    # The context's times are text, as on AWS.
    execution_worker.ExecutionData = execution_data
    # A Fail state may pass on an error of Step Functions' own, such as States.Timeout.
    state_fail.CustomErrorName = ErrorName
    sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    sdk._eval_service_task = handing_on(sdk._eval_service_task)
    state_task_service_callback.StateTaskServiceCallback._eval_integration_pattern = wait_for_job
    state_task_service.StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES |= BOTO_NAMES
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES |= ERROR_NAMES
    state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = 0.05
    retrier_decl.time = waits
    StringVariableSample._eval_body = sample
    WaitFunction._wait_interval = lambda _, env, wait_seconds: waits.wait(wait_seconds)  # noqa: ARG005
