"""The second judge: policies against AWS's service authorization reference."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from judges import arns, reference
from judges.reference import Action

ARN = re.compile(r"arn:[\w*-]+:[\w*-]+:[\w*-]*:[\w*]*:.+", re.DOTALL)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATOR = re.compile(
    r"(For(AllValues|AnyValue):)?("
    r"String(Not)?(Equals|Like)|String(Not)?EqualsIgnoreCase|Arn(Not)?(Equals|Like)|Bool|BinaryEquals|"
    r"(Not)?IpAddress|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)"
    r")(IfExists)?|Null"
)
SID = re.compile(r"[A-Za-z0-9]*")
ELEMENTS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource"}
ELEMENTS |= {"NotResource", "Condition"}


class Kind(Enum):
    """The kind of entity that has a policy, and the elements that AWS insists on there."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    REPOSITORY = "repository"

    @property
    def names_resources(self) -> bool:
        """True if a statement has resources: the entity may be the only one."""
        return self in (Kind.IDENTITY, Kind.RESOURCE)


@dataclass(frozen=True)
class Policy:
    """A policy, and where it was found."""

    place: str
    kind: Kind
    text: str


def judge(policy: Policy) -> list[str]:
    """The parts of a policy that AWS would refuse, or that would never apply."""
    try:
        document = json.loads(policy.text)
    except ValueError as error:
        return [f"{policy.place}: {error}"]
    found = [] if document.get("Version") == "2012-10-17" else ["not version 2012-10-17"]
    statements = _list(document["Statement"])
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    found += [f"two statements are called {sid}" for sid in {*sids} if sids.count(sid) > 1]
    for number, statement in enumerate(statements, start=1):
        name = statement.get("Sid", f"statement {number}")
        found += [f"{name}: {what}" for what in _statement(statement, policy.kind)]
    found += _uncovered(statements)
    return [f"{policy.place}: {what}" for what in dict.fromkeys(found)]


def _statement(statement: dict, kind: Kind) -> Iterator[str]:
    yield from (f"unknown element {name}" for name in statement.keys() - ELEMENTS)
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"effect {statement.get('Effect')!r}"
    if kind is Kind.IDENTITY and not SID.fullmatch(statement.get("Sid", "")):
        yield "a Sid of an identity's policy has letters and digits only"
    if ("Principal" in statement or "NotPrincipal" in statement) == (kind is Kind.IDENTITY):
        yield "a principal" if kind is Kind.IDENTITY else "no principal"
    if ("Resource" in statement or "NotResource" in statement) != kind.names_resources:
        yield "no resource" if kind.names_resources else f"a resource in a {kind.value} policy"
    named = _list(statement.get("Action", statement.get("NotAction", [])))
    if not named:
        yield "no action"
    meant = []
    for name in named:
        known = () if name == "*" else reference.actions(name)
        if name != "*" and not known:
            yield f"{name} is no action"
        meant += known
    resources = _list(statement.get("Resource", []))
    yield from (f"{arn} is no ARN" for arn in resources if not _is_arn(arn))
    yield from _operators(statement.get("Condition", {}))
    if "*" in named or "NotAction" in statement:
        return
    yield from _bound(meant, resources, any("*" in name for name in named))
    if kind is not Kind.TRUST or statement["Effect"] == "Allow":
        yield from _keys(meant, resources, statement.get("Condition", {}))


def _is_arn(arn: str) -> bool:
    if arn == "*":
        return True
    service = arn.split(":")[2] if ARN.fullmatch(arn) else ""
    return "*" in service or service in reference.services_of_arns()


def _bound(meant: list[Action], resources: list[str], is_pattern: bool) -> Iterator[str]:
    """Actions and resources of a statement that never meet."""
    if not resources or "*" in resources:
        return
    for action in meant:
        if not action.types:
            if not is_pattern:
                yield f"{action.name} knows no resources, so it is never allowed on an ARN"
        elif not is_pattern and not _types(action, resources):
            kinds = ", ".join(sorted(action.types))
            yield f"{action.name} knows none of the resources: it is on {kinds}"
    for arn in resources:
        if not any(_types(action, [arn]) for action in meant):
            yield f"no action of the statement is on {arn}"


def _types(action: Action, resources: list[str]) -> set[str]:
    """The resource types of an action that some ARN of a statement can be."""
    return {
        kind
        for kind in action.types
        if any(arns.overlap(arn, reference.template(action.service, kind)) for arn in resources)
    }


def _uncovered(statements: list[dict]) -> Iterator[str]:
    """Actions that AWS also asks for on a resource of a type that no statement has."""
    covered: dict[str, set[str]] = {}
    reached: dict[str, set[str]] = {}
    meant = {}
    for statement in statements:
        resources = _list(statement.get("Resource", "*"))
        if statement.get("Effect") != "Allow":
            continue
        for action in (one for name in _list(statement.get("Action", [])) for one in _meant(name)):
            meant[action.name] = action
            kinds = action.types if "*" in resources else _types(action, resources)
            # A condition on a key that requests have for other types only is never met.
            keys = _keys_that_must_be_there(statement.get("Condition", {}))
            met = {
                kind
                for kind in kinds
                if all(reference.knows_key(action, kind, key) for key in keys)
            }
            covered.setdefault(action.name, set()).update(met)
            reached.setdefault(action.name, set()).update(kinds)
    for name, action in meant.items():
        # One without any was found before.
        if reached[name] and (missing := action.needed - covered[name]):
            yield f"{name} is nowhere allowed on {', '.join(sorted(missing))}"


def _meant(name: str) -> tuple[Action, ...]:
    # Of a pattern some actions may never be meant.
    return () if "*" in name else reference.actions(name)


def _operators(condition: dict) -> Iterator[str]:
    for operator, tests in condition.items():
        if not OPERATOR.fullmatch(operator):
            yield f"{operator} is no operator of conditions"
        if not tests:
            yield f"{operator} tests nothing"


def _keys(meant: list[Action], resources: list[str], condition: dict) -> Iterator[str]:
    """Condition keys that a request for an action never has."""
    keys = _keys_that_must_be_there(condition)
    for action in meant:
        kinds = action.types
        if resources and "*" not in resources:
            kinds = _types(action, resources)
        for key in sorted(keys):
            if not any(reference.knows_key(action, kind, key) for kind in kinds or {""}):
                yield f"{action.name} knows no condition key {key}"


def _keys_that_must_be_there(condition: dict) -> set[str]:
    return {
        key
        for operator, tests in condition.items()
        # These are true where there is no such key.
        if not operator.endswith("IfExists")
        and operator != "Null"
        and not operator.startswith("ForAllValues")
        for key in tests
    }


def _list(value) -> list:
    return value if isinstance(value, list) else [value]
