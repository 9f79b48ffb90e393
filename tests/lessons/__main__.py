# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Run lessons in the terminal, or write what is made of their text: ./run lessons."""

import sys

from . import notebooks

for word in sys.argv[1:]:
    if word == "--write":
        for path in notebooks.write():
            print(path.relative_to(notebooks.TOP))
    else:
        print(notebooks.whole(notebooks.run(notebooks.find(word))))
