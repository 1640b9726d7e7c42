"""The runtime of Lambda for one invocation: calls the handler, and answers with its result or its error.

function_process.py ARCHIVE HANDLER ANSWER: the event comes on stdin, the answer goes into the file.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path


def main() -> None:
    archive, (module, _, function), answer = sys.argv[1], sys.argv[2].rpartition("."), Path(sys.argv[3])
    # This file's folder is no part of the function.
    sys.path[0] = archive
    try:
        result = getattr(importlib.import_module(module), function)(json.load(sys.stdin), None)
        body, failed = json.dumps(result), False
    except Exception as error:
        trace = traceback.format_exc().splitlines()
        shown = {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": "", "stackTrace": trace}
        body, failed = json.dumps(shown), True
    answer.write_text(json.dumps([body, failed]))


if __name__ == "__main__":
    main()
