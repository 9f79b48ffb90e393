# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Clauses that the specification has once for the driver and once for the device."""

HOST = 2


def credit_clause(cid: int) -> str:
    """Name the clause that keeps a sender to its credit."""
    return "VSOCK-DEV-11" if cid == HOST else "VSOCK-DRV-09"


def every_packet_clause(cid: int) -> str:
    """Name the clause that wants credit in every packet."""
    return "VSOCK-DEV-12" if cid == HOST else "VSOCK-DRV-10"


def reset_clause(cid: int) -> str:
    """Name the clause of what is answered by RST."""
    return "VSOCK-DEV-13" if cid == HOST else "VSOCK-DRV-14"
