/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a guest that attacks a device says by messages. */
#include "kit/rogue_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- messages ---- */

/* A descriptor of some kind; the caller closes it. */
static int
descriptor_of(const kit_rogue *rogue, const char *kind)
{
    int ends[2] = {-1, -1};
    int fd = -1;

    if (strcmp(kind, "memory") == 0)
        return fcntl(rogue->memory_fd, F_DUPFD_CLOEXEC, 0);
    if (strcmp(kind, "event") == 0)
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (strcmp(kind, "null") == 0)
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    if (strcmp(kind, "folder") == 0)
        return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (strcmp(kind, "small") == 0) {
        fd = memfd_create("small", MFD_CLOEXEC);
        return fd >= 0 && ftruncate(fd, ROGUE_PAGE) == 0 ? fd : -1;
    }
    if (strcmp(kind, "pipe") == 0 && pipe2(ends, O_CLOEXEC) == 0) {
        (void)close(ends[1]);
        return ends[0];
    }
    if (strcmp(kind, "socket") == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
        (void)close(ends[1]);
        return ends[0];
    }
    return fd;
}

/* Words in their order as bytes and descriptors; how many bytes. */
static uint32_t
compose(const kit_rogue *rogue, uint8_t *wire, uint32_t room, int *fds,
        uint32_t *fd_count)
{
    const rogue_step *step = rogue->step;
    uint32_t size = 0;

    *fd_count = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const char *key = step->words[i].key, *value = step->words[i].value;
        uint64_t number = strtoull(value, NULL, 0);
        uint32_t width = strcmp(key, "u64") == 0   ? 8
                         : strcmp(key, "u32") == 0 ? 4
                                                   : 0;

        if (strcmp(key, "fd") == 0 && *fd_count < 10)
            fds[(*fd_count)++] = descriptor_of(rogue, value);
        else if (strcmp(key, "hex") == 0)
            size += rogue_hex(value, wire + size, room - size);
        else if (strcmp(key, "zeros") == 0 && number <= room - size)
            size += (uint32_t)number;
        else if (width != 0 && width <= room - size) {
            memcpy(wire + size, &number, width);
            size += width;
        }
    }
    return size;
}

