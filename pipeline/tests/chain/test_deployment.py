"""Which ways a deployment goes, on the real definition: created, updated, rolled back, failed, and always told."""

from __future__ import annotations

from typing import Any

import pytest
from deployed import Deploy, left, scaling, serving
from moto.sagemaker.responses import SageMakerResponse

TO_LOOK = ["Begin", "DescribePackage", "StillApproved", "FindEndpoint", "IsThereOne"]
TO_ENDPOINT = [*TO_LOOK, "WhatIsMade", "CreateModel", "CreateConfig", "WhatIsMade"]
TO_SERVING = ["DescribePrevious", "WhoseTurn", "DescribePreviousConfig", "IsModelKnown", "DescribeServingModel"]
LOOK = ["AwaitEndpoint", "CountLook", "SuitsBoth", "DescribeEndpoint", "Settled"]


@pytest.fixture
def deploy(register, deploy_package) -> Deploy:
    return lambda status="Approved", **changes: deploy_package(register(status), **changes)


def test_the_first_deployment_creates_the_endpoint(account, deploy, values, waits):
    waits.states.clear()
    execution = deploy()
    scaled = ["HasSample", "ChooseScaling", "RegisterScaling", "ScaleByDemand", "WhatToRemove"]
    again = ["EndpointInTime", *LOOK]
    assert execution.states == [
        *TO_ENDPOINT, "CreateEndpoint", *again, *again, *scaled, "NotifySuccess", "Deployed",
    ]  # fmt: skip
    assert execution.status == "SUCCEEDED"
    assert waits.states == [30, 30]
    message = execution.notification
    assert (message["subject"], message["outcome"]) == ("mlops-pipeline-dev: a model is in service", "deployed")
    endpoint = serving(account, values)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", message["config"])
    config = account.sagemaker.describe_endpoint_config(EndpointConfigName=message["config"])
    (variant,) = config["ProductionVariants"]
    assert (variant["VariantName"], variant["InstanceType"]) == ("AllTraffic", "ml.m5.large")
    capture = config["DataCaptureConfig"]
    assert (capture["EnableCapture"], capture["InitialSamplingPercentage"]) == (True, 20)
    assert capture["DestinationS3Uri"] == f"s3://{values['artifacts_bucket']}/data-capture"
    model = account.sagemaker.describe_model(ModelName=variant["ModelName"])
    assert model["PrimaryContainer"] == {"ModelPackageName": message["model_package"]}
    assert model["ExecutionRoleArn"] == values["serving_role_arn"]


def test_the_endpoint_scales_as_the_environment_wants(account, deploy, values):
    deploy()
    (target,), (policy,) = scaling(account, values)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    assert policy["PolicyType"] == "TargetTrackingScaling"
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 1000
    deploy(autoscaling=None)
    assert scaling(account, values)[0] == []


