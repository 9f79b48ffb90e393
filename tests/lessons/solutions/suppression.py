# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Answers to lesson 8."""

from typing import Any

MASK = 0xFFFF


def kick_due(event: int, old: int, new: int) -> bool:
    return (new - event - 1) & MASK < (new - old) & MASK


def without_a_wrap(event: int, old: int, new: int) -> bool:
    return old <= event < new


def only_the_last(event: int, old: int, new: int) -> bool:
    return event == (new - 1) & MASK


def one_too_far(event: int, old: int, new: int) -> bool:
    return kick_due((event - 1) & MASK, old, new)


def ever_passed(event: int, old: int, new: int) -> bool:
    return event < new


def at_every_time(event: int, old: int, new: int) -> bool:
    return True


def a_number(event: int, old: int, new: int) -> int:
    return new - event


def take(device: Any) -> None:
    for chain in device:
        device.push(chain, 0)


def rest(device: Any) -> None:
    while True:
        device.disable_kicks()
        take(device)
        if not device.enable_kicks():
            return


def short(device: Any) -> None:
    take(device)
    while device.enable_kicks():
        take(device)


def without_a_look(device: Any) -> None:
    take(device)
    device.enable_kicks()


def one_look_more(device: Any) -> None:
    take(device)
    if device.enable_kicks():
        take(device)


def asks_first(device: Any) -> None:
    device.enable_kicks()
    take(device)


def never_asks(device: Any) -> None:
    take(device)


def keeps(device: Any) -> None:
    while device.pop():
        pass
    device.enable_kicks()


def never_ends(device: Any) -> None:
    while True:
        take(device)


RIGHT = {
    1: [(kick_due,)],
    2: [(rest,), (short,)],
    3: [(["device loads", "driver stores", "driver loads", "device stores"],)],
}

WRONG: dict[int, list[tuple[tuple[object, ...], str]]] = {
    1: [
        ((without_a_wrap,), "the index wraps"),
        ((only_the_last,), "5 is not the last of them"),
        ((one_too_far,), "is True: the one chain offered stands at index 0"),
        ((ever_passed,), "index 3 was passed before"),
        ((at_every_time,), "nothing stands there yet"),
        ((a_number,), "the answer is True or False"),
        ((True,), "Hand over the function itself"),
    ],
    2: [
        ((without_a_look,), "enable_kicks said True: something is there"),
        ((one_look_more,), "Ask for kicks behind the last pop"),
        ((asks_first,), "Ask for kicks behind the last pop"),
        ((never_asks,), "it never asks for kicks"),
        ((keeps,), "a chain in its hands"),
        ((never_ends,), "It still runs after 200 calls"),
        ((3,), "Hand over the function itself"),
    ],
    3: [
        ((["driver loads", "device loads", "driver stores", "device stores"],), "has its fence"),
        ((["driver stores", "device stores", "driver loads", "device loads"],), "and kicks"),
        ((["driver stores", "driver loads", "device loads", "device stores"],), "and takes it"),
        ((["driver stores"],), "each once"),
    ],
}
