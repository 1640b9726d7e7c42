from __future__ import annotations

import json
import re

from rendering import placeholders
from values import DEVELOPMENT, PIPELINE, PRODUCTION


def test_every_placeholder_has_a_value_and_a_line_in_the_readme():
    used = {name for file in PIPELINE.glob("*.asl.json") for name in placeholders(json.loads(file.read_text()))}
    assert used == DEVELOPMENT.keys() == PRODUCTION.keys()
    documented = re.findall(r"^\| `\$\{(\w+)\}` \|", (PIPELINE / "README.md").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(used)
