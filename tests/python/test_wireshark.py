# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the Wireshark plugin shows, as tshark prints it. Its account: test_wireshark_credit.py."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dissected import (
    CAPTURES,
    CREDIT,
    OPEN,
    PLUGIN,
    ROOM,
    TOP,
    example,
    guest,
    host,
    infos,
    rows,
    stream,
    tshark,
    write,
)
from dpkt.pcap import Reader

import vsk

pytestmark = pytest.mark.thorough  # each starts tshark
API = TOP / "tests" / "lua" / "wireshark_api.lua"
DOCS = TOP / "docs" / "wireshark.md"
RECEIVE, SEND = vsk.Shutdown.RECEIVE, vsk.Shutdown.SEND


# ---- a packet ----


def test_names_are_those_of_the_specification(tmp_path: Path) -> None:
    ops = [op for op in vsk.Op if op != vsk.Op.INVALID]
    path = write(
        tmp_path / "x.pcapng", [guest(op.name, type=type) for type in vsk.Type for op in ops]
    )

    lines = tshark(path).splitlines()

    wanted = [f"{type.name} {op.name}" for type in vsk.Type for op in ops]
    assert [re.findall(r"→ 2:80 (\S+ \S+)", line)[0] for line in lines] == wanted
    assert "Operation: CREDIT_REQUEST (7)" in tshark(path, "-V")
    assert "Type: SEQPACKET (2)" in tshark(path, "-V")


def test_flags_have_their_names(tmp_path: Path) -> None:
    flags = ("flags.receive", "flags.send", "flags.eom", "flags.eor")
    cases = [
        (guest("SHUTDOWN", flags=1), "RECEIVE", ["1", "0", "", ""]),
        (guest("SHUTDOWN", flags=2), "SEND", ["0", "1", "", ""]),
        (guest("SHUTDOWN", flags=3), "RECEIVE|SEND", ["1", "1", "", ""]),
        (guest("RW", type=2, flags=1), "EOM", ["", "", "1", "0"]),
        (guest("RW", type=2, flags=3), "EOM|EOR", ["", "", "1", "1"]),
        (guest("RW"), "", ["", "", "", ""]),
    ]
    path = write(tmp_path / "x.pcapng", [packet for packet, _, _ in cases])

    lines = re.findall(r"Flags: 0x\d{8}(?: \((.*)\))?$", tshark(path, "-V"), re.MULTILINE)

    assert lines[1::2] == [names for _, names, _ in cases]  # behind Wireshark's own
    assert rows(path, *flags) == [bits for _, _, bits in cases]


def test_what_no_packet_may_have_is_named(tmp_path: Path) -> None:
    cases = [
        (guest("INVALID"), "Operation 0 is none"),
        (vsk.Packet(op=9), "Operation 9 is none"),
        (guest("RW", type=3), "Type 3 is none"),
        (guest("RW", flags=1), "Flags 0x1 have no meaning in RW"),
        (guest("RW", type=2, flags=4), "Flags 0x4 have no meaning in RW"),
        (guest("SHUTDOWN", flags=5), "Flags 0x5 have no meaning in SHUTDOWN"),
    ]
    path = write(tmp_path / "x.pcapng", [packet for packet, _ in cases])

    assert [said.split(",")[0] for said in infos(path)] == [words for _, words in cases]


def test_a_len_that_is_not_the_payloads_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", [guest("RW", payload=b"hello")])
    data = path.read_bytes()
    at = data.index(b"hello") - 20
    path.write_bytes(data[:at] + b"\6" + data[at + 1 :])

    assert infos(path) == ["len is 6, the payload has 5 bytes"]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_wireshark_says_itself_stays(path: Path) -> None:
    names = ["src_cid", "dst_prot", "len", "type", "op", "flags", "buf_alloc", "fwd_cnt"]
    wanted = [part for name in names for part in ("-e", f"vsock.virtio.{name}")]
    options = ["-T", "fields", *wanted, "-e", "vsock.payload", "-e", "_ws.col.Source"]

    assert tshark(path, *options) == tshark(path, *options, plugin=False)


# ---- ends ----


@pytest.mark.parametrize(
    ("packets", "words"),
    [
        ([guest("REQUEST"), host("RST")], "Refused by CID 2"),
        (stream(host("RST")), "Reset by CID 2 with 5 bytes in flight"),
        (stream(guest("SHUTDOWN", flags=SEND)), "Half-close: CID 3 will send no more"),
        (stream(guest("SHUTDOWN", flags=RECEIVE)), "Half-close: CID 3 will receive no more"),
        (stream(guest("SHUTDOWN", flags=RECEIVE | SEND), host("RST")), "Closed"),
        (
            stream(guest("SHUTDOWN", flags=SEND), host("SHUTDOWN", flags=SEND), guest("RST")),
            "Closed",
        ),
        (stream(host("RST"), guest("RST")), "RST of a connection that is over"),
        ([guest("RST")], "Reset by CID 3"),
    ],
)
def test_an_end_is_named(tmp_path: Path, packets: list[vsk.Packet], words: str) -> None:
    path = write(tmp_path / "x.pcapng", packets)

    assert infos(path)[-1] == words
    assert f"[{words}]" in tshark(path).splitlines()[-1]


