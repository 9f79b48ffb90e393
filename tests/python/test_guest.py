# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guests: listeners, policies, presets; and devices that connect to them."""

from typing import Any

import pytest
from formats import offered
from labs import MESSAGES, PORT, Acceptor, Echo, Noted, connected, hooked, lines

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

KIB = 1024

# ---- the device connects ----


def test_a_listener_gets_what_the_device_connects() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    listener = lab.guest.listen(9)

    own = device.connect(9)
    own.send(b"hello")
    conn = listener.accept()

    assert conn.recv() == b"hello"
    assert conn.local == own.peer == (3, 9)
    assert device.calls == [("connect", own)]


def test_what_was_sent_and_closed_before_the_answer_comes_behind_it() -> None:
    lab = vsk.Lab(Noted())
    listener = lab.guest.listen(9)

    own = lab.device.connect(9)
    own.send(b"hello")
    own.close()

    assert listener.accept().recv_all() == b"hello"


def test_hooks_hear_that_nobody_listens() -> None:
    device = Noted()
    lab = vsk.Lab(device)

    own = device.connect(9)
    own.send(b"hello")
    lab.run()

    assert device.calls == [("close", own, vsk.Reason.REFUSED)]


def test_what_the_device_connects_keeps_its_hooks() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    listener = lab.guest.listen(9)
    device.connect(9)

    conn = listener.accept()
    conn.send(b"hello")
    conn.close()
    lab.run(within=1)

    assert device.names() == ["connect", "data", "eof", "close"]


def test_a_device_may_wait_for_its_connection() -> None:
    lab = vsk.Lab(Noted())
    listener = lab.guest.listen(9)

    own = lab.device.open_connection(9, MESSAGES)
    conn = listener.accept()
    conn.send(b"hello")

    assert own.recv() == b"hello"
    assert own.type is conn.type is vsk.Type.SEQPACKET
    assert isinstance(lab.device, Noted)
    assert lab.device.calls == []


def test_a_device_may_wait_and_have_hooks() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    listener = lab.guest.listen(9)
    device.open_connection(9, hooks=True)

    listener.accept().send(b"hello")
    lab.run()

    assert device.names() == ["connect", "data"]


def test_open_connection_raises_where_nobody_listens() -> None:
    lab = vsk.Lab(vsk.Device())

    with pytest.raises(ConnectionResetError):
        lab.device.open_connection(9)


def test_ports_can_be_chosen() -> None:
    lab = vsk.Lab(Acceptor())
    lab.guest.listen(9)

    own = lab.device.open_connection(9, local_port=7)
    conn = lab.guest.connect(2, PORT, local_port=8)

    assert (own.local, conn.local) == ((2, 7), (3, 8))
    with pytest.raises(vsk.UsageError) as caught:
        lab.guest.connect(2, PORT, local_port=8)
    assert caught.value.status is vsk.Status.ERR_BUSY


def test_a_type_may_be_a_name() -> None:
    lab = vsk.Lab(Acceptor())

    assert lab.guest.connect(2, PORT, "SEQPACKET").type is MESSAGES


def test_a_type_that_was_not_agreed_on_is_refused() -> None:
    features = vsk.Feature.STREAM | vsk.Feature.VERSION_1
    lab = vsk.Lab(Acceptor(features=features))

    assert lab.device.features == lab.guest.features == features
    with pytest.raises(vsk.UsageError) as caught:
        lab.guest.connect(2, PORT, MESSAGES)
    assert caught.value.status is vsk.Status.ERR_TYPE


# ---- listeners ----


def test_accept_gives_connections_in_order() -> None:
    lab = vsk.Lab(Noted())
    listener = lab.guest.listen(9)
    own = [lab.device.connect(9) for _ in range(3)]

    assert [listener.accept().peer_port for _ in own] == [conn.local_port for conn in own]


def test_accept_raises_where_nobody_will_ever_come() -> None:
    listener = vsk.Lab(vsk.Device()).guest.listen(9)

    with pytest.raises(TimeoutError, match="port 9"):
        listener.accept()


def test_more_than_the_backlog_are_refused() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    listener = lab.guest.listen(9, backlog=2)
    for _ in range(3):
        device.connect(9)
    lab.run()
    assert device.values("close") == [vsk.Reason.REFUSED]

    listener.accept()
    device.connect(9)
    lab.run()

    assert len(device.values("close")) == 1


def test_a_port_is_listened_on_once() -> None:
    guest = vsk.Lab(vsk.Device()).guest
    with guest.listen(9):
        with pytest.raises(vsk.UsageError) as caught:
            guest.listen(9)
        assert caught.value.status is vsk.Status.ERR_BUSY

    guest.listen(9)


def test_closing_a_listener_resets_who_was_not_asked_for() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    listener = lab.guest.listen(9)
    first, second = device.connect(9), device.connect(9)
    lab.run()
    kept = listener.accept()

    listener.close()
    lab.run()

    assert (first.reason, second.reason) == (vsk.Reason.NONE, vsk.Reason.RESET)
    assert lab.guest.connections == (kept,)


