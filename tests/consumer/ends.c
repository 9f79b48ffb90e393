/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A program of somebody else's, C or C++: one message crosses a socket. */
#include <stdio.h>
#include <sys/socket.h>

#include <vhost/backend.h>
#include <vhost/channel.h>

int
main(void)
{
    vsk_backend_options options = vsk_backend_options_default();
    vsk_message sent = {VSK_REQUEST_SET_FEATURES, VSK_MESSAGE_VERSION, 0, {0}};
    static vsk_channel front, back;
    static vsk_message got;
    vsk_fds fds;
    int ends[2];
    char line[128];

    sent.u64 = options.protocol;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
        vsk_channel_open(&front, ends[0]) != VSK_OK ||
        vsk_channel_open(&back, ends[1]) != VSK_OK ||
        vsk_channel_send(&front, &sent, VSK_PAYLOAD_U64, NULL, 0) != VSK_OK ||
        vsk_channel_receive(&back, &got, &fds) != VSK_OK ||
        vsk_message_decode(&got, VSK_PAYLOAD_U64, vsk_channel_payload(&back)) !=
            VSK_OK)
        return 1;

    vsk_message_text(&got, vsk_request_find(got.request), VSK_PAYLOAD_U64, line,
                     sizeof line);
    printf("%s\n", line);
    vsk_channel_close(&front);
    vsk_channel_close(&back);
    return 0;
}
