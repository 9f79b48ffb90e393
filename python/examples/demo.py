# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""./run demo: a device and a guest talk, packet by packet. demo.lua is the same in Lua."""

import sys

import vsk


class Echo(vsk.Device):
    """Answers on port 1234 with what it is told."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept who asks for port 1234; everybody else gets RST."""
        if conn.local_port == 1234:
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Send it back."""
        conn.send(data)

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        """Say which rule the guest broke."""
        print(f"      refused: {error.status.name}: {error}")


lab = vsk.Lab(Echo(cid=3, buf_alloc=4096), seed=1)
shown = 0


def show(title: str, conn: vsk.Conn | None = None) -> None:
    """Print the packets that passed since the last call, and what may still be sent."""
    global shown
    lab.run(within=0.0)
    print(title)
    for entry in lab.trace[shown:]:
        if entry.kind == "PACKET":
            way = "guest > device" if " tx " in entry.line else "device > guest"
            print(f"   {way}  {entry.packet}")
    shown = len(lab.trace)
    if conn is not None:
        print(f"      {conn.state.name}; credit: the guest may send {conn.credit} bytes")


show("The guest finds its device; nothing has passed:")

stream = lab.guest.connect(2, 1234)
show("A stream:", stream)
assert stream.exchange(b"hello") == b"hello"
show("Five bytes there and back:", stream)
assert stream.exchange(bytes(6000)) == bytes(6000)
show("6,000 bytes through a buffer of 4,096: the guest waits for credit:", stream)
stream.shutdown(send=True)
assert stream.recv() == b""
show("Half-closed: the guest sends no more, the device finishes and closes:", stream)

message = lab.guest.connect(2, 1234, vsk.Type.SEQPACKET)
message.send(b"one")
message.send(b"two")
assert message.recv() == b"one" and message.recv() == b"two"
message.close()
show("Messages keep their boundaries:")

try:
    lab.guest.connect(2, 9999)
except ConnectionResetError as error:
    show(f"Refused ({error}):")

lab.guest.tx(op="REQUEST", src_port=7, dst=(2, 1234), buf_alloc=4096)
lab.guest.expect(op="RESPONSE", within=0.1)
lab.guest.tx(op="RW", src_port=7, dst=(2, 1234), payload=bytes(5000), layout=[10, 34, 5000])
lab.guest.expect(op="RST", within=0.1)
show("Broken: a guest by hand sends 5,000 bytes into a buffer of 4,096, cut oddly:")

lab.trace.save(sys.argv[1] + ".txt")
lab.trace.save(sys.argv[1] + ".pcapng")
