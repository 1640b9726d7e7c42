"""Glue: updates of crawlers, jobs and triggers, refused duplicates, tags that end with
their resource.
"""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.glue.exceptions import AlreadyExistsException
from moto.glue.models import Action, FakeCrawler, FakeJob, GlueBackend, Predicate
from moto.glue.responses import GlueResponse

from moto_extras.operation import Members, attach, glue_operation

CRAWLER_MEMBERS = (
    "Role",
    "DatabaseName",
    "Description",
    "Targets",
    "Schedule",
    "Classifiers",
    "TablePrefix",
    "SchemaChangePolicy",
    "RecrawlPolicy",
    "LineageConfiguration",
    "Configuration",
    "CrawlerSecurityConfiguration",
)
JOB_MEMBERS = (
    "Description",
    "LogUri",
    "Role",
    "ExecutionProperty",
    "Command",
    "DefaultArguments",
    "NonOverridableArguments",
    "Connections",
    "MaxRetries",
    "AllocatedCapacity",
    "Timeout",
    "MaxCapacity",
    "SecurityConfiguration",
    "NotificationProperty",
    "GlueVersion",
    "NumberOfWorkers",
    "WorkerType",
    "CodeGenConfigurationNodes",
    "ExecutionClass",
    "SourceControlDetails",
)


@glue_operation
def update_crawler(backend: GlueBackend, parameters: Members) -> Members:
    """Members that were given replace the crawler's; an empty schedule removes it."""
    crawler = backend.get_crawler(parameters["Name"])
    for member in CRAWLER_MEMBERS:
        if member in parameters:
            setattr(crawler, camelcase_to_underscores(member), parameters[member])
    renew(crawler)
    return {}


@glue_operation
def update_crawler_schedule(backend: GlueBackend, parameters: Members) -> Members:
    crawler = backend.get_crawler(parameters["CrawlerName"])
    crawler.schedule = parameters.get("Schedule", "")
    renew(crawler)
    return {}


def renew(crawler: FakeCrawler) -> None:
    crawler.version += 1
    crawler.last_updated = utcnow()


@glue_operation
def update_job(backend: GlueBackend, parameters: Members) -> Members:
    """The given definition replaces the whole old one: what it omits is reset."""
    name = parameters["JobName"]
    old = backend.get_job(name)
    definition = {
        camelcase_to_underscores(member): parameters["JobUpdate"].get(member)
        for member in JOB_MEMBERS
    }
    job = FakeJob(name=name, tags={}, backend=backend, **definition)
    job.created_on = old.created_on
    job.job_runs = old.job_runs
    backend.jobs[name] = job
    return {"JobName": name}


@glue_operation
def update_trigger(backend: GlueBackend, parameters: Members) -> Members:
    trigger = backend.get_trigger(parameters["Name"])
    update = parameters["TriggerUpdate"]
    trigger.description = update.get("Description", trigger.description)
    trigger.schedule = update.get("Schedule", trigger.schedule)
    if "Actions" in update:
        trigger.actions = [Action(action) for action in update["Actions"]]
    if "Predicate" in update:
        trigger.predicate = Predicate(update["Predicate"])
    if "EventBatchingCondition" in update:
        trigger.event_batching_condition = update["EventBatchingCondition"]
    return {"Trigger": trigger.as_dict()}


@glue_operation
def batch_stop_job_run(backend: GlueBackend, parameters: Members) -> Members:
    name = parameters["JobName"]
    stopped, errors = [], []
    for run_id in parameters["JobRunIds"]:
        try:
            run = backend.get_job_run(name, run_id)
        except JsonRESTError as error:
            detail = {"ErrorCode": error.error_type, "ErrorMessage": error.message}
            errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        else:
            run.status = "STOPPED"
            stopped.append({"JobName": name, "JobRunId": run_id})
    return {"SuccessfulSubmissions": stopped, "Errors": errors}


def refuse_duplicates(operation: str, noun: str, table: str) -> None:
    """AWS refuses to create a name in use; moto alone would replace the resource."""
    create = getattr(GlueResponse, operation)

    def handler(request: GlueResponse) -> Any:
        if request.parameters["Name"] in getattr(request.glue_backend, table):
            raise AlreadyExistsException(noun)
        return create(request)

    attach(GlueResponse, operation, handler)


def delete_tags_too(operation: str, noun: str, name_member: str) -> None:
    """A resource created again under its old name must not inherit the old one's tags."""
    delete = getattr(GlueResponse, operation)

    def handler(request: GlueResponse) -> Any:
        result = delete(request)
        backend = request.glue_backend
        place = f"arn:{backend.partition}:glue:{backend.region_name}:{backend.account_id}"
        arn = f"{place}:{noun}/{request.parameters[name_member]}"
        backend.tagger.delete_all_tags_for_resource(arn)
        return result

    attach(GlueResponse, operation, handler)


refuse_duplicates("create_job", "Job", "jobs")
refuse_duplicates("create_trigger", "Trigger", "triggers")
refuse_duplicates("create_workflow", "Workflow", "workflows")
delete_tags_too("delete_database", "database", "Name")
delete_tags_too("delete_crawler", "crawler", "Name")
delete_tags_too("delete_job", "job", "JobName")
delete_tags_too("delete_trigger", "trigger", "Name")
