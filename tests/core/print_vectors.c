/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Prints recorded chains as Python and Lua must print them too, byte for
 * byte: for each line of each file the queue and the chain, then for TX the
 * header. Each chain comes through a fresh ring, see rig_around. */
#include "rig.h"

#include "vsk/text.h"

static void
print(const struct rig_recorded *recorded)
{
    struct rig *rig = rig_around(recorded);
    vsk_packet packet;
    char line[4096];

    rig_post(rig, recorded);
    vsk_text_chain(rig_pop(rig), line, sizeof line);
    printf("%s %s\n", recorded->tx ? "tx" : "rx", line);
    if (recorded->tx) {
        assert_int_equal(
            vsk_packet_from_tx(&packet, &rig->chain, VSK_PAYLOAD_MAX), VSK_OK);
        vsk_text_header(&packet.header, line, sizeof line);
        printf("%s\n", line);
    }
    rig_free(rig);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *text = rig_file(argv[i]);
        const char *at = text;
        struct rig_recorded recorded;

        while (rig_recorded_next(&at, &recorded)) {
            print(&recorded);
            free(recorded.bytes);
        }
        free(text);
    }
    return 0;
}
