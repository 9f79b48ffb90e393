# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An echo device to be attacked, whole or broken: python tortured_device.py SOCKET [BREAK].

BREAK: what a packet with the op 99 does to it.
"""

import logging
import os
import signal
import sys
import time

import vsk

PORT = 1234


class Echo(vsk.Device):
    """Echoes at one port."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept who comes to the port."""
        if conn.local_port == PORT:
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Give it back."""
        conn.send(data)


class Broken(Echo):
    """Has a fault."""

    def on_packet(self, packet: vsk.Packet) -> bool:
        """Do what no device should."""
        fault = sys.argv[2]
        if fault == "mute" and packet.type == 7:
            return False
        if packet.op == 99 and fault == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        elif packet.op == 99 and fault == "exits":
            os._exit(3)
        elif packet.op == 99 and fault == "hangs":
            time.sleep(3600)
        return True


def main() -> None:
    """Serve."""
    logging.getLogger("vsk").setLevel(logging.CRITICAL)
    device = Echo(cid=3) if len(sys.argv) == 2 else Broken(cid=3)
    with vsk.serve(device, sys.argv[1]) as server:
        server.run()


if __name__ == "__main__":
    main()