static void
close_all(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

/* A message with a header that says what it likes, or bytes alone. */
rogue_end
rogue_message(kit_rogue *rogue, bool has_header)
{
    uint32_t head = has_header ? VSK_MESSAGE_HEADER : 0;
    uint8_t wire[16384] = {0};
    int fds[10];
    uint32_t count;
    uint32_t size =
        compose(rogue, wire + head, sizeof wire - head, fds, &count);
    const uint32_t header[3] = {
        (uint32_t)rogue_number(rogue->step, "id", 0),
        (uint32_t)rogue_number(rogue->step, "flags", VSK_MESSAGE_VERSION),
        (uint32_t)rogue_number(rogue->step, "size", size)};
    rogue_end ended;

    if (has_header)
        memcpy(wire, header, sizeof header);
    ended = rogue_send(rogue, wire, head + size, fds, count);
    close_all(fds, count);
    return ended;
}

static rogue_end
send_words(kit_rogue *rogue, uint32_t id, const void *payload, uint32_t size,
           const int *fds, uint32_t count)
{
    uint8_t wire[512];
    const uint32_t header[3] = {id, VSK_MESSAGE_VERSION, size};

    memcpy(wire, header, sizeof header);
    if (size != 0)
        memcpy(wire + sizeof header, payload, size);
    return rogue_send(rogue, wire, sizeof header + size, fds, count);
}

/* Send a request, and read a number at an offset of its answer. */
static rogue_end
ask(kit_rogue *rogue, uint32_t id, const void *payload, uint32_t size,
    uint32_t offset, uint64_t *number)
{
    vsk_message message;
    vsk_fds fds;
    rogue_end ended = send_words(rogue, id, payload, size, NULL, 0);

    if (ended == ROGUE_GO)
        ended = rogue_receive(rogue, &message, &fds, rogue_deadline(rogue));
    if (ended != ROGUE_GO)
        return ended;
    vsk_fds_close(&fds);
    if (message.request != id || message.size < offset + sizeof *number)
        return rogue_say(rogue, ROGUE_FAIL,
                         "request %u is answered by %u, "
                         "with %u bytes",
                         id, message.request, message.size);
    memcpy(number, vsk_channel_payload(&rogue->channel) + offset,
           sizeof *number);
    return ROGUE_GO;
}

rogue_end
rogue_sync(kit_rogue *rogue)
{
    uint64_t features;

    return ask(rogue, VSK_REQUEST_GET_FEATURES, NULL, 0, 0, &features);
}

/* The answer to what was sent. */
rogue_end
rogue_answer(kit_rogue *rogue)
{
    vsk_message message;
    vsk_fds fds;
    rogue_end ended =
        rogue_receive(rogue, &message, &fds, rogue_deadline(rogue));
    uint64_t number = 0;

    if (ended != ROGUE_GO)
        return ended;
    vsk_fds_close(&fds);
    if (message.size >= sizeof number)
        memcpy(&number, vsk_channel_payload(&rogue->channel), sizeof number);
    if (number != rogue_number(rogue->step, "u64", number))
        return rogue_say(rogue, ROGUE_FAIL, "request %u is answered by %llu",
                         message.request, (unsigned long long)number);
    return ROGUE_GO;
}

/* ---- what a good front end says ---- */

rogue_end
rogue_hello(kit_rogue *rogue)
{
    const uint64_t wanted = VSK_BIT(32) | VSK_BIT(VSK_FEATURE_PROTOCOL) |
                            VSK_BIT(28) | VSK_BIT(1) | VSK_BIT(0);
    const uint64_t needed =
        rogue_number(rogue->step, "protocol",
                     VSK_BIT(VSK_PROTOCOL_MQ) | VSK_BIT(VSK_PROTOCOL_CONFIG));
    const uint32_t part[5] = {0, 8, 0, 0, 0};
    uint64_t offered = 0, cid = 0;
    rogue_end ended =
        ask(rogue, VSK_REQUEST_GET_FEATURES, NULL, 0, 0, &offered);

    if (ended == ROGUE_GO)
        ended = send_words(rogue, VSK_REQUEST_SET_OWNER, NULL, 0, NULL, 0);
    rogue->features = offered & wanted;
    if (ended == ROGUE_GO && (offered & VSK_BIT(VSK_FEATURE_PROTOCOL)) != 0) {
        ended = ask(rogue, VSK_REQUEST_GET_PROTOCOL_FEATURES, NULL, 0, 0,
                    &rogue->protocol);
        rogue->protocol &= needed;
        if (ended == ROGUE_GO)
            ended = send_words(rogue, VSK_REQUEST_SET_PROTOCOL_FEATURES,
                               &rogue->protocol, 8, NULL, 0);
    }
    if (ended == ROGUE_GO)
        ended = send_words(rogue, VSK_REQUEST_SET_FEATURES, &rogue->features, 8,
                           NULL, 0);
    if (ended == ROGUE_GO &&
        (rogue->protocol & VSK_BIT(VSK_PROTOCOL_CONFIG)) != 0) {
        ended = ask(rogue, VSK_REQUEST_GET_CONFIG, part, sizeof part, 12, &cid);
        rogue->cid = cid;
    }
    return ended;
}

/* Memory of our own, that can be cut. */
rogue_end
rogue_make_memory(kit_rogue *rogue)
{
    const vsk_shared_region region = {
        .size = ROGUE_MEMORY, .user = ROGUE_USER, .guest = 0};
    vsk_mapping *mapping;

    vsk_mappings_clear(&rogue->mappings);
    if (rogue->memory_fd >= 0)
        (void)close(rogue->memory_fd);
    rogue->memory_fd = memfd_create("guest", MFD_CLOEXEC);
    if (rogue->memory_fd < 0 || ftruncate(rogue->memory_fd, ROGUE_MEMORY) < 0 ||
        vsk_mapping_new(&region, rogue->memory_fd, &mapping) != VSK_OK)
        return rogue_say(rogue, ROGUE_SKIP, "no memory");
    return vsk_mappings_add(&rogue->mappings, mapping) == VSK_OK
               ? ROGUE_GO
               : rogue_say(rogue, ROGUE_SKIP, "no memory");
}

rogue_end
rogue_tell_memory(kit_rogue *rogue)
{
    const uint64_t table[5] = {1, 0, ROGUE_MEMORY, ROGUE_USER, 0};

    return send_words(rogue, VSK_REQUEST_SET_MEM_TABLE, table, sizeof table,
                      &rogue->memory_fd, 1);
}

static void
lay_ring(rogue_ring *ring, uint32_t index)
{
    int kick = ring->kick, call = ring->call;

    close_all((const int[]){kick, call}, 2);
    *ring = (rogue_ring){
        .desc = index * ROGUE_PAGE,
        .avail = index * ROGUE_PAGE + ROGUE_AVAIL,
        .used = index * ROGUE_PAGE + ROGUE_USED,
        .size = ROGUE_SIZE,
        .kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    };
}

rogue_end
rogue_tell_ring(kit_rogue *rogue, uint32_t index)
{
    rogue_ring *ring = &rogue->rings[index];
    const uint32_t num[2] = {index, ROGUE_SIZE}, base[2] = {index, 0};
    const uint32_t enable[2] = {index, 1};
    const uint64_t where[5] = {index, ROGUE_USER + index * ROGUE_PAGE,
                               ROGUE_USER + index * ROGUE_PAGE + ROGUE_USED,
                               ROGUE_USER + index * ROGUE_PAGE + ROGUE_AVAIL,
                               0};
    const uint64_t word = index;
    rogue_end ended;

    lay_ring(ring, index);
    ended = send_words(rogue, VSK_REQUEST_SET_VRING_NUM, num, 8, NULL, 0);
    if (ended == ROGUE_GO)
        ended =
            send_words(rogue, VSK_REQUEST_SET_VRING_ADDR, where, 40, NULL, 0);
    if (ended == ROGUE_GO)
        ended = send_words(rogue, VSK_REQUEST_SET_VRING_BASE, base, 8, NULL, 0);
    if (ended == ROGUE_GO)
        ended = send_words(rogue, VSK_REQUEST_SET_VRING_CALL, &word, 8,
                           &ring->call, 1);
    if (ended == ROGUE_GO)
        ended = send_words(rogue, VSK_REQUEST_SET_VRING_KICK, &word, 8,
                           &ring->kick, 1);
    if (ended == ROGUE_GO &&
        (rogue->features & VSK_BIT(VSK_FEATURE_PROTOCOL)) != 0)
        ended =
            send_words(rogue, VSK_REQUEST_SET_VRING_ENABLE, enable, 8, NULL, 0);
    return ended;
}
