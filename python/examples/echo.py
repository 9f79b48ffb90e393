# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Echo: the shortest device that a real Linux kernel can talk to, on every port.

    vsk linux echo.py --exec 'echo hello | vsock-cat 2 1234'    # a real kernel prints hello
    vsk serve echo.py --socket v.sock                           # QEMU, or any front end
    echo hello | vsk guest v.sock connect 1234                  # and a guest that needs no kernel

From the built tree, vsk is ./run python -m vsk, and python is ./run python.
"""

import vsk


class Echo(vsk.Device):
    """Sends back what comes, on SEQPACKET message by message."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept everybody; without this they would get RST."""
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Send it back; who sends and never reads gets no more credit, and so stops itself."""
        conn.send(data)
