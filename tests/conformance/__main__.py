# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Print every clause of the specification with the test that proves it, or why there is none.

./run conformance [GROUP ...]     such as VSOCK, or SPLIT-DEV, or PACKED-DRV-04
./run conformance --write         makes docs/conformance.md
"""

import sys
from collections import Counter

from . import report
from .cases import Case, cases, proofs
from .clauses import TESTS, Clause, clauses, explain, reasons


def told(proven_by: list[Case], reason: str) -> str:
    """The last column: the first test of some, a reason, or a gap."""
    if not proven_by:
        return f"({reason})" if reason else "NOTHING PROVES OR EXPLAINS IT"
    more = f" and {len(proven_by) - 1} more" if len(proven_by) > 1 else ""
    return f"{proven_by[0]}{more}"


def print_sum(name: str, total: int, proven: int, explained: int) -> None:
    """A line of the summary."""
    print(f"{name:10} {total:4} clauses  {proven:4} proven  {explained:4} explained")


def print_table(wanted: list[Clause]) -> None:
    """A line for each clause, and one for each group."""
    by_clause, known = proofs(cases(TESTS)), reasons()
    total, proven, explained = Counter[str](), Counter[str](), Counter[str]()
    for clause in wanted:
        proven_by, reason = by_clause.get(clause.id, []), explain(clause.id, known)
        print(f"{clause.id:17}{clause.level:12}{told(proven_by, reason)}")
        total[clause.group] += 1
        proven[clause.group] += bool(proven_by)
        explained[clause.group] += bool(reason and not proven_by)
    print()
    for group, count in total.items():
        print_sum(group, count, proven[group], explained[group])
    print_sum("all", total.total(), proven.total(), explained.total())
    count, testable = report.figure(by_clause)
    print(f"{100 * count / testable:.1f} % of what a simulation can test: {count} of {testable}")


def main(filters: list[str]) -> None:
    """Print the clauses that begin with one of the filters, or all; or write the page."""
    if filters == ["--write"]:
        report.write()
        return
    wanted = [
        clause
        for clause in clauses()
        if not filters or any(f"{clause.id}-".startswith(f"{name}-") for name in filters)
    ]
    if not wanted:
        sys.exit(f"no clause begins with {' or '.join(filters)}")
    print_table(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
