"""Run every part, one after the other, and write docs/reliability.md from what they found.

Usage: ``python -m reliability [PART ...] [--page-only]``
Without names of parts all of them run, in the order of the page; what was found by the others
stays in ``results/`` as it is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from reliability import RESULTS, page


def main() -> None:
    """Run the parts asked for, then write the page; the exit status is that of the worst part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(page.PARTS))
    parser.add_argument("--page-only", action="store_true", help="run nothing, write the page")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(page.PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    statuses = []
    for part in () if asked.page_only else asked.parts or page.PARTS:
        print(f"== {part}", file=sys.stderr, flush=True)
        call = [sys.executable, "-m", f"reliability.{part}"]
        statuses.append(subprocess.run(call, check=False, stdout=subprocess.DEVNULL).returncode)
    page.write(RESULTS)
    sys.exit(max(statuses, default=0))


if __name__ == "__main__":
    main()
