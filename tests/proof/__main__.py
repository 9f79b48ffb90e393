# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Prove parts of the core with Frama-C, and print each function with what is proven of it.

./run prove [NAME ...]     all, or those named: a harness, a contract, a break

A harness (tests/proof/*.c) runs a module on everything that its comment says; EVA looks for what
could go wrong at run time. A contract (tests/proof/contracts/*.c) says what functions give; WP and
its solvers prove it. A break is the core without one of its checks: an alarm must come. Alarms that
alarms.tsv does not list fail, and so do listed ones that do not come.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from . import breaks, frama_c
from .frama_c import CONTRACTS, CORE, HARNESSES, Result


def report(name: str, result: Result) -> None:
    """One line for the run, one for each function of it."""
    print(f"\n{name}: {result.seconds:.0f} s{result.note}")
    for function in sorted(result.functions):
        print(f"  {function:32} {result.functions[function]}")


def faults(name: str, result: Result, listed: set[frama_c.Alarm]) -> list[str]:
    """What came and is not listed, and what is listed and did not come."""
    mine = {alarm for alarm in listed if alarm.run == name}
    goals = [f"{name}: {result.open_goals} goals are open"] if result.open_goals else []
    return (
        goals
        + [f"{alarm}: not listed" for alarm in sorted(result.alarms - mine)]
        + [f"{alarm}: is listed and did not come" for alarm in sorted(mine - result.alarms)]
    )


def main() -> None:
    """Run what was asked for, two at a time."""
    known = [*HARNESSES, *CONTRACTS, *breaks.BREAKS]
    names = sys.argv[1:] or known
    if unknown := set(names) - set(known):
        sys.exit(f"no proof is named {' or '.join(sorted(unknown))}")
    listed, wrong = frama_c.listed(), []
    with ThreadPoolExecutor(2) as pool:
        proofs = [name for name in names if name not in breaks.BREAKS]
        for name, result in zip(
            proofs, pool.map(lambda name: frama_c.prove(name, CORE), proofs), strict=True
        ):
            report(name, result)
            wrong += faults(name, result, listed)
        broken = [name for name in names if name in breaks.BREAKS]
        for name, result in zip(broken, pool.map(breaks.run, broken), strict=True):
            print(f"\n{name}: {len(result.alarms)} alarms, as should be")
            if not result.alarms:
                wrong.append(f"{name}: no alarm")
    for line in wrong:
        print(f"FAILED {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
