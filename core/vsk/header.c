/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/header.h"

#include <stddef.h>

#include "vsk/le.h"

/* The wire's order without gaps: offsets of the struct are the wire's. */
#define CHECK_OFFSET(name, bits, offset, words)                                \
    _Static_assert(offsetof(vsk_header, name) == (offset), #name);
VSK_HEADER_TABLE(CHECK_OFFSET)

void
vsk_header_decode(vsk_header *header, const uint8_t *wire)
{
#define LOAD(name, bits, offset, words)                                        \
    header->name = vsk_le_load##bits(wire + (offset));
    VSK_HEADER_TABLE(LOAD)
#undef LOAD
}

void
vsk_header_encode(const vsk_header *header, uint8_t *wire)
{
#define STORE(name, bits, offset, words)                                       \
    vsk_le_store##bits(wire + (offset), header->name);
    VSK_HEADER_TABLE(STORE)
#undef STORE
}

bool
vsk_header_equal(const vsk_header *header, const vsk_header *other)
{
#define DIFFERS(name, bits, offset, words)                                     \
    if (header->name != other->name)                                           \
        return false;
    VSK_HEADER_TABLE(DIFFERS)
#undef DIFFERS
    return true;
}

/* The flags that an op has; those of RW belong to SEQPACKET alone. */
static uint32_t
flags_allowed(const vsk_header *header)
{
    if (header->op == VSK_OP_SHUTDOWN)
        return VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND;
    if (header->op == VSK_OP_RW && header->type == VSK_TYPE_SEQPACKET)
        return VSK_SEQ_EOM | VSK_SEQ_EOR;
    return 0;
}

vsk_status
vsk_header_check(const vsk_header *header)
{
    if (header->src_cid >> 32 != 0 || header->dst_cid >> 32 != 0)
        return VSK_BAD_CID;
    if (vsk_type_name(header->type) == NULL)
        return VSK_BAD_TYPE;
    if (header->op == VSK_OP_INVALID || vsk_op_name(header->op) == NULL)
        return VSK_BAD_OP;
    if ((header->flags & ~flags_allowed(header)) != 0)
        return VSK_BAD_FLAGS;
    if (header->op != VSK_OP_RW && header->len != 0)
        return VSK_BAD_PAYLOAD;
    return VSK_OK;
}

void
vsk_header_set_flag(vsk_header *header, uint32_t mask)
{
    header->flags |= mask;
}

const char *
vsk_header_flag_name(const vsk_header *header, uint32_t mask)
{
    if ((flags_allowed(header) & mask) == 0)
        return NULL;
    if (header->op == VSK_OP_SHUTDOWN)
        return mask == VSK_SHUTDOWN_RECEIVE ? "RECEIVE" : "SEND";
    return mask == VSK_SEQ_EOM ? "EOM" : "EOR";
}

const char *
vsk_op_name(uint16_t op)
{
    switch (op) {
#define CASE(name, value, words)                                               \
    case value:                                                                \
        return #name;
        VSK_OP_TABLE(CASE)
    default:
        return NULL;
    }
}

const char *
vsk_type_name(uint16_t type)
{
    switch (type) {
        VSK_TYPE_TABLE(CASE)
#undef CASE
    default:
        return NULL;
    }
}
