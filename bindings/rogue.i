/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The shared interface of attacks, which only the frontends see. */
%{
#include "kit/rogue.h"
%}

%inline %{
/** Do steps, one in each line, at a socket. @return what came of it */
vsk_status rogue_run(const char *name, bool listens, bool answered,
                     uint32_t port, uint32_t within, const void *data,
                     size_t size, kit_bytes *bytes, kit_why *why) {
    const kit_rogue_how how = {name, listens, answered, port, within};

    return kit_rogue_run(&how, data, size, bytes, why);
}

/** Describe an attack by its number. @return its words, None behind the last */
vsk_status attack(uint32_t index, kit_bytes *bytes) {
    return kit_attack_text(index, bytes);
}
%}