# ---- connections ----


def test_connections_are_numbered(tmp_path: Path) -> None:
    other = [guest("REQUEST", src=(3, 7)), host("RST", dst=(3, 7))]
    path = write(tmp_path / "x.pcapng", [*OPEN, *other, host("RST"), *OPEN])

    seen = rows(path, "conn", "conn.first")

    firsts = {"0": "1", "1": "3", "2": "6"}
    assert seen == [[number, firsts[number]] for number in "0011022"]


def test_a_stall_leads_to_its_ends(tmp_path: Path) -> None:
    full = guest("RW", payload=bytes(ROOM))
    path = write(tmp_path / "x.pcapng", [*OPEN, full, host("CREDIT_UPDATE", fwd_cnt=1)])

    seen = rows(path, "stall.end", "stall.begin", "stall.time", options=["-2"])

    assert seen == [["", "", ""], ["", "", ""], ["4", "", ""], ["", "3", "0.001000000"]]


def test_a_second_pass_shows_the_same(tmp_path: Path) -> None:
    (path,) = [path for path in CAPTURES if "uml" in path.stem]

    assert tshark(path, "-2") == tshark(path)
    assert rows(path, *CREDIT, options=["-2"]) == rows(path, *CREDIT)


def test_what_is_no_virtio_packet_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", [guest("REQUEST")])
    data = bytearray(path.read_bytes())
    data[data.index(bytes([2, 0, 44, 0]))] = 1  # transport: no information
    path.write_bytes(data)

    assert rows(path, "vsock.trans", "conn", "op") == [["1", "", ""]]


# ---- as docs/wireshark.md has it ----


def blocks() -> list[str]:
    return re.findall(r"^```text\n(.*?)^```", DOCS.read_text(), re.DOTALL | re.MULTILINE)


def test_the_page_shows_what_happens(tmp_path: Path) -> None:
    shown = tshark(example(tmp_path), "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info")

    assert shown.replace("\t", "  ") == blocks()[0]


def test_connections_are_printed(tmp_path: Path) -> None:
    assert tshark(example(tmp_path), "-q", "-o", "vsk.conversations:TRUE") == blocks()[1]


def test_the_page_names_every_field_and_info() -> None:
    script, text = PLUGIN.read_text(), DOCS.read_text()
    fields = set(re.findall(r'"(vsk\.[a-z_.]+)"', script))
    kinds = {f"vsk.{name}" for name in re.findall(r'info\("(\w+)"', script)}

    assert len(fields) >= 16 and len(kinds) >= 15
    assert fields | kinds == set(re.findall(r"`(vsk\.[a-z_.]+)", text))


def test_a_copy_in_the_plugin_folder_is_all_it_takes(tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "lib" / "wireshark" / "plugins"
    folder.mkdir(parents=True)
    shutil.copy(PLUGIN, folder)
    path = write(tmp_path / "x.pcapng", [guest("CREDIT_REQUEST")])

    assert "STREAM CREDIT_REQUEST" in tshark(path, plugin=False, home=tmp_path)


# Stands where Wireshark has windows, before the plugin is loaded.
WINDOWS = """
local chosen
_G.gui_enabled = function() return true end
_G.register_menu = function(name, call) chosen = call; print(name) end
_G.TextWindow = { new = function(title)
  return { set = function(_, text) print(title); io.write(text) end }
end }
local tap = Listener.new("frame")
function tap.draw() chosen() end
"""


def test_wireshark_has_the_connections_in_a_window(tmp_path: Path) -> None:
    script = tmp_path / "windows.lua"
    script.write_text(WINDOWS)
    path = example(tmp_path)

    load = ["-X", f"lua_script:{script}", "-X", f"lua_script:{PLUGIN}"]
    shown = tshark(path, "-q", *load, plugin=False)

    assert shown == "vsock conversations\n" * 2 + blocks()[1]


@pytest.mark.parametrize("numbers", ["float", "integer"])
def test_lua_5_4_shows_the_same(numbers: str) -> None:
    """Wireshark up to 4.2 has Lua 5.2, which ran all of the above; the next has 5.4."""
    (path,) = [path for path in CAPTURES if "uml" in path.stem]
    with path.open("rb") as stream:
        packets = "".join(f"{time} {len(data)} {data.hex()}\n" for time, data in Reader(stream))

    command = ["lua5.4", str(API), str(PLUGIN), numbers]
    done = subprocess.run(command, input=packets, check=True, capture_output=True, text=True)

    assert done.stdout == tshark(path, "-T", "fields", "-e", "_ws.col.Info")
