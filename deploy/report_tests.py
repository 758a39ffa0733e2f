"""Reads what `ctest --output-junit` wrote: prints failed tests with their output, skipped ones with their reason, and the totals.

The exit code is 0 only if at least one test ran and none failed.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(output):
    """The text given to GTEST_SKIP: the lines between 'FILE:LINE: Skipped' and '[  SKIPPED ]'."""
    match = re.search(r"^\S+:\d+: Skipped\n(.*?)^\[  SKIPPED \]", output, re.MULTILINE | re.DOTALL)
    return " ".join(match.group(1).split()) if match else ""


def main(path):
    passed, failed, skipped = 0, [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status, output = case.get("name"), case.get("status"), case.findtext("system-out") or ""
        note = case.find("skipped")
        why_not_run = note.get("message", "") if note is not None else ""
        if status == "run":
            passed += 1
        elif status == "disabled":
            skipped.append((name, "disabled"))
        elif status == "notrun" and why_not_run.startswith("SKIP_"):
            skipped.append((name, skip_reason(output) or "no reason given"))
        else:
            failure = case.find("failure")
            message = failure.get("message") if failure is not None else why_not_run
            failed.append((name, message or status, output))

    for name, message, output in failed:
        print(f"FAILED {name}: {message}\n{output.rstrip()}\n")
    for name, reason in skipped:
        print(f"SKIPPED {name}: {reason}")
    for name, _, _ in failed:
        print(f"FAILED {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
