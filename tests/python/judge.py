# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Holds the trace of every lab that a test makes to the specification."""

from collections.abc import Callable
from typing import Any

import vsk
from vsk.check import Checker, Finding

MALIGN = ("flip", "duplicate", "reorder", "lie", "scribble")


class Judge:
    """Labs of a test, and what makes a trace one that cannot be judged, or only in part.

    A guest that sends packets by hand may break any rule: then only the device is held to them. A
    rewound trace goes back in time, a reset of the transport ends connections without a packet,
    and under malign faults nothing is promised: those are not judged at all. Nor is a trace whose
    beginning was dropped, or in which routed packets stand twice.
    """

    def __init__(self) -> None:
        self.labs: list[vsk.Lab] = []
        self.by_hand: set[int] = set()  # CIDs
        self.lawless: set[int] = set()  # id() of labs

    def watch(self, patch: Callable[[type, str, Callable[..., Any]], None]) -> None:
        """Hear of labs, and of the calls that matter."""
        make, rewind, tx = vsk.Lab.__init__, vsk.Lab.rewind, vsk.Guest.tx
        reset = vsk.Device.reset_transport
        judge = self

        def __init__(self: vsk.Lab, *args: Any, **names: Any) -> None:
            make(self, *args, **names)
            judge.labs.append(self)

        def rewinds(self: vsk.Lab, *args: Any) -> None:
            judge.lawless.add(id(self))
            rewind(self, *args)

        def sends(self: vsk.Guest, *args: Any, **names: Any) -> vsk.Packet:
            packet = tx(self, *args, **names)
            judge.by_hand |= {self.cid, packet.src_cid}
            return packet

        def resets(self: vsk.Device, *args: Any, **names: Any) -> None:
            judge.lawless.add(id(self._host))
            reset(self, *args, **names)

        patch(vsk.Lab, "__init__", __init__)
        patch(vsk.Lab, "rewind", rewinds)
        patch(vsk.Guest, "tx", sends)
        patch(vsk.Device, "reset_transport", resets)

    def may_judge(self, lab: vsk.Lab) -> bool:
        """Whether the rules bind in this trace."""
        whole = lab._core.trace_begin() == 0 and not lab.device._names["route"]
        lawful = id(lab) not in self.lawless and not any(getattr(lab.faults, f) for f in MALIGN)
        return whole and lawful

    def findings(self) -> list[Finding]:
        """Judge all labs."""
        return [
            finding
            for lab in self.labs
            if self.may_judge(lab)
            for finding in judged(lab)
            if finding.cid not in self.by_hand
        ]


def judged(lab: vsk.Lab) -> list[Finding]:
    """Judge one trace."""
    checker = Checker()
    return [finding for packet in lab.trace.packets for finding in checker.packet(packet)]
