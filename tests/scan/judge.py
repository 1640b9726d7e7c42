"""Compares what Prowler found with the findings that are argued."""

import json
import sys
import tomllib
from collections import Counter
from pathlib import Path


def main(report: Path, argued: Path) -> int:
    """Return 0 if Prowler fails exactly the argued checks."""
    entries = json.loads(report.read_text())
    failed = [entry for entry in entries if entry["status_code"] == "FAIL"]
    counts = Counter(entry["status_code"] for entry in entries)
    found = {entry["metadata"]["event_code"]: entry["status_detail"] for entry in failed}
    reasons = tomllib.loads(argued.read_text())["argued"]
    for check in sorted(found.keys() - reasons.keys()):
        print(f"not argued: {check}: {found[check]}")
    for check in sorted(reasons.keys() - found.keys()):
        print(f"argued, and not found any more: {check}")
    print(f"{counts['PASS']} pass, {counts['FAIL']} fail in {len(found)} checks")
    return int(found.keys() != reasons.keys())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
