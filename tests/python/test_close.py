# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A close with data unsent: it waits for the send queue, but not for one that does not move."""

from typing import Any

import pytest
from labs import FIRST, MESSAGES, Noted, connected, lines, ops, raw, shake

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

ROOM = 1000  # bytes of the buffer of a guest that reads nothing


def stuck(**options: Any) -> tuple[vsk.Lab, Noted, vsk.Conn]:
    """A device that closes with 4,000 bytes unsent, to a guest without room for more."""
    device = Noted(**options)
    lab = vsk.Lab(device)
    shake(lab.guest, buf_alloc=ROOM)
    (own,) = device.connections
    own.send(bytes(5000))
    own.close()
    return lab, device, own


def make_room(lab: vsk.Lab, at: float, fwd_cnt: int, op: str = "CREDIT_UPDATE") -> None:
    """Let the guest say later how much it has read."""
    lab.guest.after(at, lambda: raw(lab.guest, op, buf_alloc=ROOM, fwd_cnt=fwd_cnt))


def timers(device: vsk.Device) -> int:
    return device._roles[0].count("timers")


@pytest.mark.parametrize(("options", "seconds"), [({}, 8.0), ({"close_timeout": 0.5}, 0.5)])
def test_a_queue_that_does_not_move_ends_with_a_reset(
    options: dict[str, float], seconds: float
) -> None:
    lab, device, own = stuck(**options)
    assert own.queued == 4000

    lab.run()

    assert lab.now == seconds
    assert device.values("close") == [vsk.Reason.TIMEOUT]
    assert (own.queued, device.counters["queued"], timers(device)) == (0, 0, 0)
    assert ops(lab)[-1] == "RST" and "SHUTDOWN" not in ops(lab)


def test_the_trace_shows_the_deadline() -> None:
    lab, _, _ = stuck()

    lab.run()

    last = [line for line in lines(lab) if "timer" in line][-1]
    assert last == "8.000000000 3 timer of the device"


def test_a_close_waits_on_as_long_as_the_queue_moves() -> None:
    lab, device, own = stuck()
    for step in range(1, 5):
        make_room(lab, 5.0 * step, ROOM * step)

    lab.run(within=20)
    assert ops(lab)[-2:] == ["RW", "SHUTDOWN"]
    raw(lab.guest, "RST")
    lab.run()

    assert lab.now == 20.0
    assert own.tx_bytes == 5000
    assert device.values("close") == [vsk.Reason.CLOSED]


def test_a_close_waits_from_when_the_queue_last_moved() -> None:
    lab, device, own = stuck()
    make_room(lab, 5.0, ROOM)
    make_room(lab, 10.0, ROOM, "CREDIT_REQUEST")  # a word from the peer, and no room

    lab.run()

    assert lab.now == 13.0
    assert own.tx_bytes == 2000
    assert device.values("close") == [vsk.Reason.TIMEOUT]


def test_a_message_without_bytes_moves_the_queue_too() -> None:
    device = Noted(buf_alloc=1)
    guest = vsk.Guest(empty_messages=True, ask=False)
    lab, conn = connected(device, MESSAGES, guests=[guest])
    (theirs,) = device.connections
    theirs.pause()
    for _ in range(3):
        conn.send(b"")
    conn.close()
    device.after(5.0, lambda: setattr(theirs, "buf_alloc", 600))  # room for one packet more

    lab.run()

    assert ops(lab).count("RW") == 2
    assert lab.now == 13.0


def test_a_guest_does_not_wait_for_ever_either() -> None:
    device = Noted()
    lab, conn = connected(device, guests=[vsk.Guest(close_timeout=2.0)])
    device.connections[0].pause()
    conn.send(bytes(1 << 20))
    conn.close()
    assert conn.queued > 0

    lab.run()

    assert lab.now == 2.0
    assert (conn.reason, conn.queued) == (vsk.Reason.TIMEOUT, 0)
    assert device.connections[0].reason is vsk.Reason.RESET
    with pytest.raises(TimeoutError, match="took too long"):
        conn.recv()


def test_a_close_before_the_answer_waits_from_when_it_came() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    own = device.connect(FIRST)
    own.send(b"hello")
    own.close()
    lab.guest.tx(op="INVALID", src_port=FIRST, dst=(2, own.local_port))  # played by hand
    lab.guest.after(
        1.5,
        lambda: lab.guest.tx(
            op="RESPONSE", src_port=FIRST, dst=(2, own.local_port), type="STREAM", buf_alloc=0
        ),
    )

    lab.run()

    assert lab.now == 9.5
    assert device.values("close") == [vsk.Reason.TIMEOUT]


def test_a_half_close_has_no_deadline() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest, buf_alloc=ROOM)
    (own,) = device.connections
    own.send(bytes(5000))
    own.shutdown(send=True)

    lab.run(within=600)

    assert (own.state, own.queued) == (vsk.State.ESTABLISHED, 4000)


def test_a_close_after_a_half_close_has_one() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest, buf_alloc=ROOM)
    (own,) = device.connections
    own.send(bytes(5000))
    own.shutdown(send=True)
    lab.run(within=60)
    own.close()

    lab.run()

    assert lab.now == 68.0
    assert own.reason is vsk.Reason.TIMEOUT


def test_closing_twice_does_not_wait_twice() -> None:
    lab, device, own = stuck()
    lab.run(within=5)
    own.close()

    lab.run()

    assert lab.now == 8.0
    assert device.values("close") == [vsk.Reason.TIMEOUT]


def test_a_reset_meanwhile_leaves_no_deadline() -> None:
    lab, device, own = stuck()
    lab.run(within=1)

    own.reset()
    lab.run()

    assert lab.now == 1.0
    assert device.values("close") == [vsk.Reason.LOCAL]
    assert timers(device) == 0


def test_the_deadline_is_not_that_of_who_comes_next() -> None:
    lab, device, _ = stuck()
    lab.run(within=5)
    raw(lab.guest, "RST")
    shake(lab.guest)

    lab.run()

    assert device.values("close") == [vsk.Reason.RESET]
    assert len(device.connections) == 1


def test_the_deadline_goes_back_with_the_lab() -> None:
    class Saved(Noted):
        def save_state(self) -> None:
            """What it heard is not needed again."""

        def load_state(self, state: None) -> None:
            self.calls.clear()

    lab = vsk.Lab(Saved())
    shake(lab.guest, buf_alloc=ROOM)
    (own,) = lab.device.connections
    own.send(bytes(5000))
    own.close()
    lab.run(within=5)
    snapshot = lab.snapshot()
    lab.run()
    first = lines(lab)

    lab.rewind(snapshot)
    lab.run()

    assert lab.now == 8.0
    assert own.reason is vsk.Reason.TIMEOUT
    assert lines(lab)[-4:] == first[-4:]
