# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Make the man page of vsk and what shells complete of it, from its parsers: ./run pages."""

from . import pages

for path in pages.write():
    print(path)
