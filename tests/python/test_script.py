# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A trace, or a capture, as a script: it says the same again, and notices what is not the same."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import scenario
from children import vsk_child
from labs import MESSAGES, PORT, Echo, connected

import vsk
from vsk.command import main
from vsk.replay import Differs, Replay

VECTORS = Path(__file__).parents[1] / "vectors"
CAPTURES = {"linux-6.1-uml": 1088, "linux-6.1-vsockmon": 12}
INTERPRETERS = {"python": [sys.executable], "lua": ["lua5.4"]}
LAST = {"python": "raise SystemExit(talk.main())", "lua": "os.exit(talk:main(arg), true)"}
MODELS = {
    "python": """
import vsk

class Echo(vsk.Device):
    def on_request(self, conn):
        if conn.local_port == 80:
            conn.accept()

    def on_data(self, conn, data):
        conn.send(data)
""",
    "lua": """
return {
  on_request = function(conn) if conn.local_port == 80 then conn:accept() end end,
  on_data = function(conn, data) conn:send(data) end,
}
""",
}

pytestmark = pytest.mark.parametrize("language", ["python", "lua"])


def suffix(language: str) -> str:
    return ".py" if language == "python" else ".lua"


class Selective(Echo):
    """What MODELS are."""

    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port == PORT:
            conn.accept()


class Late(Selective):
    """Answers seven seconds later."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        answer = bytes(data)
        self.after(7, lambda: conn.send(answer))


class Answers(Selective):
    """Says one word whatever comes."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(b"late")


class Caller(vsk.Device):
    """Refuses, and calls back, from a port of its own."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.reset()
        self.connect(9, local_port=7001).send(b"hello")


def talked() -> vsk.Lab:
    """A lab in which much was said."""
    lab, conn = connected(Selective())
    conn.exchange(b"hello")
    conn.exchange(b"0123456789" * 500)
    message = lab.guest.connect(2, PORT, MESSAGES)
    message.send(b"one", eor=True)
    message.recv()
    with pytest.raises(vsk.ConnectionReset):
        lab.guest.connect(2, 9999)
    lab.run(within=1.25)
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody", layout=[44, 1, 5])
    conn.close()
    lab.run()
    return lab


def run(text: str, language: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a script as it is."""
    path = folder / f"script{suffix(language)}"
    path.write_text(text)
    command = [*INTERPRETERS[language], str(path), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def model(language: str, folder: Path) -> str:
    path = folder / f"model{suffix(language)}"
    path.write_text(MODELS[language])
    return str(path)


# ---- it says the same again ----


def test_a_script_runs_as_it_is(language: str, tmp_path: Path) -> None:
    lab = talked()

    done = run(lab.trace.script(language), language, tmp_path)

    count = len(list(lab.trace.packets))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{count} packets, all as they were recorded\n"


def test_a_script_is_said_to_the_device_of_a_file(language: str, tmp_path: Path) -> None:
    text = talked().trace.script(language)

    done = run(text, language, tmp_path, model(language, tmp_path))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_is_said_to_a_device_on_a_socket(language: str, tmp_path: Path) -> None:
    text = talked().trace.script(language)
    socket = str(tmp_path / "v.sock")
    served = ("serve", model("python", tmp_path), "--socket", socket, "--cid", "7")

    with vsk_child(*served) as child:
        child.until("serves CID 7")
        done = run(text, language, tmp_path, socket)

    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_there_cannot_be_said_to(language: str, tmp_path: Path) -> None:
    text = talked().trace.script(language)

    for name in ("nowhere.sock", f"nowhere{suffix(language)}"):
        done = run(text, language, tmp_path, str(tmp_path / name))
        assert done.returncode == 2
        assert name in done.stderr and "Traceback" not in done.stderr


# ---- it notices what is not the same ----


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("hello", "hallo", ""),
        ("fwd_cnt{=}5005", "fwd_cnt{=}5004", "fwd_cnt is 5005, not 5004"),
        ('op{=}"RST"', 'op{=}"RW"', "op is RST, not RW"),
        ("9999", "80", "op is RESPONSE, not RST"),
        ('"one"', '"two"', "payload differs from byte 0 on"),
        ("flags{=}1", "flags{=}3", "flags is 1, not 3"),
    ],
)
def test_a_packet_that_differs_is_named(
    language: str, was: str, becomes: str, words: str, tmp_path: Path
) -> None:
    equals = "=" if language == "python" else " = "
    was, becomes = (text.replace("{=}", equals) for text in (was, becomes))
    whole = talked().trace.script(language)
    lines = whole.splitlines()
    # Only what the device says, where it says that.
    said = [at for at, line in enumerate(lines) if was in line and line[4:8].strip(":.") == "rx("]
    for at in said[-1:] if words else []:
        lines[at] = lines[at].replace(was, becomes)
    if words.startswith("op is RESPONSE"):
        lines = whole.replace(was, becomes).splitlines()
    if not words:  # what is sent back is what was sent
        lines = whole.replace(was, becomes).splitlines()

    done = run("\n".join(lines), language, tmp_path, model(language, tmp_path))

    assert done.returncode == (1 if words else 0)
    assert words in done.stderr
    if words:
        assert done.stderr.startswith("packet ") and "recorded: 2:" in done.stderr


