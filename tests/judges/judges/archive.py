"""The requests and the output of lives, in a file: to judge them again without living again."""

import base64
import json
from dataclasses import asdict
from pathlib import Path

from judges.lives import Lived
from judges.policies import Kind, Policy
from judges.relay import Recorded


def write(lived: Lived, file: Path) -> None:
    """Writes requests and policies as JSON; how the commands ended is not in it."""
    requests = [
        {**asdict(one), "body": base64.b64encode(one.body).decode()} for one in lived.requests
    ]
    policies = [{**asdict(one), "kind": one.kind.value} for one in lived.policies]
    file.write_text(json.dumps({"requests": requests, "policies": policies}))


def read(file: Path) -> Lived:
    """Reads what `write` wrote."""
    kept = json.loads(file.read_text())
    requests = [
        Recorded(**{**one, "body": base64.b64decode(one["body"])}) for one in kept["requests"]
    ]
    policies = [Policy(**{**one, "kind": Kind(one["kind"])}) for one in kept["policies"]]
    return Lived(requests, policies)
