/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a front end can do to a device by messages. */
#include "kit/rogue_parts.h"

#include <stddef.h>

const kit_attack kit_vhost_attacks[] = {
    {"vhost_version_2", "vhost", "device", "VHU-BOTH-03",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=1 flags=2\n"},
    {"vhost_reply_unasked", "vhost", "device", "VHU-FE-03",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=1 flags=5\n"},
    {"vhost_request_unknown", "vhost", "device", "VHU-BOTH-04",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=200\n"},
    {"vhost_payload_of_2_gib", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=2 size=0x7fffffff u64=0\n"},
    {"vhost_payload_too_short", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=2 u32=0\n"},
    {"vhost_payload_too_long", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=2 zeros=4096\n"},
    {"vhost_half_a_header", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "bytes hex=010000000100\n"},
    {"vhost_header_alone", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=2 size=8\n"},
    {"vhost_noise", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "bytes hex=ffffffffffffffffffffffffffffffffffffffff\n"},
    {"vhost_feature_not_offered", "vhost", "device", "FEAT-DRV-01",
     "It goes on or closes the session; a new one works", "pass reject",
     "CVE-2024-43873",
     "hello\n"
     "message id=2 u64=0xffffffffffffffff\n"},
    {"vhost_protocol_not_offered", "vhost", "device", "VHU-BOTH-04",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=16 u64=0xffffffffffffffff\n"},
    {"vhost_table_without_descriptors", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0x100000 u64=0x550000000000 u64=0\n"},
    {"vhost_table_of_nine", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "message id=5 u32=9 u32=0 zeros=288 fd=memory fd=memory fd=memory "
     "fd=memory fd=memory fd=memory fd=memory fd=memory fd=memory\n"},
    {"vhost_table_counts_4_gib", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "message id=5 u32=0xffffffff u32=0 u64=0 u64=0x100000 u64=0x550000000000 "
     "u64=0 fd=memory\n"},
    {"vhost_region_beyond_file", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0x100000 u64=0x550000000000 u64=0 "
     "fd=small\n"
     "ring ring=1\n"
     "kick\n"},
    {"vhost_region_of_8_eib", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0x8000000000000000 u64=0x550000000000 "
     "u64=0 fd=small\n"},
    {"vhost_region_wraps", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "message id=5 u32=1 u32=0 u64=0xfffffffffffff000 u64=0x100000 "
     "u64=0xfffffffffffff000 u64=0 fd=memory\n"},
    {"vhost_region_of_nothing", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0 u64=0x550000000000 u64=0 "
     "fd=memory\n"},
    {"vhost_regions_overlap", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "message id=5 u32=2 u32=0 u64=0 u64=0x100000 u64=0x550000000000 u64=0 "
     "u64=0x1000 u64=0x100000 u64=0x550000001000 u64=0 fd=memory fd=memory\n"},
    {"vhost_memory_is_a_pipe", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0x100000 u64=0x550000000000 u64=0 "
     "fd=pipe\n"},
    {"vhost_memory_is_a_folder", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=5 u32=1 u32=0 u64=0 u64=0x100000 u64=0x550000000000 u64=0 "
     "fd=folder\n"},
    {"vhost_descriptors_unasked", "vhost", "device", "VHU-FE-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "message id=1 fd=event fd=event fd=event fd=event fd=event fd=event "
     "fd=event fd=event\n"
     "answer\n"},
    {"vhost_memory_is_cut", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "cut size=0\n"
     "kick\n"
     "rest within=200\n"},
    {"vhost_memory_is_cut_behind_rings", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "cut size=0x3000\n"
     "tx op=REQUEST\n"
     "kick\n"
     "rest within=200\n"},
    {"vhost_memory_is_taken", "vhost", "device", "VHU-FE-09",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "message id=5 u32=0 u32=0\n"
     "kick\n"
     "rest within=200\n"},
    {"vhost_ring_of_nothing", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=8 u32=1 u32=0\n"},
    {"vhost_ring_of_seventeen", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=8 u32=1 u32=17\n"},
    {"vhost_ring_of_4_gib", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=8 u32=1 u32=0xffffffff\n"},
    {"vhost_ring_unknown", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=8 u32=200 u32=16\n"},
    {"vhost_ring_outside_memory", "vhost", "device", "VHU-BOTH-07",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "memory\n"
     "ring ring=1\n"
     "message id=9 u32=1 u32=0 u64=0x10 u64=0x20 u64=0x30 u64=0\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_ring_across_the_end", "vhost", "device", "VHU-BOTH-07",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "memory\n"
     "ring ring=1\n"
     "message id=9 u32=1 u32=0 u64=0x5500000ffff0 u64=0x5500000ffff8 "
     "u64=0x5500000ffff8 u64=0\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_ring_not_aligned", "vhost", "device", "SPLIT-DRV-01 VHU-BOTH-07",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "memory\n"
     "ring ring=1\n"
     "message id=9 u32=1 u32=0 u64=0x550000001001 u64=0x550000001801 "
     "u64=0x550000001401 u64=0\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_kick_is_a_pipe", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "memory\n"
     "message id=12 u64=1 fd=pipe\n"},
    {"vhost_kick_is_a_folder", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "file\n"
     "memory\n"
     "message id=12 u64=1 fd=folder\n"},
    {"vhost_kick_is_closed", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "message id=12 u64=1 fd=socket\n"
     "rest within=200\n"},
    {"vhost_kick_is_missing", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=12 u64=1\n"},
    {"vhost_kick_of_another_ring", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=12 u64=0xff fd=event\n"},
    {"vhost_call_is_null", "vhost", "device", "VHU-BOTH-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "message id=13 u64=0 fd=null\n"
     "tx op=REQUEST\n"
     "rest within=100\n"},
    {"vhost_ring_before_memory", "vhost", "device", "VHU-BOTH-07",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "ring ring=0\n"
     "ring ring=1\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_enabled_by_7", "vhost", "device", "VHU-FE-14",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=18 u32=1 u32=7\n"},
    {"vhost_base_of_4_gib", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=10 u32=1 u32=0xffffffff\n"},
    {"vhost_base_of_no_ring", "vhost", "device", "VHU-FE-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=11 u32=77 u32=0\n"
     "answer\n"},
    {"vhost_config_beyond_the_end", "vhost", "device", "VHU-FE-16",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=24 u32=0xfffffff0 u32=256 u32=0 zeros=256\n"
     "answer\n"},
    {"vhost_config_size_lies", "vhost", "device", "VHU-BOTH-02",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=24 u32=0 u32=4000 u32=0\n"},
    {"vhost_config_is_written", "vhost", "device", "VHU-BOTH-04",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "hello\n"
     "message id=25 u32=0 u32=8 u32=0 u64=0\n"},
    {"vhost_stopped_twice", "vhost", "device", "VHU-FE-12",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "message id=11 u32=1 u32=0\n"
     "answer\n"
     "message id=11 u32=1 u32=0\n"
     "answer\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_size_while_it_runs", "vhost", "device", "VHU-FE-10",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "alive\n"
     "message id=8 u32=1 u32=1\n"
     "kick\n"
     "rest within=100\n"},
    {"vhost_comes_and_goes", "vhost", "device", "VHU-BE-03",
     "It goes on or closes the session; a new one works", "pass reject", "",
     "start\n"
     "tx op=REQUEST\n"
     "dial\n"
     "start\n"
     "tx op=REQUEST\n"
     "dial\n"
     "hello\n"
     "dial\n"
     "start\n"
     "alive\n"},
    {.name = NULL},
};
