# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Connections of a served device as asyncio streams; the guest is in another thread."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

import vsk

T = TypeVar("T")
PORT, PATIENCE = 1234, 20.0
MEBI = 1 << 20
PATTERN = bytes(range(256)) * 4096  # 1 MiB
LEAST = 65536

Play = Callable[[vsk.Guest], T]


class Recorder(vsk.Device):
    """Says which of its hooks were called, and refuses whoever comes to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.calls: list[str] = []

    def on_request(self, conn: vsk.Conn) -> None:
        self.calls.append(f"request {conn.local_port}")

    def on_connect(self, conn: vsk.Conn) -> None:
        self.calls.append("connect")

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.calls.append("data")

    def on_eof(self, conn: vsk.Conn) -> None:
        self.calls.append("eof")

    def on_close(self, conn: vsk.Conn) -> None:
        self.calls.append(f"close {conn.local_port}")


class World:
    """A device in the loop, and a guest in a thread."""

    def __init__(self, path: str, **options: Any) -> None:
        self.path = path
        self.device = Recorder(**options)
        self.go_on = threading.Event()  # for the guest, from the device's side
        self.told = asyncio.Event()  # the other way
        self.loop = asyncio.get_running_loop()
        self.server = vsk.serve(self.device, path)

    def tell(self) -> None:
        """Let the device's side go on; the guest calls it."""
        self.loop.call_soon_threadsafe(self.told.set)

    def stand(self, guest: vsk.Guest) -> None:
        """Let the guest go on with nothing, until it is told to."""
        while not self.go_on.is_set():
            guest._joined().run(within=0.02)
        self.go_on.clear()

    def _guest(self, play: Play[T]) -> T:
        with vsk.attach(self.path) as guest:
            return play(guest)

    def play(self, play: Play[T]) -> "asyncio.Future[T]":
        """Begin the guest's part."""
        return asyncio.ensure_future(asyncio.to_thread(self._guest, play))


Scene = Callable[[World], Coroutine[Any, Any, None]]


@pytest.fixture
def act(tmp_path: Path) -> Callable[..., None]:
    """Play a scene in a loop, with its server, and not for ever."""

    def play(scene: Scene, **options: Any) -> None:
        async def served() -> None:
            world = World(str(tmp_path / "s"), **options)
            task = asyncio.create_task(world.server.serve_forever())
            with world.server:
                try:
                    await asyncio.wait_for(scene(world), PATIENCE)
                finally:
                    world.go_on.set()
            await task

        asyncio.run(served())

    return play


Act = Callable[..., None]


async def opened(
    world: World, play: Play[T]
) -> tuple[StreamReader, StreamWriter, "asyncio.Future[T]"]:
    """A connection of the device's to a guest that listens on PORT."""

    def listens(guest: vsk.Guest) -> T:
        with guest.listen(PORT):
            world.tell()
            return play(guest)

    guest = world.play(listens)
    await world.told.wait()
    world.told.clear()
    reader, writer = await vsk.open_connection(world.device, PORT)
    return reader, writer, guest


def accept(guest: vsk.Guest) -> vsk.Conn:
    number = guest.wait(lambda: guest._role.accepted(PORT), "the device", PATIENCE)
    return guest._conn(0, number)


def drive(guest: vsk.Guest, until: Callable[[], object]) -> None:
    guest._joined().run(until=until, within=PATIENCE)


def idle(guest: vsk.Guest, seconds: float = 0.3) -> None:
    """Go on until nothing more can happen; then some."""
    guest._joined().run(within=seconds)


# ---- both ways in ----


