# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The core broken on purpose: a target must find each break within some seconds."""

import json
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import corpus
from .bench import TOP, Bench


class Break(NamedTuple):
    """A file below core/, what stands there, what stands there instead, and who must see it."""

    file: str
    right: str
    wrong: str
    target: str
    words: str


BREAKS = [
    Break(
        "vsk/memory.c",
        "(uint32_t)(region->size - offset);",
        "len;",
        "chain",
        "a span runs over the end of its region",
    ),
    Break(
        "vsk/packet.c",
        "    if (RARE(size > packet->room - packet->size))\n        return VSK_ERR_ROOM;\n",
        "",
        "chain",
        "payload is written without a look at the room",
    ),
    Break(
        "vsk/split_device.c",
        "vsk_ring_let_go(device, chain, written);",
        "vsk_ring_let_go(device, chain, written);\n    chain->held = true;",
        "queue",
        "a head is given back as often as one likes",
    ),
    Break(
        "vsk/split_device.c",
        "vsk_ring_let_go(device, chain, written);",
        "vsk_ring_let_go(device, chain, 0);",
        "queue",
        "more is reported than the chain can hold",
    ),
    Break(
        "vsk/split_driver.c",
        "(id >= driver->size || driver->slots[id].count == 0)",
        "id >= driver->size",
        "queue",
        "the driver takes a head back that it has not offered",
    ),
    Break(
        "vsk/split_device.c",
        "vsk_shared_store32(element, chain->head);",
        "vsk_shared_store32(element, chain->head ^ 1u);",
        "device",
        "another head goes back than came",
    ),
    Break(
        "vsk/device_poll.c",
        "vsk_device_give(device, now, VSK_TX, 0);",
        "vsk_device_give(device, now, VSK_TX, 0), device->memory.regions[2].base[0] ^= 1;",
        "device",
        "a buffer is written after it went back",
    ),
    Break(
        "vsk/credit.c",
        "return used >= credit->peer_buf_alloc ? 0 : credit->peer_buf_alloc - used;",
        "(void)used; return credit->peer_buf_alloc;",
        "device",
        "what is in flight is not taken off the credit",
    ),
    Break(
        "vsk/credit.c",
        "credit->peer_buf_alloc - used;",
        "credit->peer_buf_alloc - used + 1;",
        "driver",
        "one byte is sent beyond the credit",
    ),
    Break(
        "vsk/buffers.c",
        "(void)vsk_pool_free(buffers->pool, range->addr, range->size);\n    records_free",
        "(void)range;\n    records_free",
        "driver",
        "memory of a chain that came back is lost",
    ),
    Break(
        "vsk/endpoint_send.c",
        "header->fwd_cnt = conn->credit.fwd_cnt;",
        "header->fwd_cnt = conn->credit.fwd_cnt + 1;",
        "lab",
        "an honest side says that it has taken more than came",
    ),
    Break(
        "vhost/channel.c",
        "close_all(channel->in_fds, channel->in_fd_count);\n",
        "(void)0;\n",
        "vhost_user",
        "descriptors of a message that is refused stay open",
    ),
    Break(
        "vhost/dial.c", "if (port > PORT_MAX)", "if (port > UINT32_MAX)", "dial", "port 2^32 - 1"
    ),
    Break(
        "vsk/capture_read.c",
        "size > bytes - PACKET_MIN || size > original",
        "size > original",
        "capture",
        "a record goes on behind its block",
    ),
]


def compiled(bench: Bench, change: Break, folder: Path) -> Path:
    """The target with the change in its core."""
    source = TOP / "core" / change.file
    text = source.read_text()
    if change.right not in text:
        raise SystemExit(f"core/{change.file}: {change.right!r} is not there any more")
    broken = folder / source.name
    broken.write_text(text.replace(change.right, change.wrong))
    listed = json.loads((bench.folder / "compile_commands.json").read_text())
    entry = next(item for item in listed if item["file"] == str(source))
    words = shlex.split(entry["command"])
    words = [*words[: words.index("-o")], "-Wno-error", "-c", str(broken), "-o", f"{broken}.o"]
    subprocess.run(words, cwd=entry["directory"], check=True, capture_output=True)
    parts = bench.program(change.target).parent
    objects = sorted((parts / "CMakeFiles" / f"fuzz-{change.target}.dir").glob("*.o"))
    program = folder / "program"
    libraries = [parts / "libfuzz_rig.a", *bench.folder.glob("core/libvsk*.a")]
    # The changed object comes first: the library's own is not asked for any more.
    link = ["clang", "-fsanitize=fuzzer,address,undefined", f"{broken}.o", *map(str, objects)]
    link += ["-Wl,--start-group", *map(str, libraries), "-Wl,--end-group", "-o", str(program)]
    subprocess.run(link, check=True, capture_output=True)
    return program


def found(bench: Bench, change: Break, seconds: int) -> str:
    """What was seen of the break, empty where nothing was."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        program = compiled(bench, change, folder)
        inputs = folder / "inputs"
        inputs.mkdir()
        corpus.unpack(change.target, inputs)
        options = [f"-max_total_time={seconds}", "-seed=1", *bench.options(change.target)]
        command = [str(program), *options, f"-artifact_prefix={folder}/", str(inputs)]
        done = subprocess.run(command, env=bench.env, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    for line in done.stderr.splitlines():
        if "not so:" in line or "ERROR: Addr" in line or "runtime error" in line:
            return line.rsplit("tests/fuzz/", 1)[-1].strip()
    return "libFuzzer gave up"


def main(seconds: int) -> int:
    """Break the core in each way; 1 where nobody sees it."""
    bench = Bench("fuzz")
    unseen = 0
    for change in BREAKS:
        seen = found(bench, change, seconds)
        unseen += not seen
        print(f"{change.target}: {change.words}: {seen or 'NOT SEEN'}", flush=True)
    return int(unseen != 0)
