"""Step Functions: tracing and encryption, which LocalStack accepts and never shows again."""

from localstack.aws.api import RequestContext
from localstack.aws.api.stepfunctions import (
    CreateStateMachineInput,
    CreateStateMachineOutput,
    DescribeStateMachineOutput,
    UpdateStateMachineOutput,
)
from localstack.services.plugins import Service, aws_provider
from localstack.services.stepfunctions.provider import StepFunctionsProvider

# The settings that AWS gives a state machine without them. They also complete partial ones.
DEFAULTS = {
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
}


class CompletedStepFunctionsProvider(StepFunctionsProvider):
    def create_state_machine(
        self, context: RequestContext, request: CreateStateMachineInput, **kwargs: object
    ) -> CreateStateMachineOutput:
        created = super().create_state_machine(context, request, **kwargs)
        self.keep(
            context,
            created["stateMachineArn"],
            tracingConfiguration=request.get("tracingConfiguration"),
            encryptionConfiguration=request.get("encryptionConfiguration"),
        )
        return created

    def update_state_machine(
        self, context: RequestContext, state_machine_arn: str, **members: object
    ) -> UpdateStateMachineOutput:
        updated = super().update_state_machine(context, state_machine_arn, **members)
        self.keep(
            context,
            state_machine_arn,
            tracingConfiguration=members.get("tracing_configuration"),
            encryptionConfiguration=members.get("encryption_configuration"),
        )
        return updated

    def describe_state_machine(
        self, context: RequestContext, state_machine_arn: str, **kwargs: object
    ) -> DescribeStateMachineOutput:
        described = super().describe_state_machine(context, state_machine_arn, **kwargs)
        return {**described, **self.settings(context, state_machine_arn)}

    def keep(self, context: RequestContext, arn: str, **given: dict[str, object] | None) -> None:
        changed = {
            name: DEFAULTS[name] | value for name, value in given.items() if value is not None
        }
        self.settings(context, arn).update(changed)

    def settings(self, context: RequestContext, arn: str) -> dict[str, dict[str, object]]:
        """Kept with the state machine, so that they end with it."""
        state_machine = self.get_store(context).state_machines[arn]
        return vars(state_machine).setdefault("completed_settings", dict(DEFAULTS))


@aws_provider(name="completed")
def stepfunctions() -> Service:
    return Service.for_provider(CompletedStepFunctionsProvider())
