# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Probe our device and vhost-device-vsock, and print what came of it.

./run foreign [--ours | --theirs] [PROBE ...]     all, or some, against one of them or both
./run foreign --write                             all against both: makes docs/foreign.md
./run foreign --torture                           attacks on both: makes docs/torture.md
"""

import argparse
import sys

from . import report, theirs, tortured
from .probing import Probe, probes, run


def chosen(known: list[Probe], names: list[str]) -> list[Probe]:
    """Find probes by their names, or all."""
    if unknown := set(names) - {probe.name for probe in known}:
        sys.exit(f"no probe is named {' or '.join(sorted(unknown))}")
    return [probe for probe in known if probe.name in names or not names]


def main() -> None:
    """Print a verdict for each, or write the report."""
    parser = argparse.ArgumentParser(prog="run foreign", description=__doc__.split("\n")[0])
    parser.add_argument("--ours", action="store_true", help="our device alone")
    parser.add_argument("--theirs", action="store_true", help=f"{theirs.CRATE} alone")
    parser.add_argument(
        "--write", action="store_true", help=f"all of both, into {report.FILE.name}"
    )
    parser.add_argument(
        "--torture", action="store_true", help=f"attacks on both, into {tortured.FILE.name}"
    )
    parser.add_argument("probe", nargs="*")
    asked = parser.parse_args()
    found = chosen(probes(), [] if asked.write else asked.probe)
    try:
        if asked.torture:
            tortured.write()
            return
        if asked.write:
            both = [report.outcomes(found, which) for which in ("ours", "theirs")]
            report.FILE.write_text(report.text(found, *both))
            return
        for which in ("ours", "theirs"):
            if asked.ours == asked.theirs or getattr(asked, which):
                for probe in found:
                    print(f"{which}: {probe.name}: {run(probe.name, which)}", flush=True)
    except theirs.MissingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
