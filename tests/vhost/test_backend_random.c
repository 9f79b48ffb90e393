/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest that lives, and a front end that says what it likes in any order. */
#include "front_rig.h"

#include <fcntl.h>
#include <unistd.h>

#define MARK VSK_BIT(VSK_FEATURE_PROTOCOL)
/* Of packed rings. */
#define START ((ALL & VSK_F_RING_PACKED) != 0 ? 0x80008000u : 0u)
#define KINDS 20u

/* One of the messages that a front end may say, of rings and memory that are
 * there. */
static vsk_message
draw(struct front *front, rig_random *random, int *fd)
{
    uint32_t ring = rig_draw(random, VSK_QUEUES);
    uint32_t bit = rig_draw(random, 2);
    vsk_message message = front_message(VSK_REQUEST_ADD_MEM_REG);

    *fd = -1;
    switch (rig_draw(random, KINDS)) {
    case 0:
        return front_u64(VSK_REQUEST_SET_FEATURES,
                         (bit ? ALL : ALL & ~BIT(SEQPACKET)) | MARK);
    case 1:
        return front_state(VSK_REQUEST_SET_VRING_NUM, ring, FRONT_SIZE << bit);
    case 2:
    case 3:
        return front_addr(front, ring);
    case 4:
        return front_state(VSK_REQUEST_SET_VRING_BASE, ring,
                           rig_draw(random, 3) | (bit ? START : 0));
    case 5:
    case 6:
        return front_state(VSK_REQUEST_GET_VRING_BASE, ring, 0);
    case 7:
    case 8:
        *fd = bit ? front->kicks[ring] : -1;
        return front_u64(VSK_REQUEST_SET_VRING_KICK,
                         ring | (bit ? 0 : VSK_MESSAGE_NO_FD));
    case 9:
        *fd = bit ? front->calls[ring] : -1;
        return front_u64(VSK_REQUEST_SET_VRING_CALL,
                         ring | (bit ? 0 : VSK_MESSAGE_NO_FD));
    case 10:
    case 11:
    case 12:
        return front_state(VSK_REQUEST_SET_VRING_ENABLE, ring,
                           rig_draw(random, 4) != 0);
    case 13:
        *fd = front->memory_fd;
        message.region = front_region(front, bit);
        return message;
    case 14:
        message.request = VSK_REQUEST_REM_MEM_REG;
        message.region = front_region(front, bit);
        return message;
    case 15:
        return front_message(rig_draw(random, 4) == 0
                                 ? VSK_REQUEST_RESET_DEVICE
                                 : VSK_REQUEST_RESET_OWNER);
    case 16:
        *fd = front->memory_fd;
        message = front_message(VSK_REQUEST_SET_DEVICE_STATE_FD);
        message.transfer.direction = bit;
        return message;
    case 17:
        return front_message(VSK_REQUEST_CHECK_DEVICE_STATE);
    case 18:
        return front_config(VSK_REQUEST_SET_CONFIG, 0, bit, bit);
    default:
        return front_config(VSK_REQUEST_GET_CONFIG, 0, 8, 0);
    }
}

/* Whatever the guest does meanwhile. */
static void
play(struct front *front, rig_random *random)
{
    uint8_t bytes[300] = {0};
    vsk_span span = {.base = bytes, .len = rig_draw(random, sizeof bytes)};
    vsk_outgoing outgoing = {.spans = &span, .count = 1};
    vsk_conn *conn = front->told.conn;
    uint64_t sent;

    if (rig_draw(random, 3) == 0)
        (void)vsk_guest_connect(&front->guest, vsk_loop_now(), VSK_PORT_ANY,
                                VSK_CID_HOST, HOST_PORT, VSK_TYPE_STREAM,
                                &conn);
    else if (conn != NULL && conn->state == VSK_STATE_ESTABLISHED)
        (void)vsk_guest_send(&front->guest, vsk_loop_now(), conn, &outgoing,
                             &sent);
    front->host.size = 0;
    front->told.size = 0;
    front->host.count = 0;
    front->told.count = 0;
    front_run(front);
}

static void
begin(struct front *front)
{
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        front_start(front, i, 0);
    front_run(front);
}

static void
no_order_of_messages_can_harm(void **state)
{
    struct front *front = front_new();
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 3000);
    uint32_t sessions = 0;
    (void)state;

    begin(front);
    for (uint64_t i = 0; i < rounds; i++) {
        vsk_message reply;
        vsk_fds fds;
        int fd;
        vsk_message message = draw(front, &random, &fd);

        message.flags |= rig_draw(&random, 2) << 3;
        front_post(front, &message, &fd, fd >= 0 ? 1 : 0);
        while (vsk_channel_receive(&front->channel, &reply, &fds) == VSK_OK)
            vsk_fds_close(&fds);
        play(front, &random);
        front_forget_notices(front);
        if (front->backend.connected && rig_draw(&random, 100) != 0)
            continue;
        front_hang_up(front);
        front_connect(front);
        begin(front);
        sessions++;
    }
    assert_true(sessions > 0);
    front_hang_up(front);
    front_connect(front);
    begin(front);

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(no_order_of_messages_can_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
