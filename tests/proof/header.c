/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A header of any bytes, decoded, looked at and encoded again. */
#include "vsk/header.h"
#include "any.h"

void
main(void)
{
    uint8_t wire[VSK_HEADER_SIZE];
    vsk_header header, other;

    Frama_C_make_unknown((char *)wire, sizeof wire);
    vsk_header_decode(&header, wire);
    (void)vsk_header_check(&header);
    (void)vsk_header_flag_name(&header, any32());
    (void)vsk_op_name(header.op);
    (void)vsk_type_name(header.type);
    vsk_header_set_flag(&header, any32());
    vsk_header_encode(&header, wire);
    vsk_header_decode(&other, wire);
    (void)vsk_header_equal(&header, &other);
}
