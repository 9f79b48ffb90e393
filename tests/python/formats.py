# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The formats of rings that tests run on: keywords for Queue, and features of a Device."""

from vsk import Feature

SPLIT = {"split": dict[str, bool](), "split in order": {"in_order": True}}
PACKED = {"packed": {"packed": True}, "packed in order": {"packed": True, "in_order": True}}
FORMATS = SPLIT | PACKED
# Those where chains may go back in any order.
ANY_ORDER = {name: form for name, form in FORMATS.items() if "in_order" not in form}

OFFERED = (
    Feature.STREAM
    | Feature.SEQPACKET
    | Feature.NO_IMPLIED_STREAM
    | Feature.INDIRECT_DESC
    | Feature.EVENT_IDX
    | Feature.VERSION_1
)


def offered(form: dict[str, bool]) -> int:
    """What a device offers by default, and what such a ring needs."""
    features = OFFERED
    if form.get("packed"):
        features |= Feature.RING_PACKED
    if form.get("in_order"):
        features |= Feature.IN_ORDER
    return int(features)
