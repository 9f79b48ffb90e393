# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A chat room on port 5000: what one guest says the others hear.

    python chat.py                    # two guests of one device, in a lab
    python chat.py a.sock b.sock      # guests 3 and 4, each on a vhost-user socket, until Ctrl-C
    vsk guest a.sock connect 5000     # one of them; in a Linux guest: vsock-cat 2 5000

In a lab guests reach each other without a room too: the device takes their packets on, and sees
each of them. A socket has one guest, so there the room relays what is said.
"""

import asyncio
import sys
from contextlib import ExitStack, suppress

import vsk

PORT = 5000
LONGEST = 4096  # bytes of a line


class Room(vsk.Device):
    """Relays lines between CIDs; rooms with the same members are one room."""

    def __init__(self, cid: int = 3, members: dict[vsk.Conn, bytes] | None = None) -> None:
        """Begin with the members of another room, or without any."""
        super().__init__(cid, route=True)
        self.members = {} if members is None else members  # and what is left of their last line

    def on_packet(self, packet: vsk.Packet) -> None:
        """See what goes from guest to guest."""
        if packet.dst_cid != 2 and packet.op == vsk.Op.RW:
            print("passing on", packet)

    def on_request(self, conn: vsk.Conn) -> None:
        """Let somebody in."""
        if conn.local_port == PORT and conn.type is vsk.Type.STREAM:
            conn.accept()
            self.tell(None, b"CID %d comes\n" % conn.peer_cid)
            self.members[conn] = b""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Tell the others each line that is whole."""
        *lines, self.members[conn] = (self.members[conn] + bytes(data)).split(b"\n")
        for line in lines:
            self.tell(conn, b"CID %d: %s\n" % (conn.peer_cid, line))
        if len(self.members[conn]) > LONGEST:
            conn.reset()

    def on_close(self, conn: vsk.Conn) -> None:
        """Let somebody go."""
        if self.members.pop(conn, None) is not None:
            self.tell(None, b"CID %d goes\n" % conn.peer_cid)

    def tell(self, speaker: vsk.Conn | None, line: bytes) -> None:
        """Send a line to all but who said it; who does not read misses lines."""
        for member in self.members:
            with suppress(vsk.Error):  # it is about to go
                if member is not speaker and member.queued < 65536:
                    member.send(line)


def scene() -> None:
    """Let two guests talk: in the room, then directly."""
    lab = vsk.Lab(Room(), guests=2)
    ann, bob = (guest.connect(2, PORT) for guest in lab.guests)
    heard_by_ann, heard_by_bob = ann.makefile(), bob.makefile()
    print("ann hears:", heard_by_ann.readline(), end="")
    ann.send(b"hello, who is there?\n")
    print("bob hears:", heard_by_bob.readline(), end="")
    bob.send(b"call me on 7000\n")
    print("ann hears:", heard_by_ann.readline(), end="")

    listener = lab.guests[1].listen(7000)
    call = lab.guests[0].connect(4, 7000)
    call.send(b"just between us")
    print("bob hears:", listener.accept().recv().decode())


async def serve(paths: list[str]) -> None:
    """Serve a room of as many devices as there are sockets."""
    members: dict[vsk.Conn, bytes] = {}
    with ExitStack() as stack:
        servers = [vsk.serve(Room(cid, members), path) for cid, path in enumerate(paths, 3)]
        for server in servers:
            stack.enter_context(server)
        await asyncio.gather(*[server.serve_forever() for server in servers])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(sys.argv[1:]))
    else:
        scene()
