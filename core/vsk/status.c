/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/status.h"

const char *
vsk_status_name(vsk_status status)
{
    switch (status) {
#define CASE(name, value, words, clause)                                       \
    case VSK_##name:                                                           \
        return #name;
        VSK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "UNKNOWN";
}

const char *
vsk_status_text(vsk_status status)
{
    switch (status) {
#define CASE(name, value, words, clause)                                       \
    case VSK_##name:                                                           \
        return words;
        VSK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *
vsk_status_clause(vsk_status status)
{
    switch (status) {
#define CASE(name, value, words, clause)                                       \
    case VSK_##name:                                                           \
        return clause;
        VSK_STATUS_TABLE(CASE)
#undef CASE
    }
    return "";
}

bool
vsk_status_is_peer(vsk_status status)
{
    return vsk_status_name(status)[0] == 'B';
}