def test_closing_a_listener_twice_is_no_error() -> None:
    listener = vsk.Lab(vsk.Device()).guest.listen(9)

    listener.close()
    listener.close()


def test_a_guest_may_have_hooks() -> None:
    class Reader(vsk.Guest):
        taken = b""

        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            self.taken += data

    guest = Reader()
    lab = vsk.Lab(Echo(), guests=[guest])

    guest.connect(2, PORT, hooks=True).send(b"hello")
    lab.run()

    assert guest.taken == b"hello"


# ---- the transport ----


def test_a_transport_reset_ends_all_connections() -> None:
    device = Noted()
    lab, conn = connected(device)

    device.reset_transport()
    lab.run()

    assert conn.reason is vsk.Reason.TRANSPORT
    assert device.connections == lab.guest.connections == ()
    assert lab.guest.connect(2, PORT).state is vsk.State.ESTABLISHED


def test_a_transport_reset_may_change_the_cid() -> None:
    class Hears(vsk.Guest):
        cids: list[int] = []  # noqa: RUF012

        def on_reset(self) -> None:
            self.cids.append(self.cid)

    guest = Hears()
    lab = vsk.Lab(Echo(), guests=[guest])

    lab.device.reset_transport(77)
    lab.run()

    assert guest.cids == [77]
    assert guest.connect(2, PORT).local_cid == 77


@pytest.mark.parametrize("cid", [0, 1, 2, 2**32 - 1, 2**32])
def test_a_guest_cannot_have_just_any_cid(cid: int) -> None:
    lab = vsk.Lab(vsk.Device())

    with pytest.raises(vsk.UsageError):
        lab.device.reset_transport(cid)


# ---- policies ----


@pytest.mark.parametrize("preset", ["linux-5.10", "linux-6.1", "linux-6.12"])
def test_a_preset_behaves_as_a_kernel(preset: str) -> None:
    lab, conn = connected(Echo(), guests=[vsk.Guest(preset=preset)])
    data = bytes(range(256)) * 4 * KIB

    assert conn.exchange(data) == data
    asked = [packet for packet in lab.trace.packets if packet.op == vsk.Op.CREDIT_REQUEST]
    assert {packet.src_cid for packet in asked} <= {2}


def test_presets_differ() -> None:
    def text(preset: str) -> list[str]:
        lab, conn = connected(Echo(), guests=[vsk.Guest(preset=preset)])
        conn.exchange(bytes(100 * KIB))
        return lines(lab)

    assert text("linux-5.10") != text("linux-6.12")


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(vsk.UsageError):
        vsk.Guest(preset="linux-0.99")


@pytest.mark.parametrize("layout", [[44, 1000], [20, 24, 2, 4050], [1] * 8, [2**31]])
def test_rx_buffers_are_cut_as_one_likes(layout: list[int]) -> None:
    if sum(layout) < 44 or sum(layout) > 2**30:
        with pytest.raises(vsk.UsageError):
            vsk.Lab(Echo(), guests=[vsk.Guest(rx_layout=layout)])
        return
    _, conn = connected(Echo(), guests=[vsk.Guest(rx_layout=layout)])

    assert conn.exchange(bytes(10_000)) == bytes(10_000)


@pytest.mark.parametrize("layout", [[44], [1, 43]])
def test_rx_buffers_have_room_for_payload(layout: list[int]) -> None:
    with pytest.raises(vsk.UsageError) as caught:
        vsk.Guest(rx_layout=layout)
    assert caught.value.status is vsk.Status.ERR_LAYOUT

    _, conn = connected(Echo(), guests=[vsk.Guest(rx_layout=[*layout, 1])])
    assert conn.exchange(b"hello") == b"hello"


@pytest.mark.parametrize(
    "options", [{"queue_size": 3}, {"queue_size": 0}, {"connections": 0}, {"queue_size": 2**16}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(vsk.UsageError):
        vsk.Lab(vsk.Device(features=offered({})), guests=[vsk.Guest(**options)])


@pytest.mark.parametrize("value", [-1, 2**32])
def test_an_option_has_a_range(value: int) -> None:
    with pytest.raises((TypeError, ValueError), match="buf_alloc"):
        vsk.Device(buf_alloc=value)


def test_small_queues_do() -> None:
    options = {"queue_size": 4, "rx_buffers": 1, "tx_piece": 100, "tx_indirect": True}
    _, conn = connected(Echo(), guests=[vsk.Guest(**options)])  # type: ignore[arg-type]

    assert conn.exchange(bytes(10_000)) == bytes(10_000)


def test_on_packet_of_a_guest() -> None:
    class Deaf(vsk.Guest):
        def on_packet(self, packet: vsk.Packet) -> bool:
            return packet.op != vsk.Op.RESPONSE

    lab = vsk.Lab(hooked(Acceptor)(), guests=[Deaf()])

    with pytest.raises(TimeoutError):
        lab.guest.connect(2, PORT)
