/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the lab that its sources share and nobody else sees.
 */
#ifndef VSK_LAB_PARTS_H
#define VSK_LAB_PARTS_H

#include "vsk/lab.h"

/* Show the tap what a pair did; words may be NULL. */
void vsk_lab_see(const vsk_lab *lab, const vsk_lab_pair *pair,
                 vsk_seen_kind kind, uint32_t queue, const char *words);

/* Whether one of so many in 1,000 cases is now. */
bool vsk_lab_chance(vsk_lab *lab, uint32_t of_thousand);

/* Whether faults need to be asked of every packet. */
bool vsk_lab_meddles(const vsk_faults *faults);

/* Read the guest's CID as a driver does. */
uint64_t vsk_lab_read_cid(vsk_setup *setup);

/* Bring a pair in line with the switches, which may have changed. */
void vsk_lab_adjust(vsk_lab *lab, vsk_lab_pair *pair);

/* Before a poll: change a buffer's size, or bytes of a ring. */
void vsk_lab_disturb(vsk_lab *lab, vsk_lab_pair *pair);

/* After PACKET: change what was read. False where it is gone for now. */
bool vsk_lab_meddle(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side,
                    const vsk_packet *packet);

#endif
