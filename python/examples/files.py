# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A file server: guests list, get and put the files of one folder of the host, on port 2049.

    FOLDER=/srv/share vsk serve files.py --socket v.sock
    echo LIST | vsk guest v.sock connect 2049
    echo GET a.txt | vsk guest v.sock connect 2049
    (echo PUT b.txt; cat b.txt) | vsk guest v.sock connect 2049
    FOLDER=/srv/share vsk linux files.py --exec 'echo GET a.txt | vsock-cat 2 2049'

A connection is one request: a line, behind PUT the bytes up to the half-close. The answer is a
line, OK or ERROR and why, and then what was asked for. Nothing is overwritten.
"""

import os
import tempfile
from pathlib import Path
from stat import S_ISREG
from typing import IO

import vsk

FOLDER = Path(os.environ.get("FOLDER", "."))
PORT = 2049
PIECE = 65536  # bytes of a file that are read at a time
QUEUE = 262144  # bytes of it that wait for the guest: a Device's send_buffer
LONGEST = 512  # bytes of a request's line


class Request:
    """What one connection asks for."""

    line = b""
    name: Path
    source: IO[bytes] | None = None  # GET reads from it
    target: IO[bytes] | None = None  # PUT writes to it: a file that is gone unless it comes whole


def place(word: str) -> Path:
    """Give the path of a file; no name leads out of the folder, or to what is hidden there."""
    if not word or word.startswith(".") or "/" in word or "\0" in word:
        raise OSError(0, "no such name is allowed")
    return FOLDER / word


class Files(vsk.Device):
    """Serves the folder; no file is ever in memory as a whole."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept streams to one port."""
        if conn.local_port == PORT and conn.type is vsk.Type.STREAM:
            conn.data = Request()
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Collect the line, then do what it says; what a PUT brings goes to its file."""
        request = conn.data
        try:
            if request.target is not None:
                request.target.write(data)
            elif request.source is None:
                request.line += bytes(data)
                line, end, rest = request.line.partition(b"\n")
                if end:
                    self.begin(conn, os.fsdecode(line).rstrip("\r"), rest)
                elif len(line) > LONGEST:
                    raise OSError(0, "the line is too long")
        except OSError as error:
            self.answer(conn, f"ERROR {error.strerror}\n")

    def begin(self, conn: vsk.Conn, line: str, rest: bytes) -> None:
        """Do what a line asks for."""
        request = conn.data
        verb, _, word = line.partition(" ")
        if verb == "LIST":
            files = sorted(f.name for f in os.scandir(FOLDER) if f.is_file(follow_symlinks=False))
            shown = [name for name in files if not name.startswith(".")]
            self.answer(conn, "".join(f"{name}\n" for name in ["OK", *shown]))
        elif verb == "GET":
            # Neither a link nor a FIFO, which could wait for ever, is opened in its place.
            number = os.open(place(word), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            request.source = os.fdopen(number, "rb", 0)
            if not S_ISREG(os.fstat(number).st_mode):
                raise OSError(0, "it is no file")
            conn.send(f"OK {os.fstat(number).st_size}\n".encode())
            self.on_writable(conn)
        elif verb == "PUT":
            request.name = place(word)
            request.target = tempfile.NamedTemporaryFile(dir=FOLDER, prefix=".")  # noqa: SIM115
            request.target.write(rest)
        else:
            raise OSError(0, "LIST, GET or PUT")

    def answer(self, conn: vsk.Conn, text: str) -> None:
        """Say the last word."""
        conn.send(os.fsencode(text))  # a name may have any bytes
        conn.close()

    def on_writable(self, conn: vsk.Conn) -> None:
        """Read on when the guest has taken what was queued."""
        while conn.data.source is not None and conn.queued <= QUEUE:
            if not (piece := conn.data.source.read(PIECE)):
                conn.close()
                break
            conn.send(piece)

    def on_eof(self, conn: vsk.Conn) -> None:
        """Give the file of a PUT its name: it is whole. What is being sent goes on."""
        request = conn.data
        if request.target is not None:
            try:
                request.target.flush()
                os.link(request.target.name, request.name)
                self.answer(conn, f"OK {request.target.tell()}\n")
            except OSError as error:
                self.answer(conn, f"ERROR {error.strerror}\n")
        elif request.source is None:
            conn.close()

    def on_close(self, conn: vsk.Conn) -> None:
        """Close what is open, however it ended; a target goes with that."""
        if conn.data is not None:  # it was accepted
            for file in (conn.data.source, conn.data.target):
                if file is not None:
                    file.close()
