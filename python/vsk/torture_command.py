# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The verb torture of the command vsk."""

import argparse
import json
import random
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from vsk.attacks import Attack, table
from vsk.torture import Finding, Target, TargetError, keep, torture

__all__ = ["add_verb"]

CLEAN, FINDINGS, FAILED = 0, 1, 2


def add_verb(verbs: "argparse._SubParsersAction[Any]") -> None:
    """Add the verb to the others."""
    parser = verbs.add_parser(
        "torture",
        help="attack a device, or a guest, and tell how it took it",
        description="Attacks a vhost-user vsock device at its socket, one named attack after the "
        "other, and looks after each whether a new session works. Verdicts: pass, fail (a wrong "
        "reply), reject (it closed the session), wedged (no new session works), crashed, and skip "
        "(it needs somebody who accepts and echoes at --port). A line for each, with ! where the "
        "verdict is not one that is right.",
        epilog="Exit status: 0 where every reaction was right, 1 findings, 2 a target that does "
        "not work before any attack or cannot be started again.",
    )
    parser.add_argument("socket", nargs="?", metavar="SOCKET", help="the device's socket file")
    parser.add_argument(
        "--listen", action="store_true", help="be a hostile device on SOCKET, to guests that come"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="this attack; or a family")
    parser.add_argument("--seed", type=int, metavar="N", help="in another order, the same for N")
    parser.add_argument(
        "--restart", type=shlex.split, metavar="COMMAND", help="starts the target, now and again"
    )
    parser.add_argument("--port", type=int, default=1234, help="where somebody echoes; 1234")
    parser.add_argument(
        "--within", type=float, metavar="SECONDS", help="that an answer may take: 2, of a guest 5"
    )
    parser.add_argument("--no-shrink", action="store_true", help="keep all steps of a failure")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="a capture and a Lua script of each failure"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="all of it as JSON")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="all of it as JUnit's XML")
    parser.add_argument("--list", action="store_true", help="print the attacks, and do nothing")
    parser.set_defaults(verb=_torture, parser=parser)


def _chosen(options: argparse.Namespace) -> list[Attack]:
    role = "guest" if options.listen else "device"
    known = [attack for attack in table() if attack.role == role]
    names = set(options.only or ())
    if unknown := names - {word for attack in known for word in (attack.name, attack.family)}:
        options.parser.error(f"no attack on a {role} is named {' or '.join(sorted(unknown))}")
    found = [attack for attack in known if not names or {attack.name, attack.family} & names]
    if options.seed is not None:
        random.Random(options.seed).shuffle(found)
    return found


def _line(finding: Finding) -> str:
    mark = " " if finding.right else "!"
    why = f"  {finding.outcome.why}" if not finding.right else ""
    return f"{mark} {finding.outcome.verdict:8}{finding.attack.name:36}{why}".rstrip()


def _row(finding: Finding) -> dict[str, Any]:
    attack, outcome = finding.attack, finding.outcome
    return {
        "name": attack.name,
        "family": attack.family,
        "clauses": list(attack.clauses),
        "wanted": attack.wanted,
        "allowed": list(attack.right),
        "report": attack.report,
        "verdict": outcome.verdict,
        "right": finding.right,
        "why": outcome.why,
        "seconds": round(finding.seconds, 3),
        "steps": list(finding.least or attack.steps),
    }


def _junit(findings: Sequence[Finding]) -> ElementTree.Element:
    wrong = sum(not finding.right for finding in findings)
    suite = ElementTree.Element(
        "testsuite", name="vsk torture", tests=str(len(findings)), failures=str(wrong)
    )
    for finding in findings:
        attack, outcome = finding.attack, finding.outcome
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=attack.family,
            name=attack.name,
            time=f"{finding.seconds:.3f}",
        )
        if not finding.right:
            failure = ElementTree.SubElement(
                case, "failure", type=outcome.verdict, message=outcome.why
            )
            failure.text = "\n".join((f"Wanted: {attack.wanted}", *finding.least))
        elif outcome.verdict == "skip":
            ElementTree.SubElement(case, "skipped", message=outcome.why)
    return suite


def _write(findings: Sequence[Finding], options: argparse.Namespace) -> None:
    if options.json is not None:
        options.json.write_text(json.dumps([_row(finding) for finding in findings], indent=1))
    if options.junit is not None:
        ElementTree.ElementTree(_junit(findings)).write(
            options.junit, encoding="utf-8", xml_declaration=True
        )


def _list(attacks: Sequence[Attack]) -> int:
    for attack in attacks:
        print(f"{attack.name:36}{attack.family:8}{' '.join(attack.clauses)}: {attack.wanted}")
    return CLEAN


def _torture(options: argparse.Namespace) -> int:
    attacks = _chosen(options)
    if options.list:
        return _list(attacks)
    if options.socket is None:
        options.parser.error("a SOCKET")
    findings: list[Finding] = []
    try:
        within = options.within or (5.0 if options.listen else 2.0)
        with Target(
            options.socket,
            guest=options.listen,
            command=options.restart or (),
            port=options.port,
            within=within,
        ) as target:
            for finding in torture(target, attacks, least=not options.no_shrink):
                findings.append(finding)
                print(_line(finding), flush=True)
                if options.out is not None and not finding.right:
                    keep(finding, target, options.out)
        _write(findings, options)
    except (TargetError, OSError) as error:
        print(f"vsk: {error}", file=sys.stderr)
        return FAILED
    counted = Counter(finding.outcome.verdict for finding in findings)
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items())))
    if len(findings) < len(attacks):
        print(f"{len(attacks) - len(findings)} not done: without --restart it ends here")
    return CLEAN if all(finding.right for finding in findings) else FINDINGS