def test_an_answer_that_does_not_come_is_named(language: str, tmp_path: Path) -> None:
    lines = talked().trace.script(language).splitlines()
    again = next(line for line in lines if "RESPONSE" in line)
    lines.insert(-1, again)

    done = run("\n".join(lines), language, tmp_path, model(language, tmp_path))

    assert done.returncode == 1
    count = len(list(talked().trace.packets)) + 1
    assert done.stderr.startswith(f"packet {count} of {count} did not come\n  recorded: 2:80 > 3:")


def test_fields_that_do_not_count_may_differ(language: str, tmp_path: Path) -> None:
    lines = talked().trace.script(language).splitlines()
    text = "\n".join(line.replace("262144", "1") if "rx(" in line else line for line in lines)
    assert run(text, language, tmp_path, model(language, tmp_path)).returncode == 1
    if language == "python":
        text = text.replace("guest=3,", 'guest=3, fields=["op", "src", "dst", "payload"],')
    else:
        text = text.replace("guest = 3,", 'guest = 3, fields = { "op", "src", "dst", "payload" },')

    done = run(text, language, tmp_path, model(language, tmp_path))

    assert (done.returncode, done.stderr) == (0, "")


# ---- time, ports, cuts ----


def test_timers_strike_on_the_virtual_clock(language: str, tmp_path: Path) -> None:
    late = {
        "python": MODELS["python"].replace(
            "conn.send(data)", "self.after(7, lambda data=bytes(data): conn.send(data))"
        ),
        "lua": MODELS["lua"].replace(
            "function(conn, data) conn:send(data)",
            "function(conn, data, device) device:after(7, function() conn:send(data) end)",
        ),
    }
    lab, conn = connected(Late())
    conn.exchange(b"hello")
    text = lab.trace.script(language)
    path = tmp_path / f"late{suffix(language)}"

    path.write_text(late[language])
    assert run(text, language, tmp_path, str(path)).returncode == 0
    path.write_text(late[language].replace("(7,", "(9,"))
    done = run(text, language, tmp_path, str(path))

    assert done.returncode == 1 and "did not come" in done.stderr


def test_a_guest_waits_as_long_as_it_did(language: str, tmp_path: Path) -> None:
    watch = {}
    watch["python"] = """
import vsk

class Watch(vsk.Device):
    def on_request(self, conn):
        self.words = b"early"
        self.after(4, self.strike)
        conn.accept()

    def strike(self):
        self.words = b"late"

    def on_data(self, conn, data):
        conn.send(self.words)
"""
    watch["lua"] = """
local words = "early"
return {
  on_request = function(conn, device)
    device:after(4, function() words = "late" end)
    conn:accept()
  end,
  on_data = function(conn) conn:send(words) end,
}
"""
    path = tmp_path / f"watch{suffix(language)}"
    path.write_text(watch[language])
    lab, conn = connected(Answers())
    lab.run(within=5)
    conn.send(b"which?")
    lab.run()

    done = run(lab.trace.script(language), language, tmp_path, str(path))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_device_may_choose_other_ports(language: str, tmp_path: Path) -> None:
    calls = {
        "python": """
import vsk

class Caller(vsk.Device):
    def on_request(self, conn):
        conn.reset()
        self.connect(9).send(b"hello")
""",
        "lua": """
return { on_request = function(conn, device)
  conn:reset()
  device:connect(9):send "hello"
end }
""",
    }
    path = tmp_path / f"caller{suffix(language)}"
    path.write_text(calls[language])
    lab = vsk.Lab(Caller())
    listener = lab.guest.listen(9)
    with pytest.raises(vsk.ConnectionReset):
        lab.guest.connect(2, PORT)
    conn = listener.accept()
    conn.send(conn.recv())
    lab.run()

    done = run(lab.trace.script(language), language, tmp_path, str(path))

    assert conn.peer_port == 7001
    assert (done.returncode, done.stderr) == (0, "")


