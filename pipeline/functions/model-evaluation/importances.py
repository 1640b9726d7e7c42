"""The share of each feature in the gain of an XGBoost model, read from its artifact with the standard library alone.

XGBoost knows features by their numbers. They get the names of the data set's features here.
"""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

# The beginning of the model file's name, in SageMaker's image and in that of `pipeline/image`.
MODEL = "xgboost-model"
# A larger artifact is left alone: its trees would not fit into the function's memory beside the predictions.
LARGEST = 64 << 20  # bytes
# The numbers of UBJSON, all with the most significant byte first. https://ubjson.org/type-reference/value-types/
NUMBERS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
CONSTANTS = {"Z": None, "T": True, "F": False}


class NotReadable(Exception):
    """The file is no XGBoost model in UBJSON."""


class Reader:
    """Reads the subset of UBJSON that XGBoost writes."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, count: int) -> bytes:
        taken = self.content[self.place : self.place + count]
        if count < 0 or len(taken) != count:
            raise NotReadable("it ends too early")
        self.place += count
        return taken

    def marker(self) -> str:
        return self.take(1).decode("latin-1")

    def peek(self) -> str:
        return self.content[self.place : self.place + 1].decode("latin-1")

    def number(self, marker: str, count: int = 1) -> Sequence[float]:
        if marker not in NUMBERS:
            raise NotReadable(f"{marker!r} is no number")
        form = f">{count}{NUMBERS[marker]}"
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def length(self) -> int:
        return int(self.number(self.marker())[0])

    def text(self) -> str:
        return self.take(self.length()).decode()

    def array(self) -> Sequence[Any]:
        kind = None
        if self.peek() == "$":
            self.marker()
            kind = self.marker()
        if self.peek() == "#":
            self.marker()
            count = self.length()
            if kind is not None:
                return self.number(kind, count)
            return [self.value() for _ in range(count)]
        items = []
        while self.peek() != "]":
            items.append(self.value())
        self.marker()
        return items

    def object(self) -> dict[str, Any]:
        found = {}
        while self.peek() != "}":
            key = self.text()
            found[key] = self.value()
        self.marker()
        return found

    def value(self) -> Any:
        marker = self.marker()
        if marker == "{":
            return self.object()
        if marker == "[":
            return self.array()
        if marker == "S":
            return self.text()
        return CONSTANTS[marker] if marker in CONSTANTS else self.number(marker)[0]


def learner(model: bytes) -> dict[str, Any]:
    """The model that a file holds."""
    try:
        return Reader(model).value()["learner"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadable(f"it has no learner: {error!r}") from error


def gains(model: bytes, features: int) -> list[float]:
    """The gain of all splits on each feature, which XGBoost calls `total_gain`."""
    found = [0.0] * features
    try:
        read = learner(model)
        known = int(read["learner_model_param"]["num_feature"])
        booster = read["gradient_booster"]
        trees = booster.get("gbtree", booster)["model"]["trees"]
        for tree in trees:
            nodes = zip(tree["left_children"], tree["split_indices"], tree["loss_changes"], strict=True)
            # A node without children is a leaf.
            for left, index, gain in nodes:
                found[index] += gain if left >= 0 else 0.0
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise NotReadable(f"it has no trees: {error!r}") from error
    if known != features:
        raise NotReadable(f"it has {known} features, not {features}")
    return found


def model_file(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file and PurePosixPath(member.name).name.startswith(MODEL):
                return file.read(LARGEST)
    raise NotReadable("the artifact has no model of XGBoost")


def importances(s3: Any, artifact: dict[str, str], fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each input of the model with its share of the gain, the most important one first.

    `fields` are the inputs of the model, in their order. None are returned for a model that is not XGBoost's, or that
    XGBoost before 2.1 has written in its own format.
    """
    found = s3.get_object(**artifact)
    if found["ContentLength"] > LARGEST:
        return []
    try:
        gain = gains(model_file(found["Body"].read()), len(fields))
    except (NotReadable, tarfile.TarError, EOFError, OSError):
        return []
    total = sum(gain)
    if not total > 0:
        return []
    shares = [{**field, "share": one / total} for field, one in zip(fields, gain, strict=True)]
    return sorted(shares, key=lambda field: -field["share"])
