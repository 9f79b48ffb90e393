# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What ./run pages makes: the man page of vsk and what shells complete of it, from its parsers;
and the words of the stub, from the module.
"""

from . import pages, stub

for path in (*pages.write(), stub.write()):
    print(path)
