"""Budgets: updates, tags, and who is subscribed to a notification."""

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget, BudgetsBackend

from moto_extras.operation import Members, budgets_operation

Tags = dict[str, str]


def budget(backend: BudgetsBackend, account: str, name: str) -> Budget:
    try:
        return backend.budgets[account][name]
    except KeyError:
        raise NotFoundException(f"The budget {name} does not exist.") from None


def tags(backend: BudgetsBackend, arn: str) -> Tags:
    """A budget's tags, kept with it so that they end with it."""
    account, _, name = arn.split(":", 4)[4].partition(":budget/")
    return vars(budget(backend, account, name)).setdefault("extras_tags", {})


@budgets_operation
def create_budget(backend: BudgetsBackend, parameters: Members) -> Members:
    account, definition = parameters["AccountId"], parameters["Budget"]
    notifications = parameters.get("NotificationsWithSubscribers") or []
    backend.create_budget(account, definition, notifications)
    arn = f"arn:{backend.partition}:budgets::{account}:budget/{definition['BudgetName']}"
    tags(backend, arn).update(by_key(parameters.get("ResourceTags")))
    return {}


@budgets_operation
def update_budget(backend: BudgetsBackend, parameters: Members) -> Members:
    """The new definition replaces the whole old one; notifications stay."""
    account, definition = parameters["AccountId"], parameters["NewBudget"]
    old = budget(backend, account, definition["BudgetName"])
    old.budget = Budget({"TimePeriod": old.budget["TimePeriod"], **definition}, []).budget
    return {}


@budgets_operation
def list_tags_for_resource(backend: BudgetsBackend, parameters: Members) -> Members:
    found = tags(backend, parameters["ResourceARN"])
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in found.items()]}


@budgets_operation
def tag_resource(backend: BudgetsBackend, parameters: Members) -> Members:
    tags(backend, parameters["ResourceARN"]).update(by_key(parameters["ResourceTags"]))
    return {}


@budgets_operation
def untag_resource(backend: BudgetsBackend, parameters: Members) -> Members:
    found = tags(backend, parameters["ResourceARN"])
    for key in parameters["ResourceTagKeys"]:
        found.pop(key, None)
    return {}


def by_key(given: list[dict[str, str]] | None) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in given or []}


@budgets_operation
def describe_subscribers_for_notification(backend: BudgetsBackend, parameters: Members) -> Members:
    target = budget(backend, parameters["AccountId"], parameters["BudgetName"])
    for notification in target.notifications:
        if notification.details == parameters["Notification"]:
            return {"Subscribers": notification.subscribers}
    raise NotFoundException("The notification does not exist.")