def test_packets_are_cut_as_they_were(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = vsk.Guest(rx_layout=[10, 34, 700], rx_indirect=True)
    lab, conn = connected(Selective(), guests=[guest])
    conn.exchange(bytes(range(256)) * 9)
    lab.guest.tx(
        op="RW", src_port=5, dst=(2, 80), payload=b"hello", layout=[1, 43, 5], indirect=True
    )
    lab.run()
    text = lab.trace.script(language)
    assert "indirect" in text and "10, 34, 700" in text
    if language == "lua":
        assert run(text, language, tmp_path).returncode == 0
        return
    labs: list[vsk.Lab] = []

    def keep(*args: Any, **names: Any) -> vsk.Lab:
        labs.append(vsk.Lab(*args, **(names | {"trace": 10_000})))
        return labs[-1]

    monkeypatch.setattr("vsk.replay.Lab", keep)
    played(text)

    def cuts(one: vsk.Lab) -> list[tuple[str, ...]]:
        rows = (entry.line.split() for entry in one.trace if entry.kind == "PACKET")
        return [(row[2], *row[6:8], *row[8:]) for row in rows]

    assert cuts(labs[0]) == cuts(lab)


# ---- any conversation ----


def played(text: str, device: vsk.Device | None = None) -> None:
    """Say the Python script of something in this process."""
    names: dict[str, Any] = {}
    exec(text.replace(LAST["python"], ""), names)
    names["talk"].play(device)


@pytest.mark.lawless("a scenario has the checker judge it, where that may be")
def test_the_script_of_any_conversation_passes(language: str, tmp_path: Path) -> None:
    first = random.SystemRandom().randrange(1 << 32)
    print(f"seeds from {first}")
    for seed in range(first, first + 20):
        world = scenario.World(seed)
        world.run()
        for guest in world.guests:
            text = world.lab.trace.script(language, guest=guest.cid)
            if language == "python":
                played(text)
            else:
                (tmp_path / f"{seed}-{guest.cid}.lua").write_text(
                    text.replace(LAST["lua"], "assert(talk:play())")
                )
    if language == "lua":
        everything = "".join(f'dofile "{path}"\n' for path in sorted(tmp_path.iterdir()))
        done = run(everything, language, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.lawless("a scenario has the checker judge it, where that may be")
def test_both_languages_write_the_same_script(language: str, tmp_path: Path) -> None:
    writer = tmp_path / "writer.lua"
    writer.write_text("""
        local vsk = require "vsk"
        local capture <close> = assert(vsk.capture(arg[1]))
        io.write(assert(capture:script(arg[2], { guest = math.tointeger(arg[3]) })))
    """)
    paths = [(VECTORS / f"{name}.pcap", 42) for name in CAPTURES]
    for seed in range(5):
        world = scenario.World(seed)
        world.run()
        paths.append((tmp_path / f"{seed}.pcapng", world.guests[0].cid))
        world.lab.trace.save(paths[-1][0])
    wide = tmp_path / "wide.pcapng"
    with vsk.Capture(wide, "w") as capture:
        for payload in (bytes(range(256)), b'a"b\\c%d%s%%', b"ab" * 30, b"abc" * 30 + b"a", b""):
            capture.write(
                vsk.Packet(src=(2**64 - 1, 9), dst=(2, 2**32 - 1), op=77, type=9, payload=payload),
                time=10**18 + len(payload),
            )
    paths.append((wide, 2**64 - 1))

    for path, guest in paths:
        signed = guest - 2**64 if guest >= 2**63 else guest
        words = [str(writer), str(path), language, str(signed)]
        theirs = subprocess.check_output(["lua5.4", *words], text=True)
        with vsk.Capture(path) as capture:
            assert capture.script(language, guest=guest) == theirs


def test_bytes_of_all_kinds_come_again(language: str, tmp_path: Path) -> None:
    lab, conn = connected(Selective())
    for data in (bytes(range(256)), b'a"b\\c%d%s%%\n', bytes(5000), b"abc" * 333 + b"a", b"x"):
        conn.exchange(data)
    text = lab.trace.script(language)

    done = run(text, language, tmp_path, model(language, tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    assert '"\\x00" * ' in text or '("\\x00"):rep(' in text
    assert max(map(len, text.splitlines())) < 1500


def test_a_lab_in_lua_writes_the_same_script(language: str, tmp_path: Path) -> None:
    writer = tmp_path / "writer.lua"
    writer.write_text(f"""
        local vsk = require "vsk"
        local lab = vsk.lab {{ seed = 4, guests = 2,
          on_request = function(conn) conn:accept() end,
          on_data = function(conn, data) conn:send(data) end,
        }}
        local conn = assert(lab.guest:connect(2, 80))
        conn:exchange "hello"
        lab:run(nil, 0.123456789)
        lab.guest:tx {{ op = "RW", src_port = 5, dst = {{ 2, 80 }}, layout = {{ 40, 9 }},
          payload = "hello", indirect = true }}
        lab.guest:offer(1, 9)
        lab:run()
        io.write(lab.trace:script("{language}", {{ guest = 3 }}))
        assert(select(2, pcall(lab.trace.script, lab.trace)):find "which guest%? There is 3, 4")
    """)
    lab, conn = connected(Echo(), seed=4, guests=2)
    conn.exchange(b"hello")
    lab.run(within=0.123456789)
    lab.guest.tx(op="RW", src_port=5, dst=(2, 80), payload=b"hello", layout=[40, 9], indirect=True)
    lab.guest.offer(1, 9)
    lab.run()

    text = subprocess.check_output(["lua5.4", str(writer)], text=True)

    assert text == lab.trace.script(language, guest=3)
    assert "Of the trace 1 were left out" in text
    assert run(text, language, tmp_path).returncode == 0


# ---- captures ----


@pytest.mark.parametrize("name", CAPTURES)
def test_what_a_real_kernel_said_is_said_again(
    name: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(VECTORS / f"{name}.pcap"), "--script", language]) == 0

    done = run(capsys.readouterr().out, language, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{CAPTURES[name]} packets, all as they were recorded\n"


@pytest.mark.parametrize("example", ["python/examples/03_device.py", "lua/examples/03_device.lua"])
def test_what_an_example_said_is_said_again(
    example: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interpreter = INTERPRETERS["python" if example.endswith(".py") else "lua"]
    path = Path(__file__).parents[2] / example
    subprocess.run([*interpreter, str(path)], cwd=tmp_path, check=True, capture_output=True)
    assert main(["show", str(tmp_path / "echo.pcapng"), "--script", language]) == 0

    done = run(capsys.readouterr().out, language, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_capture_of_a_lab_gives_the_script_of_its_trace(language: str, tmp_path: Path) -> None:
    lab = talked()
    lab.trace.save(tmp_path / "x.pcapng")

    with vsk.Capture(tmp_path / "x.pcapng") as capture:
        assert capture.script(language) == lab.trace.script(language)


def test_payload_that_was_not_captured_is_zeros(language: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        long = b"x" * 300_000
        capture.write(vsk.Packet(src=(3, 9), dst=(2, 80), op="RW", payload=long))
    with vsk.Capture(path) as capture:
        (record,) = capture
        assert record.cut
    with vsk.Capture(path) as capture:
        text = capture.script(language)

    kept = len(record.packet.payload)
    assert "left out" not in text
    assert f"{300_000 - kept}" not in text  # one payload, as long as it was
    assert text.count("x") > kept and text.count("\\x00") > 0


@pytest.mark.parametrize(
    "layout", ["44++5", "+", "9" * 5000, "44+99999999999"], ids=["empty", "plus", "digits", "wide"]
)
def test_a_comment_that_means_nothing_is_left_alone(
    language: str, layout: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        hello = vsk.Packet(src=(3, 9), dst=(2, 80), op="RW", payload=b"hello")
        capture.write(hello, comment=f"tx head 0 direct {layout}")
    text = show(path, language)

    assert "hello" in text and "layout" not in text and "left out" not in text


def test_a_capture_cannot_ask_for_gigabytes_of_zeros(language: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        capture.write(vsk.Packet(src=(3, 9), dst=(2, 80), op="REQUEST"))
        first = path.stat().st_size
        capture.write(vsk.Packet(src=(3, 9), dst=(2, 80), op="RW", len=0xF0000000))
    data = bytearray(path.read_bytes())
    data[first + 24 : first + 28] = b"\xff" * 4  # what the packet's length was on the wire
    path.write_bytes(data)
    text = show(path, language)

    assert text.count("REQUEST") == 1 and '"RW"' not in text
    assert "1 were left out" in text


def show(path: Path, language: str) -> str:
    """Write the script of a capture by a program in that language, with 2 GB of memory at most."""
    python = f"import vsk; print(vsk.Capture({str(path)!r}).script('python'))"
    lua = f'print(assert(assert(require("vsk").capture("{path}")):script "lua"))'
    words = [sys.executable, "-c", python] if language == "python" else ["lua5.4", "-e", lua]
    # AddressSanitizer's shadow is larger than any limit.
    limit = [] if "asan" in os.environ.get("LD_PRELOAD", "") else ["prlimit", f"--as={2 << 30}"]
    return subprocess.run([*limit, *words], capture_output=True, text=True, check=True).stdout


def test_a_guest_has_to_be_named_among_several(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = vsk.Lab(Echo(), guests=2)
    for guest in lab.guests:
        guest.connect(2, PORT).exchange(b"hello")
    with pytest.raises(vsk.UsageError, match=r"which guest\? There is 3, 4") as caught:
        lab.trace.script(language)
    assert caught.value.status is vsk.Status.ERR_CID
    with pytest.raises(vsk.UsageError, match="which guest"):
        lab.trace.script(language, guest=5)
    path = str(tmp_path / "x.pcapng")
    lab.trace.save(path)

    assert main(["show", path, "--script", language]) == 2
    assert "which guest? There is 3, 4" in capsys.readouterr().err
    for guest in ("3", "4"):
        assert main(["show", path, "--script", language, "--guest", guest]) == 0
        text = capsys.readouterr().out
        assert f"between CID {guest} and its device" in text and "left out" not in text
        assert run(text, language, tmp_path).returncode == 0


def test_a_script_is_in_one_of_two_languages(language: str) -> None:
    with pytest.raises(vsk.UsageError, match=f"python or lua, not '{language}x'"):
        talked().trace.script(f"{language}x")


# ---- the replay itself ----


def test_what_the_replays_own_device_gets_is_held_too(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if language == "lua":
        script = """
            local guest = require "vsk.guest"
            local new = guest.new
            function guest.new(options)
              local one = new(options)
              local tx = one.tx
              rawset(one, "tx", function(self, packet) return tx(self, { op = "RW" }) end)
              return one
            end
            local talk = require "vsk.replay".new { guest = 3 }
            talk:tx(0.0, { op = "RW", src = { 3, 9 }, dst = { 2, 80 }, payload = "hello" })
            print(select(2, talk:play()))
        """
        words = run(script, language, tmp_path).stdout
    else:
        monkeypatch.setattr("vsk.replay.Ear.tx", lambda self, *a, **b: vsk.Guest.tx(self, op="RW"))
        talk = Replay(guest=3)
        talk.tx(0.0, op="RW", src=(3, 9), dst=(2, 80), payload=b"hello")
        with pytest.raises(Differs) as caught:
            talk.play()
        words = str(caught.value)

    assert words.startswith("packet 1 of 1 differs: src is 3:0, not 3:9; dst is 0:0, not 2:80; len")
