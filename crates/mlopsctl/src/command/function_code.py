"""Prints the Python files of functions that do not parse.

Stdin has a JSON list of [folder, runtime]. An interpreter says nothing of runtimes that are newer than itself.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
broken = []
for index, (folder, runtime) in enumerate(json.load(sys.stdin)):
    if sys.version_info[:2] < tuple(map(int, runtime.removeprefix("python").split("."))):
        continue
    # Folders within it hold packages of others.
    for path in sorted(Path(folder).glob("*.py")):
        try:
            compile(path.read_bytes(), path.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            why = getattr(error, "msg", None) or str(error)
            broken.append({"function": index, "file": path.name, "line": line, "message": why})
print(json.dumps(broken))
