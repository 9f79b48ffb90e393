/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a guest can do to a device by its rings. */
#include "kit/rogue_parts.h"

#include <stddef.h>

const kit_attack kit_ring_attacks[] = {
    {"ring_next_outside", "ring", "device", "SPLIT-BOTH-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc flags=1 next=16\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_loop", "ring", "device", "SPLIT-DRV-03",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc flags=1 next=0\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_loop_of_two", "ring", "device", "SPLIT-DRV-03",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc slot=0 flags=1 next=1\n"
     "desc slot=1 flags=1 next=0\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_head_outside", "ring", "device", "SPLIT-DRV-05",
     "The queue stops or goes on; a new session works", "pass reject", "",
     "start\n"
     "offer head=16\n"
     "rest within=100\n"},
    {"ring_head_outside_rx", "ring", "device", "SPLIT-DRV-05",
     "The queue stops or goes on; a new session works", "pass reject", "",
     "start\n"
     "offer ring=0 head=65535\n"
     "tx op=REQUEST\n"
     "rest within=100\n"},
    {"ring_index_jumps", "ring", "device", "SPLIT-DRV-06",
     "The queue stops or goes on; a new session works", "pass reject",
     "rust-vmm/vm-virtio#196",
     "start\n"
     "jump add=1000\n"
     "rest within=100\n"},
    {"ring_index_jumps_rx", "ring", "device", "SPLIT-DRV-06",
     "The queue stops or goes on; a new session works", "pass reject",
     "rust-vmm/vm-virtio#196",
     "start\n"
     "jump ring=0 add=1000\n"
     "tx op=REQUEST\n"
     "rest within=100\n"},
    {"ring_index_goes_back", "ring", "device", "SPLIT-DRV-06",
     "The queue stops or goes on; a new session works", "pass reject",
     "rust-vmm/vm-virtio#196",
     "start\n"
     "tx op=RST times=3\n"
     "back\n"
     "jump add=65535\n"
     "rest within=100\n"},
    {"ring_chain_of_nothing", "ring", "device", "VSOCK-BOTH-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc len=0\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_half_a_header", "ring", "device", "VSOCK-BOTH-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc len=43\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_outside_memory", "ring", "device", "RSVF-DRV-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc addr=0x80000000\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_across_the_end", "ring", "device", "RSVF-DRV-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc addr=0xffff0 len=44\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_address_wraps", "ring", "device", "RSVF-DRV-05",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc addr=0xfffffffffffffff0 len=44\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_length_of_4_gib", "ring", "device", "SPLIT-DRV-03",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc len=0xffffffff\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_tx_to_be_written", "ring", "device", "VSOCK-DRV-12",
     "The chain comes back unwritten, and the queue goes on", "pass reject", "",
     "start\n"
     "desc flags=2\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_rx_to_be_read", "ring", "device", "VSOCK-DRV-12",
     "The buffer is not written; the next one is used", "pass reject", "",
     "start\n"
     "desc ring=0 slot=0 addr=0x10000 len=4096 flags=0\n"
     "alive\n"},
    {"ring_rx_too_short", "ring", "device", "VSOCK-BOTH-05",
     "The buffer comes back; the next one is used", "pass reject", "",
     "start\n"
     "desc ring=0 slot=0 addr=0x10000 len=20 flags=2\n"
     "alive\n"},
    {"ring_rx_outside_memory", "ring", "device", "RSVF-DRV-05",
     "The buffer comes back; the next one is used", "pass reject", "",
     "start\n"
     "desc ring=0 slot=0 addr=0x80000000 len=4096 flags=2\n"
     "alive\n"},
    {"ring_table_not_whole", "ring", "device", "SPLITIND-BOTH-01",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc flags=4 len=17\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_table_of_nothing", "ring", "device", "SPLITIND-BOTH-01",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc flags=4 len=0\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_table_in_a_table", "ring", "device", "SPLITIND-DRV-02",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "poke addr=0x48000 u64=0x48000\n"
     "poke addr=0x48008 u32=16\n"
     "poke addr=0x4800c u16=4\n"
     "desc flags=4 len=16\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_table_with_next", "ring", "device", "SPLITIND-DRV-04",
     "The chain comes back, and the queue goes on", "pass reject", "",
     "start\n"
     "desc slot=0 flags=5 len=16 next=1\n"
     "desc slot=1\n"
     "offer\n"
     "back\n"
     "alive\n"},
    {"ring_forty_broken_chains", "ring", "device", "SPLIT-BOTH-05",
     "All come back: none is lost", "pass reject", "CVE-2022-26354",
     "start\n"
     "desc flags=1 next=16\n"
     "offer times=8\n"
     "back\n"
     "offer times=8\n"
     "back\n"
     "offer times=8\n"
     "back\n"
     "offer times=8\n"
     "back\n"
     "offer times=8\n"
     "back\n"
     "alive\n"},
    {"ring_used_is_written", "ring", "device", "SPLIT-DEV-05",
     "The device keeps its own account", "pass reject", "",
     "start\n"
     "alive\n"
     "poke ring=1 area=used addr=2 u16=9999\n"
     "alive\n"},
    {"ring_flags_unknown", "ring", "device", "SPLIT-BOTH-06",
     "Flags that mean nothing change nothing", "pass reject", "",
     "start\n"
     "poke ring=1 area=avail addr=0 u16=0xfffe\n"
     "alive\n"},
    {"ring_kicked_for_nothing", "ring", "device", "SPLIT-DRV-02",
     "Nothing happens", "pass reject", "",
     "start\n"
     "kick times=10000\n"
     "kick ring=0 times=10000\n"
     "alive\n"},
    {.name = NULL},
};
