"""The rule by which placeholders in the definition become values: see README.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


def placeholders(document: Any) -> set[str]:
    if isinstance(document, dict):
        return {name for value in document.values() for name in placeholders(value)}
    if isinstance(document, list):
        return {name for value in document for name in placeholders(value)}
    return set(PLACEHOLDER.findall(document)) if isinstance(document, str) else set()


def absent(document: Any, values: Mapping[str, Any]) -> bool:
    whole = PLACEHOLDER.fullmatch(document) if isinstance(document, str) else None
    return whole is not None and values[whole[1]] is None


def render(document: Any, values: Mapping[str, Any]) -> Any:
    """A string that is one placeholder becomes its value, or is dropped when that is null; others are text."""
    if isinstance(document, dict):
        return {key: render(value, values) for key, value in document.items() if not absent(value, values)}
    if isinstance(document, list):
        return [render(value, values) for value in document if not absent(value, values)]
    if not isinstance(document, str):
        return document
    whole = PLACEHOLDER.fullmatch(document)
    if whole:
        return values[whole[1]]
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), document)
