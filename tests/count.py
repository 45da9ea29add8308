"""How many tests a log tells of: `count.py cargo LOG CODE` and `count.py pytest REPORT CODE`, with the code that the
command ended with. Prints `PASSED FAILED`, and to stderr what failed without a test that says so."""

import re
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

RESULT = re.compile(r"^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed;", re.MULTILINE)
# The last lines of `cargo test --no-fail-fast`; each target stands indented below.
TARGETS = re.compile(r"^error: (\d+) targets? failed:$", re.MULTILINE)


def cargo(text, code):
    """What the targets say, and one failure for each target that ended without saying anything."""
    results = [(int(passed), int(failed)) for passed, failed in RESULT.findall(text)]
    passed, failed = (sum(column) for column in zip(*results)) if results else (0, 0)
    ended = max(sum(int(count) for count in TARGETS.findall(text)) - sum(failed > 0 for _, failed in results), 0)
    if ended:
        told = f"{ended} test programs ended before they could say what failed"
    elif code != 0 and failed == 0:
        ended, told = 1, f"cargo ended with {code}, and no test says why"
    else:
        told = ""
    return passed, failed + ended, told


def pytest(report, code):
    """Skipped tests have shown nothing: `./test` has installed what they need, or said that it could not."""
    try:
        suite = tree.parse(report).getroot().find("testsuite")
        tests, failures, errors, skipped = (int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped"))
    except (OSError, tree.ParseError, AttributeError, TypeError, ValueError):
        return 0, 1, "pytest left no report"
    bad = failures + errors + skipped
    # 5 is pytest's word for a selection that fits no test.
    if code not in (0, 1, 5) or (code == 1 and bad == 0):
        return tests - bad, bad + 1, f"pytest ended with {code}"
    return tests - bad, bad, ""


if __name__ == "__main__":
    kind, path, ended_with = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    counted = cargo(path.read_text(errors="replace"), ended_with) if kind == "cargo" else pytest(path, ended_with)
    print(*counted[:2])
    if counted[2]:
        print(f"FAILED: {counted[2]}", file=sys.stderr)
