# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The constants of the protocol and of the library, as enums.

A test holds them to the tables in the C headers.
"""

from enum import IntEnum, IntFlag

from vsk._core import status_clause, status_text


class Op(IntEnum):
    """What a packet does (VSOCK-BOTH-07)."""

    INVALID = 0
    REQUEST = 1
    RESPONSE = 2
    RST = 3
    SHUTDOWN = 4
    RW = 5
    CREDIT_UPDATE = 6
    CREDIT_REQUEST = 7


class Protocol(IntFlag):
    """Features of the vhost-user protocol itself (VHU-BOTH-04)."""

    MQ = 1 << 0
    REPLY_ACK = 1 << 3
    BACKEND_REQ = 1 << 5
    CONFIG = 1 << 9
    RESET_DEVICE = 1 << 13
    INBAND_NOTIFICATIONS = 1 << 14
    CONFIGURE_MEM_SLOTS = 1 << 15
    STATUS = 1 << 16
    DEVICE_STATE = 1 << 19


class Type(IntEnum):
    """What kind of connection a packet belongs to (VSOCK-BOTH-12)."""

    STREAM = 1
    SEQPACKET = 2


class Shutdown(IntFlag):
    """Flags of a SHUTDOWN packet (VSOCK-BOTH-28, -29)."""

    RECEIVE = 1
    SEND = 2


class Seq(IntFlag):
    """Flags of a SEQPACKET RW packet (VSOCK-BOTH-37, -39)."""

    EOM = 1
    EOR = 2


class Status(IntEnum):
    """The outcome of a call: OK, NONE, EOF, or the one rule that was broken.

    ERR_* is the caller's fault, BAD_* that of the other side of the memory; RESET, TIMEOUT and
    PIPE are how connections end.
    """

    OK = 0
    NONE = 1
    EOF = 2
    ERR_ARGUMENT = -1
    ERR_SIZE = -2
    ERR_ALIGN = -3
    ERR_ADDRESS = -4
    ERR_REGION = -5
    ERR_SPACE = -6
    ERR_SPANS = -7
    ERR_FULL = -8
    ERR_EMPTY = -9
    ERR_ORDER = -10
    ERR_LENGTH = -11
    ERR_LONG = -12
    ERR_INDIRECT = -13
    ERR_LAYOUT = -14
    ERR_HELD = -15
    ERR_WRITTEN = -16
    ERR_ROOM = -17
    ERR_POOL = -18
    ERR_FREE = -19
    ERR_TABLE = -20
    ERR_IMAGE = -21
    ERR_CLOSED = -22
    ERR_BUSY = -23
    ERR_NOMEM = -24
    ERR_FEATURES = -25
    ERR_FORWARDED = -26
    ERR_STATE = -27
    ERR_CID = -28
    ERR_TYPE = -29
    ERR_MESSAGE = -30
    ERR_HANDLE = -31
    ERR_HOOK = -32
    ERR_SYSTEM = -33
    ERR_PROTOCOL = -34
    ERR_IN_ORDER = -35
    ERR_MIXED = -36
    BAD_SHORT = -101
    BAD_LEN = -102
    BAD_LIMIT = -103
    BAD_TX_WRITABLE = -104
    BAD_RX_READABLE = -105
    BAD_RX_SHORT = -106
    BAD_AVAIL_IDX = -107
    BAD_HEAD = -108
    BAD_NEXT = -109
    BAD_LOOP = -110
    BAD_LONG = -111
    BAD_ADDRESS = -112
    BAD_TOTAL = -113
    BAD_ORDER = -114
    BAD_INDIRECT = -115
    BAD_NESTED = -116
    BAD_INDIRECT_NEXT = -117
    BAD_TABLE_LEN = -118
    BAD_TABLE_ADDRESS = -119
    BAD_USED_IDX = -120
    BAD_USED_ID = -121
    BAD_USED_LEN = -122
    BAD_CID = -123
    BAD_TYPE = -124
    BAD_OP = -125
    BAD_FLAGS = -126
    BAD_PAYLOAD = -127
    BAD_FWD_CNT = -128
    BAD_CREDIT = -129
    BAD_STATE = -130
    BAD_SHUT = -131
    BAD_FLOW = -132
    BAD_FEATURES = -133
    BAD_STATUS = -134
    BAD_CAPTURE = -135
    BAD_FLOOD = -136
    BAD_EVENT = -137
    BAD_MESSAGE = -138
    BAD_MESSAGE_SIZE = -139
    BAD_REQUEST = -140
    BAD_FDS = -141
    BAD_RING = -142
    BAD_REGION = -143
    BAD_PROTOCOL = -144
    BAD_REPLY = -145
    BAD_HANGUP = -146
    BAD_ACK = -147
    BAD_CONFIG = -148
    BAD_DIAL = -149
    BAD_PORT = -150
    BAD_LIST = -151
    BAD_CUT = -152
    RESET = -201
    TIMEOUT = -202
    PIPE = -203

    @property
    def text(self) -> str:
        """The rule in words."""
        return status_text(self)

    @property
    def clause(self) -> str:
        """The clause of the specification; "" where the rule is the library's own."""
        return status_clause(self)


class State(IntEnum):
    """Where a connection stands."""

    CLOSED = 0
    CONNECTING = 1
    REQUESTED = 2
    ESTABLISHED = 3
    CLOSING = 4
    DRAINING = 5


class Reason(IntEnum):
    """Why a connection has ended."""

    NONE = 0
    CLOSED = 1
    REFUSED = 2
    RESET = 3
    LOCAL = 4
    TIMEOUT = 5
    PROTOCOL = 6
    REPLACED = 7
    TRANSPORT = 8


class Feature(IntFlag):
    """Feature bits that a device offers and a guest accepts.

    Up to VERSION_1 a Device offers them unless it says otherwise; guests accept all. With
    RING_PACKED all three queues are packed rings, with IN_ORDER the device uses buffers in the
    order in which they came: Device(features=vsk.device.OFFERED | Feature.RING_PACKED).
    NOTIFICATION_DATA and RING_RESET are for labs. ACCESS_PLATFORM and ORDER_PLATFORM change
    nothing: addresses are the guest's own, and both ends are software.
    """

    STREAM = 1 << 0
    SEQPACKET = 1 << 1
    NO_IMPLIED_STREAM = 1 << 2
    INDIRECT_DESC = 1 << 28
    EVENT_IDX = 1 << 29
    VERSION_1 = 1 << 32
    ACCESS_PLATFORM = 1 << 33
    RING_PACKED = 1 << 34
    IN_ORDER = 1 << 35
    ORDER_PLATFORM = 1 << 36
    NOTIFICATION_DATA = 1 << 38
    RING_RESET = 1 << 40
