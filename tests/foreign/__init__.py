# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Probes of vhost-user vsock devices by a guest in Lua: ours, and vhost-device-vsock."""
