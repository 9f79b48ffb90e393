# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How show() prints: with rich where it is installed, else as plain text."""

import sys

try:
    from rich.console import Console
except ImportError:
    Console = None  # type: ignore[assignment, misc]


def show(text: str) -> None:
    """Print a text of the kit, coloured on a terminal that can."""
    if Console is None or not sys.stdout.isatty():
        print(text)
    else:
        Console().print(text, markup=False, soft_wrap=True)
