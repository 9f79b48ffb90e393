# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How fast vsk is, beside others that do the same work."""
