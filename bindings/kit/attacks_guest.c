/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a device can do to a guest. */
#include "kit/rogue_parts.h"

#include <stddef.h>

const kit_attack kit_guest_attacks[] = {
    {"guest_features_of_nothing", "vhost", "guest", "FEAT-DRV-01",
     "It leaves, for VERSION_1 is not offered", "pass reject", "",
     "lie id=1 u64=0\n"
     "start\n"},
    {"guest_features_of_all", "vhost", "guest", "FEAT-DRV-01",
     "It takes what it knows, or leaves", "pass reject", "",
     "lie id=1 u64=0xffffffffffffffff\n"
     "start\n"},
    {"guest_answer_of_another", "vhost", "guest", "VHU-FE-03", "It leaves",
     "reject", "",
     "lie id=1 hex=0f0000000500000008000000ffffffffffffffff\n"
     "start\n"},
    {"guest_answer_of_2_gib", "vhost", "guest", "VHU-BOTH-02", "It leaves",
     "reject", "",
     "lie id=1 hex=0100000005000000ffffff7f\n"
     "start\n"},
    {"guest_answer_cut", "vhost", "guest", "VHU-FE-03", "It leaves", "reject",
     "",
     "lie id=1 hex=01000000050000000800\n"
     "lie id=2 how=drop\n"
     "start within=12000\n"},
    {"guest_no_answer", "vhost", "guest", "VHU-BE-02",
     "It gives up after its time", "reject", "",
     "lie id=1 how=mute\n"
     "start within=12000\n"},
    {"guest_hung_up", "vhost", "guest", "VHU-BE-03", "It leaves", "reject", "",
     "lie id=1 how=drop\n"
     "start\n"},
    {"guest_message_unasked", "vhost", "guest", "VHU-FE-03", "It leaves",
     "reject", "",
     "start\n"
     "bytes hex=6300000005000000080000000000000000000000\n"
     "rest within=300\n"},
    {"guest_cid_of_the_host", "vhost", "guest", "VSOCK-DEV-08 VSOCK-DEV-09",
     "It leaves, or takes a CID of its own", "pass reject", "",
     "lie id=24 "
     "hex=1800000005000000140000000000000008000000000000000200000000000000\n"
     "start\n"},
    {"guest_used_id_outside", "ring", "guest", "SPLIT-DEV-06",
     "It goes on by its own account, or leaves", "pass reject", "",
     "start\n"
     "used id=0xffff len=44\n"
     "alive\n"},
    {"guest_used_twice", "ring", "guest", "SPLIT-DEV-06",
     "It goes on by its own account, or leaves", "pass reject", "",
     "start\n"
     "rx op=RST\n"
     "used id=0 len=44\n"
     "used id=0 len=44\n"
     "rest within=100\n"},
    {"guest_used_len_of_4_gib", "ring", "guest", "SPLIT-DEV-09",
     "No more is read than the buffer holds", "pass reject", "",
     "start\n"
     "rx op=RST used=0xffffffff\n"
     "alive\n"},
    {"guest_used_idx_jumps", "ring", "guest", "SPLIT-DEV-07",
     "It goes on by its own account, or leaves", "pass reject", "",
     "start\n"
     "jump add=1000\n"
     "rest within=100\n"},
    {"guest_used_idx_goes_back", "ring", "guest", "SPLIT-DEV-07",
     "It goes on by its own account, or leaves", "pass reject", "",
     "start\n"
     "rx op=RST times=3\n"
     "jump add=0xffff\n"
     "rest within=100\n"},
    {"guest_tx_used_unasked", "ring", "guest", "SPLIT-DEV-06",
     "It goes on by its own account, or leaves", "pass reject", "",
     "start\n"
     "used ring=1 id=3\n"
     "rest within=100\n"},
    {"guest_table_is_written", "ring", "guest", "SPLIT-DEV-04",
     "It believes nothing that it reads back", "pass reject", "",
     "start\n"
     "poke addr=0 ring=0 u64=0xffffffffffffffff\n"
     "poke addr=8 ring=0 u64=0xffffffffffffffff\n"
     "poke addr=0 ring=1 u64=0xffffffffffffffff\n"
     "rest within=100\n"},
    {"guest_called_for_nothing", "ring", "guest", "SPLIT-DRV-18",
     "Nothing happens", "pass reject", "",
     "start\n"
     "call times=1000\n"
     "call ring=1 times=1000\n"
     "alive\n"},
    {"guest_half_a_header", "header", "guest", "VSOCK-BOTH-05",
     "The packet is dropped", "pass", "",
     "start\n"
     "rx op=REQUEST used=10\n"
     "alive\n"},
    {"guest_len_beyond_buffer", "header", "guest", "VSOCK-BOTH-08",
     "The packet is dropped", "pass", "",
     "start\n"
     "rx op=RW len=60000 payload=10\n"
     "alive\n"},
    {"guest_len_of_4_gib", "header", "guest", "VSOCK-BOTH-08",
     "The packet is dropped", "pass", "",
     "start\n"
     "rx op=RW len=0xffffffff payload=10\n"
     "alive\n"},
    {"guest_op_unknown", "header", "guest", "VSOCK-BOTH-07", "Nothing breaks",
     "pass", "",
     "start\n"
     "rx op=99\n"
     "alive\n"},
    {"guest_type_unknown", "header", "guest", "VSOCK-DRV-14", "RST", "pass", "",
     "start\n"
     "rx op=REQUEST type=7\n"
     "expect op=RST\n"
     "alive\n"},
    {"guest_of_another_cid", "header", "guest", "VSOCK-BOTH-11",
     "Nothing breaks", "pass", "",
     "start\n"
     "rx op=RW payload=10 dst_cid=77\n"
     "alive\n"},
    {"guest_all_ones", "header", "guest", "VSOCK-BOTH-06", "Nothing breaks",
     "pass", "",
     "start\n"
     "rx op=0xffff type=0xffff src_cid=0xffffffffffffffff "
     "dst_cid=0xffffffffffffffff len=0xffffffff flags=0xffffffff\n"
     "alive\n"},
    {"guest_credit_of_nobody", "credit", "guest", "VSOCK-BOTH-22 VSOCK-BOTH-11",
     "RST, as of any packet for no connection", "pass", "",
     "start\n"
     "rx op=CREDIT_UPDATE buf_alloc=0xffffffff fwd_cnt=0xffffffff\n"
     "expect op=RST\n"
     "alive\n"},
    {"guest_credit_requests_flood", "credit", "guest", "VSOCK-BOTH-21",
     "Each is taken", "pass", "",
     "start\n"
     "rx op=CREDIT_REQUEST times=300\n"
     "alive\n"},
    {"guest_payload_for_nobody", "state", "guest", "VSOCK-BOTH-11", "RST",
     "pass", "",
     "start\n"
     "rx op=RW payload=10\n"
     "expect op=RST\n"
     "alive\n"},
    {"guest_response_unasked", "state", "guest", "VSOCK-BOTH-25", "RST", "pass",
     "",
     "start\n"
     "rx op=RESPONSE\n"
     "expect op=RST\n"
     "alive\n"},
    {"guest_rst_is_final", "state", "guest", "VSOCK-BOTH-31 VSOCK-DRV-14",
     "No answer", "pass", "",
     "start\n"
     "rx op=RST\n"
     "never op=RST within=300\n"
     "alive\n"},
    {"guest_requests_flood", "state", "guest", "VSOCK-BOTH-26 VSOCK-BOTH-27",
     "Each is answered or dropped", "pass", "",
     "start\n"
     "rx op=REQUEST dst_port=0x7fffff00 times=300\n"
     "alive\n"},
    {.name = NULL},
};
