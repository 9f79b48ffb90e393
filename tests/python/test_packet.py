# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packets and headers: fields, bytes, text."""

import copy
import pickle
import re
import struct
from pathlib import Path

import pytest

import vsk
from vsk import _core

FIELDS = {
    "src_cid": (64, 0),
    "dst_cid": (64, 8),
    "src_port": (32, 16),
    "dst_port": (32, 20),
    "len": (32, 24),
    "type": (16, 28),
    "op": (16, 30),
    "flags": (32, 32),
    "buf_alloc": (32, 36),
    "fwd_cnt": (32, 40),
}
WIRE = struct.Struct("<QQIIIHHIII")


@pytest.fixture(params=[vsk.Packet, vsk.Header])
def fresh(request: pytest.FixtureRequest) -> vsk.Packet | vsk.Header:
    made: vsk.Packet | vsk.Header = request.param()
    return made


def test_the_fields_are_those_of_the_c_table() -> None:
    header = Path(__file__).parents[2] / "core" / "vsk" / "header.h"
    rows = re.findall(r"X\((\w+), (64|32|16), (\d+), ", header.read_text())

    assert {name: (int(bits), int(offset)) for name, bits, offset in rows} == FIELDS
    assert vsk.HeaderFields.__match_args__ == tuple(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_keeps_its_largest_value(fresh: vsk.Packet, name: str) -> None:
    bits, offset = FIELDS[name]

    setattr(fresh, name, 2**bits - 1)

    assert getattr(fresh, name) == 2**bits - 1
    assert bytes(fresh)[offset : offset + bits // 8] == b"\xff" * (bits // 8)
    assert getattr(fresh.fields(), name) == 2**bits - 1


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("wrong", [-1, 2**64])
def test_a_value_outside_the_field_is_refused(fresh: vsk.Packet, name: str, wrong: int) -> None:
    before = bytes(fresh)

    with pytest.raises(vsk.UsageError) as error:
        setattr(fresh, name, wrong)

    assert error.value.status is vsk.Status.ERR_ARGUMENT
    assert name in str(error.value)
    assert bytes(fresh) == before


@pytest.mark.parametrize("name", FIELDS)
def test_a_float_is_no_field(fresh: vsk.Packet, name: str) -> None:
    with pytest.raises(TypeError):
        setattr(fresh, name, 1.5)


def test_a_packet_is_a_stream_packet_unless_told() -> None:
    packet = vsk.Packet()

    assert packet.fields() == (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert packet.type is vsk.Type.STREAM and packet.op is vsk.Op.INVALID


def test_bytes_are_those_of_the_wire() -> None:
    packet = vsk.Packet(
        src=(3, 1024), dst=(2, 1234), type="SEQPACKET", op="RW", flags=3, payload=b"abc"
    )
    packet.buf_alloc, packet.fwd_cnt = 262144, 7

    # VSOCK-BOTH-05, VSOCK-BOTH-23
    assert bytes(packet) == WIRE.pack(3, 2, 1024, 1234, 3, 2, 5, 3, 262144, 7) + b"abc"
    assert packet.encode() == bytes(packet)


def test_len_follows_the_payload_until_it_is_set() -> None:
    packet = vsk.Packet(payload=b"four")
    # VSOCK-BOTH-08
    assert packet.len == 4

    packet.payload = b"eleven more"
    assert packet.len == 11
    packet.len = 99
    packet.payload = b"two"

    assert packet.len == 99 and bytes(packet.payload) == b"two"


def test_ops_and_types_are_members_when_known_and_numbers_when_not() -> None:
    packet = vsk.Packet(op=7, type=2)
    assert packet.op is vsk.Op.CREDIT_REQUEST and packet.type is vsk.Type.SEQPACKET

    packet.op, packet.type = 8, 0

    assert (packet.op, packet.type) == (8, 0)
    assert type(packet.op) is int and type(packet.type) is int


@pytest.mark.parametrize("name", ["HELLO", "RW\0junk", "rw", ""])
def test_a_name_that_is_no_op_is_refused(name: str) -> None:
    with pytest.raises(vsk.UsageError, match="is no op"):
        vsk.Packet(op=name)


def test_flags_have_names_where_op_and_type_give_them() -> None:
    shutdown = vsk.Packet(op="SHUTDOWN", flags=3)
    last = vsk.Packet(op="RW", type="SEQPACKET", flags=vsk.Seq.EOM | vsk.Seq.EOR | 8)
    stream = vsk.Packet(op="RW", flags=1)

    assert shutdown.flag_names == ("RECEIVE", "SEND")
    assert last.flag_names == ("EOM", "EOR")
    assert stream.flag_names == ()
    assert "EOM|EOR|0x8" in str(last) and " 0x1 " in str(stream)


def test_addresses_are_pairs() -> None:
    packet = vsk.Packet(src=(2**64 - 1, 2**32 - 1))

    packet.dst = (7, 8)

    assert packet.src == (2**64 - 1, 2**32 - 1)
    assert (packet.dst_cid, packet.dst_port) == (7, 8)
    with pytest.raises(TypeError):
        packet.dst = [1, 2]  # type: ignore[assignment]


def test_parse_ignores_what_is_behind_the_payload(hello: vsk.Packet) -> None:
    again = vsk.Packet.parse(bytes(hello) + b"junk")

    # VSOCK-DRV-07
    assert again == hello and bytes(again.payload) == b"hello"


def test_parse_takes_any_buffer(hello: vsk.Packet) -> None:
    for form in (bytearray, memoryview):
        assert vsk.Packet.parse(form(bytes(hello))) == hello
    with pytest.raises(TypeError):
        vsk.Packet.parse("text")  # type: ignore[arg-type]


def test_a_parsed_packet_does_not_change_with_its_source(hello: vsk.Packet) -> None:
    source = bytearray(bytes(hello))
    packet = vsk.Packet.parse(source)

    source[:] = bytes(len(source))

    assert packet == hello


@pytest.mark.parametrize("size", [0, 1, 43])
def test_fewer_than_44_bytes_are_no_packet(size: int) -> None:
    # VSOCK-BOTH-05
    with pytest.raises(vsk.PeerError) as error:
        vsk.Packet.parse(bytes(size))

    assert error.value.status is vsk.Status.BAD_SHORT


def test_len_beyond_the_bytes_is_refused(hello: vsk.Packet) -> None:
    # VSOCK-BOTH-08
    with pytest.raises(vsk.PeerError) as error:
        vsk.Packet.parse(bytes(hello)[:-1])

    assert error.value.status is vsk.Status.BAD_LEN


def test_the_largest_payload_is_the_callers_choice(hello: vsk.Packet) -> None:
    assert vsk.Packet.parse(bytes(hello), max_payload=5) == hello
    with pytest.raises(vsk.PeerError) as error:
        vsk.Packet.parse(bytes(hello), max_payload=4)
    assert error.value.status is vsk.Status.BAD_LIMIT


def test_packets_are_equal_by_fields_and_payload(hello: vsk.Packet) -> None:
    other = vsk.Packet.parse(bytes(hello))
    assert other == hello

    other.payload = b"hullo"

    assert other != hello
    assert hello != bytes(hello)


def test_copies_share_nothing(hello: vsk.Packet) -> None:
    hello.len = 77
    for twin in (hello.copy(), copy.copy(hello), copy.deepcopy(hello)):
        assert twin == hello
        twin.payload = b"other"
        assert bytes(hello.payload) == b"hello" and twin.len == 77


@pytest.mark.parametrize("lie", [0, 3, 2**32 - 1])
def test_pickling_keeps_a_len_that_lies(hello: vsk.Packet, lie: int) -> None:
    hello.len = lie

    assert pickle.loads(pickle.dumps(hello)) == hello
    assert pickle.loads(pickle.dumps(hello.header)) == hello.header


def test_the_header_is_a_copy_and_can_be_replaced(hello: vsk.Packet) -> None:
    header = hello.header
    header.op = "RST"
    assert hello.op is vsk.Op.RW

    hello.header = header
    assert hello.op is vsk.Op.RST and bytes(hello.payload) == b"hello"
    hello.header = bytes(44)
    assert hello.fields() == (0,) * 10
    with pytest.raises(vsk.UsageError):
        hello.header = bytes(43)


def test_a_header_is_parsed_from_44_bytes(hello: vsk.Packet) -> None:
    assert vsk.Header.parse(bytes(hello)) == hello.header
    with pytest.raises(vsk.PeerError):
        vsk.Header.parse(bytes(43))


def test_the_payload_of_a_packet_is_read_only(hello: vsk.Packet) -> None:
    with pytest.raises(TypeError):
        hello.payload[0] = 1


def test_text_names_addresses_type_op_and_credit(hello: vsk.Packet) -> None:
    line = "3:1024 > 2:1234 STREAM RW len=5 buf_alloc=262144 fwd_cnt=0"

    assert str(hello) == line
    assert repr(hello) == f"<Packet {line}>"
    assert str(hello.header) == line
    assert "op(999)" in str(vsk.Packet(op=999)) and "type(77)" in str(vsk.Packet(type=77))


def test_show_prints_a_row_for_each_field(
    hello: vsk.Packet, capsys: pytest.CaptureFixture[str]
) -> None:
    hello.show()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["offset", "size", "field", "value", "meaning"]
    rows = [line.split()[:3] for line in lines[1:]]
    assert rows == [[str(at), str(bits // 8), name] for name, (bits, at) in FIELDS.items()]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"op": "RW"}, None),
        ({"op": "SHUTDOWN", "flags": 3}, None),
        ({"op": "RW", "type": 2, "flags": 3}, None),
        ({"op": "RW", "src_cid": 2**32}, vsk.Status.BAD_CID),
        ({"op": "RW", "dst_cid": 2**63}, vsk.Status.BAD_CID),
        ({"op": "RW", "type": 3}, vsk.Status.BAD_TYPE),
        ({"op": 0}, vsk.Status.BAD_OP),
        ({"op": 8}, vsk.Status.BAD_OP),
        ({"op": "RW", "flags": 1}, vsk.Status.BAD_FLAGS),
        ({"op": "SHUTDOWN", "flags": 4}, vsk.Status.BAD_FLAGS),
        ({"op": "REQUEST", "len": 1}, vsk.Status.BAD_PAYLOAD),
    ],
)
def test_check_names_the_rule_of_the_specification(
    fields: dict[str, int | str], status: vsk.Status | None
) -> None:
    for made in (vsk.Packet(**fields), vsk.Header(**fields)):  # type: ignore[arg-type]
        if status is None:
            made.check()
            continue
        with pytest.raises(vsk.PeerError) as error:
            made.check()
        assert error.value.status is status
        assert f"[{status.clause}]" in str(error.value)


def test_the_enums_are_those_of_c() -> None:
    for prefix, enum in (("OP_", vsk.Op), ("TYPE_", vsk.Type)):
        names = {k.removeprefix(prefix): v for k, v in vars(_core).items() if k.startswith(prefix)}
        assert names == {member.name: member.value for member in enum}
    statuses = {
        name: value
        for name, value in vars(_core).items()
        if name in ("OK", "NONE", "EOF", "RESET", "TIMEOUT", "PIPE")
        or name.startswith(("ERR_", "BAD_"))
    }
    assert statuses == {member.name: member.value for member in vsk.Status}
    assert _core.VSK_SHUTDOWN_RECEIVE == vsk.Shutdown.RECEIVE
    assert _core.VSK_SHUTDOWN_SEND == vsk.Shutdown.SEND
    assert (_core.VSK_SEQ_EOM, _core.VSK_SEQ_EOR) == (vsk.Seq.EOM, vsk.Seq.EOR)


@pytest.mark.parametrize("status", vsk.Status)
def test_every_status_has_a_name_and_words(status: vsk.Status) -> None:
    assert _core.status_name(status) == status.name
    assert status.text
    assert _core.status_is_peer(status) == status.name.startswith("BAD_")
