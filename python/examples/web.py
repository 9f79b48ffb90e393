# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
r"""HTTP over vsock: a handler of http.server in the device, http.client in the guest, on port 80.

    python web.py                            # both in a lab
    vsk serve web.py --socket v.sock         # the device alone, and a guest in another process:
    python web.py v.sock
    vsk linux web.py --exec 'printf "GET /who HTTP/1.0\r\n\r\n" | vsock-cat 2 80'

From the built tree, vsk is ./run python -m vsk, and python is ./run python.
"""

import http.client
import io
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

import vsk

PORT = 80
LONGEST = 1 << 20  # bytes of a request; who sends more is reset


class Handler(BaseHTTPRequestHandler):
    """Answers one request; add do_ methods as for any http.server."""

    protocol_version = "HTTP/1.1"

    def __init__(self, request: bytes, conn: vsk.Conn) -> None:
        """Nothing waits here: the request is there as a whole."""
        answer = io.BytesIO()
        self.rfile, self.wfile = io.BytesIO(request), answer
        self.client_address = (f"CID {conn.peer_cid}", conn.peer_port)
        self.handle_one_request()
        conn.send(answer.getvalue())
        if self.close_connection:
            conn.close()

    def do_GET(self) -> None:
        """Tell who asks."""
        found = self.path == "/who"
        self.reply(200 if found else 404, self.client_address[0] if found else "no such page")

    def do_POST(self) -> None:
        """Say it louder."""
        self.reply(200, self.rfile.read().decode("latin-1").upper())

    def reply(self, status: int, text: str) -> None:
        """Send a line."""
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Web(vsk.Device):
    """Collects requests, which may come in any pieces."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept streams to one port; all others get RST."""
        if conn.local_port == PORT and conn.type is vsk.Type.STREAM:
            conn.data = b""
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Answer every request that is whole now."""
        conn.data += bytes(data)
        while conn.state is vsk.State.ESTABLISHED and (size := whole(conn.data)):
            request, conn.data = conn.data[:size], conn.data[size:]
            Handler(request, conn)
        if len(conn.data) > LONGEST:
            conn.reset()


def whole(data: bytes) -> int:
    """Give the length of the request that data begins with; 0 while some of it is missing."""
    head, end, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n") if b":" in line)
    words = fields.get(b"content-length", b"0").strip()
    size = int(words[:20]) if words.isdigit() else 0  # of more digits 20 are too many as well
    return len(head + end) + size if end and len(body) >= size else 0


class Wire:
    """A connection where http.client wants a socket."""

    def __init__(self, conn: vsk.Conn) -> None:
        """Take over the two things that it does with one."""
        self.sendall, self.makefile = conn.send, conn.makefile

    def close(self) -> None:
        """Leave the connection open: the answer may still be on its way."""


class Client(http.client.HTTPConnection):
    """Connects to the device, from a guest."""

    sock: Any

    def __init__(self, guest: vsk.Guest) -> None:
        """Begin without a connection."""
        super().__init__("device")
        self.guest = guest

    def connect(self) -> None:
        """Connect; http.client calls it."""
        self.sock = Wire(self.guest.connect(2, PORT))


def talk(guest: vsk.Guest) -> None:
    """Ask for some pages, all of them over one connection."""
    client = Client(guest)
    for method, path in (("GET", "/who"), ("POST", "/loud"), ("GET", "/nothing")):
        client.request(method, path, b"hello" if method == "POST" else None)
        answer = client.getresponse()
        print(method, path, answer.status, answer.read().decode().strip())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with vsk.attach(sys.argv[1]) as guest:
            talk(guest)
    else:
        talk(vsk.Lab(Web(cid=3)).guest)