def test_a_second_deployment_updates_blue_and_green_and_removes_what_was_before(account, deploy, values, endpoints):
    first = deploy().notification
    before = left(account)
    execution = deploy()
    assert execution.status == "SUCCEEDED", execution.cause
    assert "CreateEndpoint" not in execution.states
    assert "PauseScaling" not in execution.states
    second = execution.notification
    request = endpoints.updates[values["endpoint_name"]]
    assert request["EndpointConfigName"] == second["config"]
    policy = request["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == values["traffic_routing"]
    assert policy["TerminationWaitInSeconds"] == 300
    assert request["DeploymentConfig"]["AutoRollbackConfiguration"] == values["auto_rollback"]
    assert request["RetainAllVariantProperties"] is True
    configs, models = left(account)
    assert configs == before[0] - {first["config"]} | {second["config"]}
    assert models == before[1] - {first["model"]} | {second["model"]}


def test_a_deployment_that_is_rolled_back_leaves_the_old_model_and_is_told(account, deploy, values, endpoints):
    first = deploy().notification
    before = left(account)
    endpoints.outcome = "rolled back"
    execution = deploy()
    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    message = execution.notification
    assert (message["outcome"], message["error"]) == ("not deployed", "RolledBack")
    assert "An alarm is in ALARM state" in message["cause"]
    assert serving(account, values)["EndpointConfigName"] == first["config"]
    assert left(account) == before
    assert len(scaling(account, values)[0]) == 1


def test_an_endpoint_that_cannot_be_created_is_told_and_made_anew_next_time(account, deploy, values, endpoints):
    endpoints.outcome = "failed"
    failed = deploy()
    assert (failed.status, failed.error) == ("FAILED", "EndpointFailed")
    message = failed.notification
    assert (message["subject"], message["outcome"]) == (
        "mlops-pipeline-dev: the model was not deployed",
        "not deployed",
    )
    assert "did not pass the ping health check" in message["cause"]
    leftover = serving(account, values)["EndpointConfigName"]

    endpoints.outcome = "well"
    repaired = deploy()
    assert repaired.status == "SUCCEEDED", repaired.cause
    assert repaired.states.index("DeleteFailed") < repaired.states.index("CreateEndpoint")
    assert serving(account, values)["EndpointStatus"] == "InService"
    assert leftover not in left(account)[0]


def test_an_endpoint_that_does_not_come_to_rest_is_told(deploy, endpoints):
    endpoints.outcome = "never"
    execution = deploy(looks=5)
    assert (execution.status, execution.error) == ("FAILED", "DeploymentTimeout")
    assert execution.states.count("DescribeEndpoint") == 5
    assert "DiscardConfig" not in execution.states
    assert "after 5 looks" in execution.notification["cause"]


def test_a_package_whose_approval_was_withdrawn_is_not_deployed(account, deploy, values):
    before = left(account)
    execution = deploy(status="Rejected")
    assert (execution.status, execution.error) == ("FAILED", "NotApproved")
    assert "is Rejected: only an approved model is deployed" in execution.notification["cause"]
    assert left(account) == before
    assert scaling(account, values)[0] == []


def test_somebody_elses_deployment_goes_first(account, deploy, values):
    config = deploy().notification["config"]
    account.sagemaker.update_endpoint(EndpointName=values["endpoint_name"], EndpointConfigName=config)
    execution = deploy()
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states.count("AwaitTurn") == 1
    assert serving(account, values)["EndpointConfigName"] == execution.notification["config"]


def test_a_repeated_event_of_one_approval_deploys_once(account, register, deploy_package, values):
    """SageMaker may send several events for each change."""
    package = register()
    config = deploy_package(package).notification["config"]
    before = left(account)
    again = deploy_package(package)
    assert again.states == [
        *TO_LOOK,
        *TO_SERVING,
        "AlreadyServing",
        "IsAnythingMade",
        "WhyDiscarded",
        "AlreadyInService",
    ]
    assert (again.status, again.notifications) == ("SUCCEEDED", [])
    assert (left(account), serving(account, values)["EndpointConfigName"]) == (before, config)
    # A person may want just that, as with another type of instance.
    wanted = deploy_package(package, {"again": True})
    assert serving(account, values)["EndpointConfigName"] == wanted.notification["config"] != config


def test_events_of_one_approval_that_race_deploy_once(account, register, deploy_package, values, monkeypatch):
    """Both executions have found the old model in service; the other one updates the endpoint first."""
    deploy_package(register())
    package = register()
    update = SageMakerResponse.update_endpoint

    def overtaken(request: SageMakerResponse) -> Any:
        monkeypatch.setattr(SageMakerResponse, "update_endpoint", update)
        name, role = f"{values['name_prefix']}-other", values["serving_role_arn"]
        container = {"ModelPackageName": package}
        account.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=role)
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large"}
        variants = [{**variant, "InitialInstanceCount": 1}]
        account.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        account.sagemaker.update_endpoint(EndpointName=values["endpoint_name"], EndpointConfigName=name)
        return update(request)

    overtaken.__name__ = "update_endpoint"
    monkeypatch.setattr(SageMakerResponse, "update_endpoint", overtaken)
    models = left(account)[1]
    execution = deploy_package(package)
    assert (execution.status, execution.notifications) == ("SUCCEEDED", []), execution.cause
    assert execution.states[-4:] == ["DiscardConfig", "DiscardModel", "WhyDiscarded", "AlreadyInService"]
    assert serving(account, values)["EndpointConfigName"] == "mlops-pipeline-dev-other"
    assert left(account)[1] - models == {"mlops-pipeline-dev-other"}


def test_a_model_that_takes_other_features_waits_for_somebody_who_says_that_callers_are_ready(
    account, register, deploy_package, values
):
    deploy_package(register(features_digest="a"))
    before = left(account)
    refused = deploy_package(register(features_digest="b"))
    assert (refused.status, refused.error) == ("FAILED", "FeaturesDiffer")
    assert "every call of today would fail" in refused.notification["cause"]
    assert left(account) == before
    for package in (register(features_digest="b", features_may_differ="true"), register(features_digest="b")):
        execution = deploy_package(package)
        assert execution.status == "SUCCEEDED", execution.cause


def test_a_deployment_that_another_one_overtakes_ends_in_silence(deploy, endpoints):
    deploy()
    endpoints.outcome = "superseded"
    execution = deploy()
    assert (execution.status, execution.states[-1]) == ("SUCCEEDED", "Superseded")
    assert execution.notifications == []


def test_scaling_is_paused_to_change_the_instance_type(account, deploy, values):
    deploy()
    execution = deploy(endpoint_instance_type="ml.m5.xlarge")
    assert execution.status == "SUCCEEDED", execution.cause
    way = execution.states
    assert way.index("PauseScaling") < way.index("UpdateEndpoint") < way.index("RegisterScaling")
    assert len(scaling(account, values)[0]) == 1


def test_a_step_that_fails_is_told_by_its_name(deploy, values):
    # SageMaker takes a number.
    execution = deploy(endpoint_instance_count="none")
    assert execution.states[-3:] == ["CreateConfig", "NotifyFailure", "Failed"]
    message = execution.notification
    assert (message["outcome"], message["step"]) == ("failed", "CreateConfig")
    assert message["endpoint"] == values["endpoint_name"]
