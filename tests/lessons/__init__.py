# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lessons of docs/lessons: run, and their exercises answered right and wrong."""
