"""Lambda: the key of a function's environment variables, which LocalStack does not keep."""

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.lambda_ import (
    CreateFunctionRequest,
    FunctionConfiguration,
    GetFunctionResponse,
    UpdateFunctionConfigurationRequest,
)
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider
from localstack.services.plugins import Service, aws_provider


class CompletedLambdaProvider(LambdaProvider):
    @handler(operation="CreateFunction", expand=False)
    def create_function(
        self, context: RequestContext, request: CreateFunctionRequest
    ) -> FunctionConfiguration:
        return self.keep(context, request, super().create_function(context, request))

    @handler(operation="UpdateFunctionConfiguration", expand=False)
    def update_function_configuration(
        self, context: RequestContext, request: UpdateFunctionConfigurationRequest
    ) -> FunctionConfiguration:
        return self.keep(context, request, super().update_function_configuration(context, request))

    def get_function(
        self, context: RequestContext, function_name: str, **kwargs: object
    ) -> GetFunctionResponse:
        found = super().get_function(context, function_name, **kwargs)
        found["Configuration"] = self.completed(context, function_name, found["Configuration"])
        return found

    def get_function_configuration(
        self, context: RequestContext, function_name: str, **kwargs: object
    ) -> FunctionConfiguration:
        found = super().get_function_configuration(context, function_name, **kwargs)
        return self.completed(context, function_name, found)

    def keep(
        self,
        context: RequestContext,
        request: CreateFunctionRequest | UpdateFunctionConfigurationRequest,
        shown: FunctionConfiguration,
    ) -> FunctionConfiguration:
        """Kept with the function, so that it ends with it. An empty key takes it away."""
        if "KMSKeyArn" in request:
            settings(context, request["FunctionName"])["KMSKeyArn"] = request["KMSKeyArn"]
        return self.completed(context, request["FunctionName"], shown)

    def completed(
        self, context: RequestContext, name: str, shown: FunctionConfiguration
    ) -> FunctionConfiguration:
        return {**shown, **{key: value for key, value in settings(context, name).items() if value}}


def settings(context: RequestContext, name: str) -> dict[str, str]:
    account, region = api_utils.get_account_and_region(name, context)
    name, _ = api_utils.get_name_and_qualifier(name, None, context)
    function = lambda_stores[account][region].functions[name]
    return vars(function).setdefault("completed_settings", {})


@aws_provider(api="lambda", name="completed")
def lambda_() -> Service:
    return Service.for_provider(CompletedLambdaProvider())
