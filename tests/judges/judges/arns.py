"""The check that an ARN of a policy, wildcards and all, can be one of a resource type."""

import functools
import re

ANY, ONE, PART, NAME = "*", "?", "part", "name"
# A bucket's name has no slash, which is what tells buckets from objects.
WITHOUT_SLASH = {"BucketName"}
PIECES = re.compile(r"\$\{(\w+)\}|(\*)|(\?)|(.)", re.DOTALL)


def overlap(arn: str, template: str) -> bool:
    """True if some text matches both a policy's ARN and the reference's with placeholders."""
    # Policy variables, such as ${aws:username}, stand for anything.
    arn = re.sub(r"\$\{\w+:[^}]*\}", "*", arn)
    fields, template_fields = arn.split(":", 5), template.split(":", 5)
    pairs = zip(fields, template_fields, strict=False)
    return len(fields) == len(template_fields) and all(
        _overlap(_pieces(field), _pieces(other)) for field, other in pairs
    )


@functools.cache
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    pieces = []
    for name, star, one, literal in PIECES.findall(text):
        if name:
            pieces.append((PART if name in WITHOUT_SLASH else NAME, ""))
        elif star or one:
            pieces.append((ANY if star else ONE, ""))
        else:
            pieces.append(("", literal))
    return tuple(pieces)


def _overlap(one: tuple, other: tuple) -> bool:
    @functools.cache
    def from_here(i: int, j: int) -> bool:
        if i == len(one) or j == len(other):
            rest = one[i:] + other[j:]
            return all(kind in (ANY, NAME, PART) for kind, _ in rest)
        (kind, literal), (other_kind, other_literal) = one[i], other[j]
        repeats, other_repeats = kind in (ANY, NAME, PART), other_kind in (ANY, NAME, PART)
        if repeats and from_here(i + 1, j):
            return True
        if other_repeats and from_here(i, j + 1):
            return True
        if repeats and other_repeats:
            return False  # whichever ends first was tried
        if not _meet(kind, literal, other_kind, other_literal):
            return False
        return from_here(i if repeats else i + 1, j if other_repeats else j + 1)

    return from_here(0, 0)


def _meet(kind: str, literal: str, other_kind: str, other_literal: str) -> bool:
    if PART in (kind, other_kind):
        return (literal or other_literal) != "/"
    return not kind == other_kind == "" or literal == other_literal
