/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a guest can do to a device by packets: headers, credit, states. */
#include "kit/rogue_parts.h"

#include <stddef.h>

const kit_attack kit_packet_attacks[] = {
    {"header_len_beyond_chain", "header", "device", "VSOCK-BOTH-08",
     "The packet is dropped; its chain comes back", "pass", "CVE-2025-39718",
     "start\n"
     "tx op=RW len=5000 payload=10\n"
     "back\n"
     "alive\n"},
    {"header_len_of_4_gib", "header", "device", "VSOCK-BOTH-08",
     "The packet is dropped; its chain comes back", "pass", "",
     "start\n"
     "tx op=RW len=0xffffffff payload=10\n"
     "back\n"
     "alive\n"},
    {"header_len_within_payload", "header", "device",
     "VSOCK-BOTH-08 VSOCK-BOTH-11", "RST, as of any packet for no connection",
     "pass", "",
     "start\n"
     "tx op=RW len=10 payload=100\n"
     "expect op=RST\n"
     "back\n"
     "alive\n"},
    {"header_op_unknown", "header", "device", "VSOCK-BOTH-07",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "tx op=99\n"
     "back\n"
     "alive\n"},
    {"header_op_zero", "header", "device", "VSOCK-BOTH-07",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "tx op=0\n"
     "back\n"
     "alive\n"},
    {"header_type_unknown", "header", "device", "VSOCK-DEV-13", "RST", "pass",
     "",
     "start\n"
     "tx op=REQUEST type=7\n"
     "expect op=RST\n"
     "alive\n"},
    {"header_of_another_guest", "header", "device", "VSOCK-DRV-13",
     "Nothing: no answer goes to a CID that is not the guest's", "pass", "",
     "start\n"
     "tx op=REQUEST src_cid=77\n"
     "never within=300\n"
     "back\n"
     "alive\n"},
    {"header_cid_upper_half", "header", "device", "VSOCK-BOTH-06",
     "Nothing: it is not the guest's CID", "pass", "",
     "start\n"
     "tx op=REQUEST src_cid=0x100000003\n"
     "never within=300\n"
     "back\n"
     "alive\n"},
    {"header_to_another_cid", "header", "device", "VSOCK-BOTH-11",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "tx op=REQUEST dst_cid=77\n"
     "back\n"
     "alive\n"},
    {"header_flags_unknown", "header", "device", "VSOCK-BOTH-37",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "connect\n"
     "tx op=RW payload=10 flags=0xffffffff\n"
     "back\n"
     "alive\n"},
    {"header_payload_on_request", "header", "device", "VSOCK-BOTH-08",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "tx op=REQUEST payload=100\n"
     "back\n"
     "alive\n"},
    {"header_all_ones", "header", "device", "VSOCK-BOTH-06",
     "Nothing breaks; the chain comes back", "pass", "",
     "start\n"
     "tx op=0xffff type=0xffff src_cid=0xffffffffffffffff "
     "dst_cid=0xffffffffffffffff len=0xffffffff flags=0xffffffff "
     "buf_alloc=0xffffffff fwd_cnt=0xffffffff\n"
     "back\n"
     "alive\n"},
    {"credit_overrun", "credit", "device", "VSOCK-DRV-09",
     "RST: nothing is lost silently", "pass", "",
     "start\n"
     "connect buf_alloc=0\n"
     "tx op=RW payload=4000 buf_alloc=0 times=250\n"
     "expect op=RST\n"
     "alive\n"},
    {"credit_of_nothing", "credit", "device", "VSOCK-DEV-11",
     "No payload comes", "pass", "",
     "start\n"
     "connect buf_alloc=0\n"
     "tx op=RW payload=1000 buf_alloc=0\n"
     "sum max=0 within=300\n"
     "alive\n"},
    {"credit_shrinks", "credit", "device", "VSOCK-DEV-11 VSOCK-BOTH-19",
     "No more comes than there was room for", "pass", "CVE-2026-23069",
     "start\n"
     "connect buf_alloc=4096\n"
     "tx op=RW payload=4000 buf_alloc=4096 times=3\n"
     "tx op=CREDIT_UPDATE buf_alloc=100\n"
     "sum max=4096 within=300\n"
     "alive\n"},
    {"credit_fwd_cnt_too_high", "credit", "device", "VSOCK-BOTH-18",
     "It gives no room beyond buf_alloc", "pass", "",
     "start\n"
     "connect buf_alloc=4096\n"
     "tx op=RW payload=4000 buf_alloc=4096 fwd_cnt=0x7fffffff times=6\n"
     "sum max=4096 within=300\n"
     "alive\n"},
    {"credit_fwd_cnt_goes_back", "credit", "device", "VSOCK-BOTH-18",
     "It gives no room beyond buf_alloc", "pass", "",
     "start\n"
     "connect buf_alloc=4096\n"
     "tx op=RW payload=2000 buf_alloc=4096\n"
     "sum max=4096 within=200\n"
     "tx op=CREDIT_UPDATE buf_alloc=4096 fwd_cnt=2000\n"
     "tx op=CREDIT_UPDATE buf_alloc=4096 fwd_cnt=0\n"
     "tx op=RW payload=4000 buf_alloc=4096 times=4\n"
     "sum max=6096 within=300\n"
     "alive\n"},
    {"credit_fwd_cnt_wraps", "credit", "device", "VSOCK-BOTH-19",
     "It gives no room beyond buf_alloc", "pass", "CVE-2026-23069",
     "start\n"
     "connect buf_alloc=4096 fwd_cnt=0xfffff000\n"
     "tx op=RW payload=4000 buf_alloc=4096 fwd_cnt=0xfffff000 times=4\n"
     "sum max=4096 within=300\n"
     "alive\n"},
    {"credit_request_of_nobody", "credit", "device",
     "VSOCK-BOTH-21 VSOCK-BOTH-11", "RST, as of any packet for no connection",
     "pass", "",
     "start\n"
     "tx op=CREDIT_REQUEST\n"
     "expect op=RST\n"
     "alive\n"},
    {"credit_requests_flood", "credit", "device", "VSOCK-BOTH-21 VSOCK-BOTH-10",
     "Each is taken; others are served", "pass", "",
     "start\n"
     "connect\n"
     "tx op=CREDIT_REQUEST times=500\n"
     "back\n"
     "alive\n"},
    {"state_payload_for_nobody", "state", "device", "VSOCK-BOTH-11", "RST",
     "pass", "",
     "start\n"
     "tx op=RW payload=10\n"
     "expect op=RST\n"
     "alive\n"},
    {"state_shutdown_of_nothing", "state", "device", "VSOCK-BOTH-11", "RST",
     "pass", "",
     "start\n"
     "tx op=SHUTDOWN flags=3\n"
     "expect op=RST\n"
     "alive\n"},
    {"state_response_unasked", "state", "device", "VSOCK-BOTH-25", "RST",
     "pass", "",
     "start\n"
     "tx op=RESPONSE\n"
     "expect op=RST\n"
     "alive\n"},
    {"state_rst_is_final", "state", "device", "VSOCK-BOTH-31 VSOCK-DEV-13",
     "No answer", "pass", "cloud-hypervisor/cloud-hypervisor#8692",
     "start\n"
     "tx op=RST\n"
     "never op=RST within=300\n"
     "alive\n"},
    {"state_request_twice", "state", "device", "VSOCK-BOTH-34",
     "The pair is new, or reset; others are served", "pass", "",
     "start\n"
     "connect\n"
     "tx op=REQUEST\n"
     "back\n"
     "alive\n"},
    {"state_response_in_the_midst", "state", "device", "VSOCK-BOTH-25",
     "Nothing breaks", "pass", "",
     "start\n"
     "connect\n"
     "tx op=RESPONSE\n"
     "back\n"
     "alive\n"},
    {"state_payload_after_shutdown", "state", "device", "VSOCK-BOTH-29",
     "RST, or it is dropped; others are served", "pass", "",
     "start\n"
     "connect\n"
     "tx op=SHUTDOWN flags=2\n"
     "tx op=RW payload=10\n"
     "back\n"
     "alive\n"},
    {"state_shutdown_of_all_flags", "state", "device",
     "VSOCK-BOTH-28 VSOCK-BOTH-29", "The connection ends; others are served",
     "pass", "",
     "start\n"
     "connect\n"
     "tx op=SHUTDOWN flags=0xffffffff\n"
     "back\n"
     "alive\n"},
    {"state_requests_flood", "state", "device", "VSOCK-BOTH-27 VSOCK-BOTH-10",
     "Each is answered or dropped; others are served", "pass", "CVE-2026-46214",
     "start\n"
     "tx op=REQUEST each=1 times=300\n"
     "back\n"
     "tx op=RST each=0xffffffff times=300\n"
     "back\n"
     "alive\n"},
    {"state_resets_flood", "state", "device", "VSOCK-BOTH-31",
     "Nothing comes of it", "pass", "",
     "start\n"
     "tx op=RST each=1 times=500\n"
     "back\n"
     "alive\n"},
    {"state_empty_payloads_flood", "state", "device", "VSOCK-BOTH-10",
     "Each is taken; others are served", "pass", "CVE-2026-53132",
     "start\n"
     "connect\n"
     "tx op=RW times=500\n"
     "back\n"
     "alive\n"},
    {"state_reset_in_the_midst", "state", "device", "VSOCK-BOTH-31",
     "No packet of that connection comes any more", "pass", "",
     "start\n"
     "connect\n"
     "tx op=RW payload=4000 times=4\n"
     "tx op=RST\n"
     "back\n"
     "alive\n"},
    {.name = NULL},
};
