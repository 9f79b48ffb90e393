# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Of each lesson: answers that are right, and likely mistakes with what is said to them."""
