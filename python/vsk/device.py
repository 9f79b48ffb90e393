# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device model: the host's side of vsock."""

from vsk.conn import Conn
from vsk.enums import Feature, Status, Type
from vsk.errors import UsageError
from vsk.party import ANY, Party, options_of

__all__ = ["Device"]

#: The features that a device offers by itself, to add to: `features=OFFERED | Feature.IN_ORDER`.
OFFERED = (
    Feature.STREAM
    | Feature.SEQPACKET
    | Feature.NO_IMPLIED_STREAM
    | Feature.INDIRECT_DESC
    | Feature.EVENT_IDX
    | Feature.VERSION_1
)


class Device(Party):
    """A device: make a class of it, with the hooks that it needs.

    cid is the guest's context id; with several guests the next ones follow it. features are those
    that are offered: RING_PACKED and IN_ORDER only where they are said. buf_alloc is each
    connection's buffer in bytes; send_buffer the bytes in a send queue above which hooks' data
    counts as not taken yet; budget the bytes in all queues above which REQUESTs get RST; in a queue
    a message counts 12 bytes more than it has. connections is how many there may be. Timeouts are
    in seconds. With empty_messages a message without bytes may be sent: on Linux it reads as end of
    file. route lets guests reach each other: a packet goes on to the guest that it is for, after
    on_packet; above that guest's budget it gets RST.
    """

    def __init__(
        self,
        cid: int = 3,
        *,
        features: int = OFFERED,
        buf_alloc: int = 262144,
        send_buffer: int = 262144,
        budget: int = 268435456,
        connections: int = 1024,
        empty_messages: bool = False,
        route: bool = False,
        connect_timeout: float = 2.0,
        close_timeout: float = 8.0,
        drain_timeout: float = 8.0,
    ) -> None:
        """Begin without a guest; a Lab, or serve, brings one."""
        self.cid = cid
        self._names = {
            "offered": features,
            "buf_alloc": buf_alloc,
            "send_buffer": send_buffer,
            "budget": budget,
            "connections": connections,
            "empty_messages": empty_messages,
            "route": route,
            "connect_timeout": connect_timeout,
            "close_timeout": close_timeout,
            "drain_timeout": drain_timeout,
        }
        options_of(dict(self._names))

    def _pair(self, cid: int | None) -> int:
        """Find a guest by its context id, the first one where none is given."""
        cids = [role.count("cid") for role in self._roles]
        if cid is not None and cid not in cids:
            raise UsageError(f"there is no guest {cid}", Status.ERR_CID)
        return 0 if cid is None else cids.index(cid)

    def _open_to(
        self, port: int, kind: Type | str, cid: int | None, local: int | None, hooks: bool
    ) -> Conn:
        pair = self._pair(cid)
        kind = Type[kind] if isinstance(kind, str) else kind
        peer = self._roles[pair].count("cid")
        own = ANY if local is None else local
        number = self._roles[pair].connect(own, peer, port, kind, hooks)
        return self._conn(pair, number)

    def connect(
        self,
        port: int,
        type: Type | str = Type.STREAM,
        *,
        cid: int | None = None,
        local_port: int | None = None,
    ) -> Conn:
        """Begin a connection to a port of the guest, of cid where there are several.

        Hooks hear of it: on_connect when it is there, on_close where it is refused. Bytes may be
        sent at once; they leave when it is there.
        """
        self._joined()
        return self._open_to(port, type, cid, local_port, True)

    def open_connection(
        self,
        port: int,
        type: Type | str = Type.STREAM,
        *,
        cid: int | None = None,
        local_port: int | None = None,
        hooks: bool = False,
    ) -> Conn:
        """Connect to a port of the guest and wait until it is there: a connection to recv from.

        Raises ConnectionReset where the guest refuses, TimedOut where it does not answer.
        """
        self._joined()._may_drive()
        conn = self._open_to(port, type, cid, local_port, hooks)
        self.wait(lambda: conn._role.ready(conn._id) or None, f"an answer to {conn!r}")
        return conn

    def reset_transport(self, cid: int | None = None, *, guest: int | None = None) -> None:
        """End all connections and tell the guest, which reads its CID anew: that is cid then.

        guest is the CID so far of the one that is meant; all are where neither is given. Raises
        UsageError with ERR_CID for a cid that no guest can have.
        """
        roles = self._roles
        if cid is not None or guest is not None:
            roles = [roles[self._pair(guest)]]
        for role in roles:
            role.reset_transport(role.count("cid") if cid is None else cid)
