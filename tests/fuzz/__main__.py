# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Feed the core what nobody would write: libFuzzer, with sanitizers and oracles.

./run fuzz NAME SECONDS      one target, from its corpus and what was found before
./run fuzz NAME FILE ...     these inputs, once each
./run fuzz --replay          every corpus of the tree, and SECONDS of each target behind it
./run fuzz --coverage        lines of core/vsk that no input reaches
./run fuzz --merge           the smallest corpora that reach as much, into the tree
./run fuzz --breaks          the core broken on purpose: each break must be found
./run fuzz --afl NAME SECONDS    the same target under AFL++
  --preset fuzz-msan         with MemorySanitizer
"""

import argparse
import sys
from pathlib import Path

from . import afl, breaks, corpus, cover
from .bench import TARGETS, Bench


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=[*TARGETS, []], metavar="NAME")
    parser.add_argument("rest", nargs="*", metavar="SECONDS or FILE")
    parser.add_argument("--preset", default="fuzz", choices=["fuzz", "fuzz-msan"])
    parser.add_argument("--replay", nargs="?", type=int, const=0, metavar="SECONDS")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--breaks", action="store_true")
    parser.add_argument("--afl", action="store_true")
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer; 0: another each time")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share a corpus")
    return parser.parse_args()


def main() -> int:
    """Do what the line says; 1 where an input failed."""
    args = options()
    if args.coverage:
        return cover.main()
    if args.breaks:
        return breaks.main(60)
    if args.merge:
        return corpus.merge(Bench("fuzz"), [args.name] if args.name else TARGETS)
    if args.replay is not None:
        names = [args.name] if args.name else TARGETS
        bench = Bench(args.preset)
        return max(bench.replay(name, args.replay, args.seed) for name in names)
    if not args.name or not args.rest:
        print(__doc__)
        return 2
    if args.afl:
        return afl.run(args.name, int(args.rest[0]))
    bench = Bench(args.preset)
    if args.rest[0].isdigit():
        return bench.fuzz(args.name, int(args.rest[0]), args.seed, args.jobs)
    return bench.inputs(args.name, [Path(file) for file in args.rest])


sys.exit(main())
