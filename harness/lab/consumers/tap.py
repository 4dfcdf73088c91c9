"""tap.py RESULTS PROVE: whether prove counted what the results hold."""

import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    results = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    said = file.read()

summary = results["summary"]
failed = summary["fail"] + summary["error"] + summary["oracle_must"]
tests = len(results["scenarios"]) + len(results["findings"])
seen = re.search(r"Tests: (\d+) Failed: (\d+)", said)
if failed == 0:
    whole = re.search(r"Files=1, Tests=(\d+),", said)
    seen_tests, seen_failed = (int(whole[1]), 0) if whole and "Result: PASS" in said else (None, None)
else:
    seen_tests, seen_failed = (int(seen[1]), int(seen[2])) if seen else (None, None)
if (seen_tests, seen_failed) != (tests, failed) or "Parse errors" in said:
    sys.exit(f"prove counted {seen_failed} failures in {seen_tests} tests, not {failed} in {tests}:\n{said}")
