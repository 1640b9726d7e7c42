"""The form in which an operation joins moto: a function named as moto's dispatcher expects it.

An operation takes the backend of the caller's account and region and the request's
parameters, and returns the response's members. moto serialises it by AWS's service model.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.models import BudgetsBackend
from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult, BaseResponse
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

Members = dict[str, Any]
SageMakerOperation = Callable[[SageMakerModelBackend, Members], Members]
GlueOperation = Callable[[GlueBackend, Members], Members]
BudgetsOperation = Callable[[BudgetsBackend, Members], Members]


def sagemaker_operation(serve: SageMakerOperation) -> SageMakerOperation:
    """Serve SageMaker's operation of the function's name (``update_domain``)."""
    attach_sagemaker(serve.__name__, serve)
    return serve


def attach_sagemaker(name: str, serve: SageMakerOperation) -> None:
    def handler(request: SageMakerResponse) -> ActionResult:
        return ActionResult(serve(request.sagemaker_backend, json.loads(request.body)))

    attach(SageMakerResponse, name, handler)


def glue_operation(serve: GlueOperation) -> GlueOperation:
    """Serve Glue's operation of the function's name (``update_job``)."""

    def handler(request: GlueResponse) -> ActionResult:
        return ActionResult(serve(request.glue_backend, json.loads(request.body)))

    attach(GlueResponse, serve.__name__, handler)
    return serve


def budgets_operation(serve: BudgetsOperation) -> BudgetsOperation:
    """Serve Budgets' operation of the function's name (``update_budget``)."""

    def handler(request: BudgetsResponse) -> ActionResult:
        return ActionResult(serve(request.backend, json.loads(request.body)))

    attach(BudgetsResponse, serve.__name__, handler)
    return serve


def attach(
    responses: type[BaseResponse], name: str, handler: Callable[[Any], ActionResult]
) -> None:
    handler.__name__ = name
    setattr(responses, name, handler)


def store(backend: SageMakerModelBackend, name: str) -> dict[str, Any]:
    """A table of the extras inside moto's backend, so that moto's reset empties it too."""
    return vars(backend).setdefault(f"extras_{name}", {})


def merged(old: Members | None, new: Members | None) -> Members:
    """Settings after an update: members that were given replace, the others stay."""
    return {**(old or {}), **(new or {})}


def given(parameters: Members, names: tuple[str, ...]) -> Members:
    return {name: parameters[name] for name in names if parameters.get(name) is not None}
