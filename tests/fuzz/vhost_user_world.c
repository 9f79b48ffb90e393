/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost_user_parts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What every run has: the memory's file, two eventfds, a pipe. */
static void
make_fds(struct world *w)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    int file = memfd_create("fuzz", MFD_ALLOW_SEALING);

    FUZZ_CHECK(file >= 0 && ftruncate(file, 2 * USER_PART) == 0);
    FUZZ_CHECK(fcntl(file, F_ADD_SEALS, seals) == 0);
    w->base =
        mmap(NULL, 2 * USER_PART, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    FUZZ_CHECK(w->base != MAP_FAILED);
    w->fds[0] = file;
    w->fds[1] = eventfd(0, EFD_NONBLOCK);
    w->fds[2] = eventfd(0, EFD_NONBLOCK);
    FUZZ_CHECK(w->fds[1] >= 0 && w->fds[2] >= 0);
    FUZZ_CHECK(pipe2(w->fds + 3, O_NONBLOCK) == 0);
    w->regions[0] = (vsk_region){USER_LOW, USER_PART, w->base};
    w->regions[1] = (vsk_region){USER_HIGH, USER_PART, w->base + USER_PART};
}

/* Which of the first 64 descriptors are open. */
static uint64_t
open_fds(void)
{
    struct pollfd asked[64];
    uint64_t mask = 0;

    /* One call for all of them: an input has no more calls than this would. */
    for (int fd = 0; fd < 64; fd++)
        asked[fd] = (struct pollfd){.fd = fd};
    FUZZ_CHECK(poll(asked, 64, 0) >= 0);
    for (int fd = 0; fd < 64; fd++)
        if ((asked[fd].revents & POLLNVAL) == 0)
            mask |= VSK_BIT(fd);
    return mask;
}

static void
empty_fds(struct world *w)
{
    uint8_t bytes[256];

    for (uint32_t i = 1; i < 4; i++)
        while (read(w->fds[i], bytes, sizeof bytes) > 0)
            ;
    (void)lseek(w->fds[0], 0, SEEK_SET);
    memset(w->base, FUZZ_FILL, 2 * USER_PART);
}

static void
begin_rings(struct world *w)
{
    FUZZ_CHECK(vsk_memory_init(&w->memory, w->regions, 2) == VSK_OK);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        w->rings[i] = (vsk_ring){.size = QUEUE_SIZE,
                                 .features = w->features & VSK_F_RING};
        vsk_ring_place(&w->rings[i], USER_LOW + 0x400 * i);
        FUZZ_CHECK(vsk_queue_driver_init(&w->drivers[i], &w->memory,
                                         &w->rings[i], w->slots[i]) == VSK_OK);
    }
}

static void
begin_device(struct world *w)
{
    const vsk_device_config config = {
        .policy = role_policy(0),
        .features = VSK_FEATURES,
        .guest_cid = ROLE_GUEST,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };

    w->tables.endpoint = role_tables(&w->endpoint);
    w->tables.span_count = SPANS;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        w->tables.spans[i] = w->spans[i];
    FUZZ_CHECK(vsk_device_init(&w->device, &config, &w->tables) == VSK_OK);
}

struct world *
user_begin(struct fuzz_input *input)
{
    static struct world world;
    struct world *w = &world;
    uint32_t format = fuzz_u8(input);
    vsk_backend_options options = vsk_backend_options_default();
    int ends[2];

    if (w->base == NULL)
        make_fds(w);
    empty_fds(w);
    w->open_fds = open_fds();
    w->features = VSK_FEATURES & ~(uint64_t)VSK_F_IN_ORDER;
    if ((format & 1) == 0)
        w->features &= ~(uint64_t)VSK_F_RING_PACKED;
    if ((format & 4) != 0)
        options.protocol = VSK_PROTOCOL_KNOWN;
    w->asked = w->answered = 0;
    begin_device(w);
    begin_rings(w);
    FUZZ_CHECK(vsk_backend_init(&w->backend, &w->device, &options) == VSK_OK);
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    FUZZ_CHECK(vsk_backend_adopt(&w->backend, ends[0]) == VSK_OK);
    w->front = ends[1];
    if ((format & 2) != 0)
        user_bring_up(w);
    return w;
}

void
user_end(struct world *w)
{
    (void)close(w->front);
    vsk_backend_close(&w->backend);
    FUZZ_CHECK(w->device.endpoint.table.count == 0 ||
               vsk_device_poll(&w->device, vsk_loop_now(), &w->event) ==
                   VSK_OK);
    FUZZ_CHECK(open_fds() == w->open_fds);
}

/* ---- messages ---- */

void
user_send(struct world *w, const uint8_t *bytes, size_t size, const int *fds,
          uint32_t count)
{
    union {
        char room[CMSG_SPACE(FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *item;

    memset(&control, 0, sizeof control);
    if (count != 0) {
        head.msg_control = control.room;
        head.msg_controllen = CMSG_SPACE(count * sizeof(int));
        item = CMSG_FIRSTHDR(&head);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(item), fds, count * sizeof(int));
    }
    (void)sendmsg(w->front, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
user_post(struct world *w, vsk_message *message, vsk_payload payload,
          const int *fds, uint32_t count)
{
    uint8_t wire[VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD];
    uint32_t size;

    fuzz_poison(wire, sizeof wire);
    message->flags |= VSK_MESSAGE_VERSION;
    size = vsk_message_encode(message, payload, wire);
    fuzz_shown(wire, size);
    w->asked++;
    user_send(w, wire, size, fds, count);
}
