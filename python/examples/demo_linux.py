# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""./run demo ends with this: a real Linux kernel says hello to a device of a few lines."""

import sys

import vsk
from vsk.linux import Linux


class Upper(vsk.Device):
    """Answers with what it is told, in capitals."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept everybody."""
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Send it back."""
        conn.send(bytes(data).upper())


capture = sys.argv[1]
with Linux(Upper(cid=42), capture=capture) as guest:
    said = guest.run('echo "hello from Linux $(uname -r)" | vsock-cat 2 1234').decode().strip()
assert said.startswith("HELLO FROM LINUX")
print("A real Linux kernel connects to the same kind of device, over vhost-user, and is told:")
print(f"   {said}")
for record in vsk.Capture(capture):
    way = "guest > device" if record.packet.src_cid == 42 else "device > guest"
    print(f"   {way}  {record.packet}")
print(f"Look at it:  wireshark {capture}")