def test_a_guest_reaches_a_coroutine(act: Act) -> None:
    async def upper(reader: StreamReader, writer: StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def scene(world: World) -> None:
        async with await vsk.start_server(upper, world.device, PORT) as server:
            assert repr(server) == f"<StreamServer on port {PORT}: open>"

            def talk(guest: vsk.Guest) -> bytes:
                conn = guest.connect(2, PORT)
                assert conn.exchange(b"hello\n") == b"HELLO\n"
                conn.send(b"and more\nbye\n")
                conn.shutdown(send=True)
                return conn.recv_all()

            assert await world.play(talk) == b"AND MORE\nBYE\n"
        assert world.device.calls == []

    act(scene)


def test_the_device_reaches_a_guest(act: Act) -> None:
    def echo(guest: vsk.Guest) -> None:
        conn = accept(guest)
        conn.send(conn.recv_exactly(5))
        assert conn.recv() == b""
        conn.close()

    async def scene(world: World) -> None:
        reader, writer, guest = await opened(world, echo)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await writer.wait_closed()
        await guest
        assert world.device.calls == []
        assert world.device.connections == ()

    act(scene)


def test_many_connections_at_once(act: Act) -> None:
    async def echo(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    def talk(guest: vsk.Guest) -> None:
        conns = [guest.connect(2, PORT) for _ in range(20)]
        for number, conn in enumerate(conns):
            conn.send(b"%d" % number * 1000)
            conn.shutdown(send=True)
        assert [conn.recv_all() for conn in conns] == [b"%d" % n * 1000 for n in range(20)]

    async def scene(world: World) -> None:
        async with await vsk.start_server(echo, world.device, PORT):
            await world.play(talk)

    act(scene)


def test_its_ends_have_names(act: Act) -> None:
    async def scene(world: World) -> None:
        _, writer, guest = await opened(world, lambda guest: accept(guest).recv())
        conn = writer.get_extra_info("conn")
        assert writer.get_extra_info("peername") == (3, PORT)
        assert writer.get_extra_info("sockname") == (2, conn.local_port)
        assert repr(writer.transport).startswith("<stream of <Conn 2:")
        assert writer.can_write_eof()
        assert writer.transport.get_write_buffer_limits() == (262144, 262144)
        writer.close()
        await guest

    act(scene)


# ---- flow control ----


def test_a_reader_that_does_not_read_stops_the_guest(act: Act) -> None:
    rest: list[bytes] = []

    async def read_late(reader: StreamReader, writer: StreamWriter) -> None:
        await world_of[0].told.wait()
        rest.append(await reader.read())
        writer.close()

    world_of: list[World] = []

    def flood(guest: vsk.Guest) -> int:
        conn = guest.connect(2, PORT)
        conn.send(PATTERN * 4)
        idle(guest)
        stood = conn.tx_bytes
        world_of[0].tell()
        conn.shutdown(send=True)
        assert conn.recv() == b""
        return stood

    async def scene(world: World) -> None:
        world_of.append(world)
        async with await vsk.start_server(read_late, world.device, PORT):
            stood = await world.play(flood)
        # Twice the reader's limit, a packet, and what the device's buffer takes.
        assert LEAST <= stood <= 3 * LEAST + 262144
        assert rest == [PATTERN * 4]

    act(scene)


def test_drain_waits_for_the_guest(act: Act) -> None:
    async def scene(world: World) -> None:
        def read_late(guest: vsk.Guest) -> bytes:
            conn = accept(guest)
            world.stand(guest)
            return conn.recv_all()

        _, writer, guest = await opened(world, read_late)
        writer.write(PATTERN)
        drain = asyncio.create_task(writer.drain())
        done, _ = await asyncio.wait([drain], timeout=0.3)
        assert not done
        assert writer.transport.get_write_buffer_size() > 65536

        world.go_on.set()
        await drain
        assert writer.transport.get_write_buffer_size() <= 65536
        writer.close()
        assert await guest == PATTERN

    act(scene, send_buffer=65536)


def test_who_writes_does_not_wait_for_who_reads(act: Act) -> None:
    """Both sides send more than all buffers hold, and the guest reads only then."""

    async def both(reader: StreamReader, writer: StreamWriter) -> None:
        async def send() -> None:
            writer.write(PATTERN * 2)
            await writer.drain()

        task = asyncio.create_task(send())
        assert await reader.readexactly(2 * MEBI) == PATTERN * 2
        await task
        writer.close()

    def talk(guest: vsk.Guest) -> bytes:
        conn = guest.connect(2, PORT)
        conn.send(PATTERN * 2)
        drive(guest, lambda: not conn.queued)
        return conn.recv_all()

    async def scene(world: World) -> None:
        async with await vsk.start_server(both, world.device, PORT, limit=4096):
            assert await world.play(talk) == PATTERN * 2

    act(scene, send_buffer=65536, buf_alloc=65536)


@pytest.mark.thorough
def test_much_goes_both_ways_unchanged(act: Act) -> None:
    async def echo(reader: StreamReader, writer: StreamWriter) -> None:
        while data := await reader.read(100_000):
            writer.write(data)
            await writer.drain()
        writer.close()

    def talk(guest: vsk.Guest) -> bool:
        return guest.connect(2, PORT).exchange(PATTERN * 16) == PATTERN * 16

    async def scene(world: World) -> None:
        server = await vsk.start_server(echo, world.device, PORT)
        assert await world.play(talk)
        server.close()

    act(scene)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_reading_may_be_paused_by_hand(act: Act, end: str) -> None:
    async def scene(world: World) -> None:
        def send(guest: vsk.Guest) -> None:
            conn = accept(guest)
            world.stand(guest)
            conn.send(b"one")
            drive(guest, lambda: not conn.queued)
            idle(guest, 0.1)
            world.tell()
            world.stand(guest)
            conn.send(b"two")
            guest._joined().run(until=lambda: not guest.connections, within=PATIENCE)

        reader, writer, guest = await opened(world, send)
        transport = writer.get_extra_info("conn")._ear
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        world.go_on.set()
        await world.told.wait()
        assert not reader._buffer  # type: ignore[attr-defined]

        transport.resume_reading()
        assert transport.is_reading()
        assert await reader.readexactly(3) == b"one"
        transport.pause_reading()
        world.go_on.set()
        while writer.get_extra_info("conn").unread == 0:
            await asyncio.sleep(0.01)
        getattr(writer.transport, end)()  # what was not read does not keep it
        await writer.wait_closed()
        await guest

    act(scene)


class Plain(asyncio.Protocol):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.got: list[object] = []
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.got.append(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(error)


def test_another_protocol_may_take_over(act: Act) -> None:
    async def scene(world: World) -> None:
        def send(guest: vsk.Guest) -> bytes:
            conn = accept(guest)
            world.stand(guest)
            conn.send(b"bytes")
            conn.shutdown(send=True)
            return conn.recv_all()

        _, writer, guest = await opened(world, send)
        protocol = Plain()
        writer.transport.set_protocol(protocol)
        assert writer.transport.get_protocol() is protocol
        world.go_on.set()
        assert await protocol.lost is None  # it does not want to send any more
        assert protocol.got == [b"bytes"]
        assert type(protocol.got[0]) is bytes
        await guest

    act(scene)


# ---- half-close ----


def test_each_direction_ends_by_itself(act: Act) -> None:
    async def scene(world: World) -> None:
        def talk(guest: vsk.Guest) -> bytes:
            conn = accept(guest)
            heard = conn.recv_all()
            conn.send(b"I still speak")
            conn.close()
            return heard

        reader, writer, guest = await opened(world, talk)
        writer.write(b"all I say")
        writer.write_eof()
        writer.write_eof()
        with pytest.raises(RuntimeError):
            writer.write(b"more")
        assert await reader.read() == b"I still speak"
        assert reader.at_eof()
        assert await guest == b"all I say"
        writer.close()
        await writer.wait_closed()

    act(scene)


def test_who_waits_in_drain_hears_of_a_half_close(act: Act) -> None:
    async def scene(world: World) -> None:
        _, writer, guest = await opened(world, lambda guest: accept(guest).recv_all())
        writer.write(PATTERN)
        writer.write_eof()
        await writer.drain()
        assert await guest == PATTERN
        writer.close()

    act(scene, send_buffer=65536)


# ---- how it ends ----


async def standing(world: World) -> "asyncio.Future[None]":
    """A guest that is there, and does nothing."""

    def play(guest: vsk.Guest) -> None:
        world.tell()
        world.stand(guest)

    guest = world.play(play)
    await world.told.wait()
    world.told.clear()
    return guest


def test_a_port_that_refuses_is_a_reset(act: Act) -> None:
    async def scene(world: World) -> None:
        guest = await standing(world)
        with pytest.raises(ConnectionResetError, match="answered the REQUEST with RST"):
            await vsk.open_connection(world.device, 99)
        assert world.device.connections == ()
        world.go_on.set()
        await guest

    act(scene)


def silent(world: World) -> Play[None]:
    """A guest whose port 99 answers nothing."""

    def play(guest: vsk.Guest) -> None:
        guest.tx(op="RST", src_port=99, dst=(2, 99))  # from now on it is played by hand
        world.tell()
        world.stand(guest)

    return play


def test_a_guest_that_does_not_answer_is_a_timeout(act: Act) -> None:
    async def scene(world: World) -> None:
        guest = world.play(silent(world))
        await world.told.wait()
        with pytest.raises(TimeoutError):
            await vsk.open_connection(world.device, 99)
        world.go_on.set()
        await guest

    act(scene, connect_timeout=0.2)


def test_who_gives_up_leaves_no_connection(act: Act) -> None:
    async def scene(world: World) -> None:
        guest = world.play(silent(world))
        await world.told.wait()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(vsk.open_connection(world.device, 99), 0.2)
        await asyncio.sleep(0)  # a turn of the loop, for what the reset has left
        assert world.device.connections == ()
        world.go_on.set()
        await guest

    act(scene, connect_timeout=PATIENCE)


def test_a_reset_reaches_who_reads_and_who_writes(act: Act) -> None:
    async def scene(world: World) -> None:
        def reset(guest: vsk.Guest) -> None:
            conn = accept(guest)
            world.stand(guest)
            conn.reset()
            guest._joined().run(until=lambda: not guest.connections, within=PATIENCE)
            idle(guest, 0.05)

        reader, writer, guest = await opened(world, reset)
        writer.write(PATTERN)
        drain = asyncio.create_task(writer.drain())
        world.go_on.set()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        with pytest.raises(ConnectionResetError):
            await drain
        writer.write(b"nobody hears this")
        await guest

    act(scene, send_buffer=65536)


def test_a_peer_that_reads_no_more_breaks_the_pipe(act: Act) -> None:
    async def scene(world: World) -> None:
        def deaf(guest: vsk.Guest) -> None:
            conn = accept(guest)
            conn.shutdown(receive=True)
            idle(guest, 0.1)
            world.tell()
            guest._joined().run(until=lambda: not guest.connections, within=PATIENCE)

        _, writer, guest = await opened(world, deaf)
        await world.told.wait()
        writer.write(b"nobody hears this")
        assert writer.is_closing()
        with pytest.raises(BrokenPipeError):
            await writer.wait_closed()
        await guest

    act(scene)


def test_a_front_end_that_goes_ends_streams(act: Act) -> None:
    async def scene(world: World) -> None:
        reader, _, guest = await opened(world, lambda guest: (accept(guest), None)[1])
        await guest
        with pytest.raises(ConnectionResetError):
            await reader.read()

    act(scene)


def test_the_end_of_the_server_ends_streams(act: Act) -> None:
    async def scene(world: World) -> None:
        def stand(guest: vsk.Guest) -> None:
            accept(guest)
            guest._joined().run(until=lambda: not guest.connections, within=PATIENCE)

        reader, writer, guest = await opened(world, stand)
        world.server.close()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        with pytest.raises(ConnectionResetError):
            await writer.wait_closed()
        await guest

    act(scene)


def test_abort_resets(act: Act) -> None:
    async def scene(world: World) -> None:
        def hear(guest: vsk.Guest) -> str:
            conn = accept(guest)
            with pytest.raises(ConnectionResetError):
                conn.recv_all()
            return conn.reason.name

        _, writer, guest = await opened(world, hear)
        writer.write(PATTERN)
        writer.transport.abort()
        await writer.wait_closed()
        writer.transport.abort()
        assert await guest == "RESET"

    act(scene)


def test_what_is_written_before_close_is_sent(act: Act) -> None:
    async def scene(world: World) -> None:
        _, writer, guest = await opened(world, lambda guest: accept(guest).recv_all())
        writer.write(PATTERN)
        writer.close()
        writer.write(b"too late")
        assert writer.is_closing()
        await writer.wait_closed()
        assert await guest == PATTERN

    act(scene)


def test_what_comes_after_close_is_dropped(act: Act) -> None:
    async def scene(world: World) -> None:
        def send(guest: vsk.Guest) -> None:
            conn = accept(guest)
            world.stand(guest)
            conn.send(b"too late")
            assert conn.recv_all() == PATTERN

        reader, writer, guest = await opened(world, send)
        writer.write(PATTERN)
        writer.close()
        world.go_on.set()
        await writer.wait_closed()
        assert await reader.read() == b""
        await guest

    act(scene)


# ---- servers ----


def test_a_port_has_one_server_at_a_time(act: Act) -> None:
    async def nobody(reader: StreamReader, writer: StreamWriter) -> None:
        raise AssertionError

    async def scene(world: World) -> None:
        server = await vsk.start_server(nobody, world.device, PORT)
        with pytest.raises(vsk.UsageError) as error:
            await vsk.start_server(nobody, world.device, PORT)
        assert error.value.status is vsk.Status.ERR_BUSY

        server.close()
        server.close()
        await server.wait_closed()
        assert not server.is_serving()
        other = await vsk.start_server(nobody, world.device, PORT)
        await other.start_serving()
        assert other.is_serving()
        assert other.get_loop() is world.loop

    act(scene)


def test_a_closed_server_gives_its_port_back_to_the_hooks(act: Act) -> None:
    def ask(guest: vsk.Guest) -> None:
        for kind in vsk.Type:
            with pytest.raises(ConnectionResetError):
                guest.connect(2, PORT, kind)

    async def scene(world: World) -> None:
        server = await vsk.start_server(lambda reader, writer: None, world.device, PORT)
        server.close()
        await world.play(ask)
        assert world.device.calls.count(f"request {PORT}") == 2

    act(scene)


def test_other_ports_are_the_hooks(act: Act) -> None:
    def ask(guest: vsk.Guest) -> None:
        with pytest.raises(ConnectionResetError):
            guest.connect(2, 80)

    async def scene(world: World) -> None:
        await vsk.start_server(lambda reader, writer: None, world.device, PORT)
        await world.play(ask)
        assert world.device.calls == ["request 80", "close 80"]

    act(scene)


def test_messages_are_no_streams(act: Act) -> None:
    def ask(guest: vsk.Guest) -> None:
        with pytest.raises(ConnectionResetError):
            guest.connect(2, PORT, "SEQPACKET")

    async def scene(world: World) -> None:
        await vsk.start_server(lambda reader, writer: None, world.device, PORT)
        await world.play(ask)

    act(scene)


def test_a_request_is_accepted_as_a_stream_when_a_task_says_so(act: Act) -> None:
    async def scene(world: World) -> None:
        asked: asyncio.Queue[vsk.Conn] = asyncio.Queue()

        def on_request(conn: vsk.Conn) -> None:
            conn.defer()
            asked.put_nowait(conn)

        def talk(guest: vsk.Guest) -> bytes:
            conn = guest.connect(2, 80)
            conn.send(b"hello\n")
            return conn.recv_all()

        world.device.on_request = on_request  # type: ignore[method-assign]
        guest = world.play(talk)
        conn = await asked.get()
        await asyncio.sleep(0.05)
        assert not guest.done()
        reader, writer = vsk.accept_connection(conn, limit=100)
        writer.write((await reader.readline()).upper())
        writer.close()
        await writer.wait_closed()

        assert await guest == b"HELLO\n"
        assert world.device.calls == []
        with pytest.raises(vsk.UsageError):
            vsk.accept_connection(conn)

    act(scene)


def test_a_request_for_messages_is_accepted_as_no_stream(act: Act) -> None:
    async def scene(world: World) -> None:
        statuses: list[vsk.Status] = []

        def on_request(conn: vsk.Conn) -> None:
            with pytest.raises(vsk.UsageError) as error:
                vsk.accept_connection(conn)
            statuses.append(error.value.status)

        def ask(guest: vsk.Guest) -> None:
            with pytest.raises(ConnectionResetError):
                guest.connect(2, 80, "SEQPACKET")

        world.device.on_request = on_request  # type: ignore[method-assign]
        await world.play(ask)
        assert statuses == [vsk.Status.ERR_ARGUMENT]

    act(scene)


def test_wait_closed_waits_for_the_last_connection(act: Act) -> None:
    writers: list[StreamWriter] = []

    def keep(reader: StreamReader, writer: StreamWriter) -> None:
        writers.append(writer)

    async def scene(world: World) -> None:
        def talk(guest: vsk.Guest) -> None:
            conn = guest.connect(2, PORT)
            world.tell()
            assert conn.recv() == b""

        server = await vsk.start_server(keep, world.device, PORT)
        guest = world.play(talk)
        await world.told.wait()
        before = asyncio.create_task(server.wait_closed())
        await asyncio.sleep(0)
        server.close()
        behind = asyncio.create_task(server.wait_closed())
        done, _ = await asyncio.wait([before, behind], timeout=0.1)
        assert not done
        writers[0].close()
        await before
        await behind
        await guest

    act(scene)


def test_serve_forever_ends_with_close_or_cancel(act: Act) -> None:
    async def scene(world: World) -> None:
        for end in ("close", "cancel"):
            server = await vsk.start_server(lambda reader, writer: None, world.device, PORT)
            task = asyncio.create_task(server.serve_forever())
            await asyncio.sleep(0)
            assert not task.done()
            (server.close if end == "close" else task.cancel)()
            await asyncio.wait([task])
            assert not server.is_serving()

    act(scene)


class Deferring(vsk.Device):
    """Keeps who asks."""

    asked: vsk.Conn | None = None

    def on_request(self, conn: vsk.Conn) -> None:
        conn.defer()
        self.asked = conn


def test_streams_need_a_device_that_is_served() -> None:
    async def nothing(*streams: object) -> None:
        pass

    async def scene(device: vsk.Device) -> None:
        for call in (
            vsk.open_connection(device, PORT),
            vsk.start_server(nothing, device, PORT),
        ):
            with pytest.raises(vsk.UsageError) as error:
                await call
            assert error.value.status is vsk.Status.ERR_STATE

    device = Deferring()
    asyncio.run(scene(device))
    lab = vsk.Lab(device)
    asyncio.run(scene(device))
    lab.guest.tx(op="REQUEST", src_port=5, dst=(2, 80))
    lab.run(until=lambda: device.asked is not None, within=1)
    assert device.asked is not None
    with pytest.raises(vsk.UsageError) as error:
        vsk.accept_connection(device.asked)
    assert error.value.status is vsk.Status.ERR_STATE
