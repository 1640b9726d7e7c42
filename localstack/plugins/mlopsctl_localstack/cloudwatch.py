"""CloudWatch: the tags that alarms are made with, alarms that the CBOR protocol can carry, and
the code for a missing dashboard.
"""

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.cloudwatch import (
    DashboardNotFoundError,
    DescribeAlarmsOutput,
    GetDashboardOutput,
    PutCompositeAlarmInput,
    PutMetricAlarmInput,
)
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.services.plugins import Service, aws_provider
from localstack.utils.aws import arns


class CompletedCloudwatchProvider(CloudwatchProvider):
    @handler("PutMetricAlarm", expand=False)
    def put_metric_alarm(self, context: RequestContext, request: PutMetricAlarmInput) -> None:
        self.tag_new_alarm(context, request)
        super().put_metric_alarm(context, request)

    @handler("PutCompositeAlarm", expand=False)
    def put_composite_alarm(self, context: RequestContext, request: PutCompositeAlarmInput) -> None:
        self.tag_new_alarm(context, request)
        super().put_composite_alarm(context, request)

    def tag_new_alarm(
        self, context: RequestContext, request: PutMetricAlarmInput | PutCompositeAlarmInput
    ) -> None:
        """Only an alarm that is created gets them, and none of an earlier one of its name."""
        store = self.get_store(context.account_id, context.region)
        arn = arns.cloudwatch_alarm_arn(request["AlarmName"], context.account_id, context.region)
        if arn not in store.alarms:
            store.TAGS.del_resource(arn)
            store.TAGS.tag_resource(arn, request.get("Tags") or [])

    def describe_alarms(self, context: RequestContext, **kwargs: object) -> DescribeAlarmsOutput:
        """AWS shows no tags here, and LocalStack's CBOR serialiser fails on unknown members."""
        described = super().describe_alarms(context, **kwargs)
        return {
            kind: [without_tags(alarm) for alarm in alarms] for kind, alarms in described.items()
        }

    def get_dashboard(
        self, context: RequestContext, dashboard_name: str, **kwargs: object
    ) -> GetDashboardOutput:
        """LocalStack's InvalidParameterValue would mean a malformed name."""
        if dashboard_name not in self.get_store(context.account_id, context.region).dashboards:
            raise DashboardNotFoundError(f"Dashboard {dashboard_name} does not exist")
        return super().get_dashboard(context, dashboard_name, **kwargs)


def without_tags(alarm: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in alarm.items() if name != "Tags"}


@aws_provider(name="completed")
def cloudwatch() -> Service:
    return Service.for_provider(CompletedCloudwatchProvider())
