/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- descriptors ---- */

static void
close_all(int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
        fds[i] = -1;
    }
}

void
vsk_fds_close(vsk_fds *fds)
{
    close_all(fds->fds, fds->count);
    fds->count = 0;
}

int
vsk_fds_take(vsk_fds *fds, uint32_t at)
{
    int fd = fds->fds[at];

    fds->fds[at] = -1;
    return fd;
}

/* ---- life ---- */

void
vsk_channel_init(vsk_channel *channel)
{
    memset(channel, 0, sizeof *channel);
    channel->fd = -1;
}

vsk_status
vsk_channel_open(vsk_channel *channel, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return VSK_ERR_SYSTEM;
    vsk_channel_init(channel);
    channel->fd = fd;
    return VSK_OK;
}

void
vsk_channel_close(vsk_channel *channel)
{
    if (channel->fd < 0)
        return;
    close_all(channel->in_fds, channel->in_fd_count);
    close_all(channel->out_fds, channel->out_fd_count);
    (void)close(channel->fd);
    vsk_channel_init(channel);
}

/* ---- receiving ---- */

/* Keep the descriptors of one recvmsg; too many are closed. */
static vsk_status
keep_fds(vsk_channel *channel, struct msghdr *header)
{
    vsk_status status =
        (header->msg_flags & MSG_CTRUNC) == 0 ? VSK_OK : VSK_BAD_FDS;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (channel->in_fd_count < VSK_MESSAGE_FDS) {
                channel->in_fds[channel->in_fd_count++] = fd;
            } else {
                (void)close(fd);
                status = VSK_BAD_FDS;
            }
        }
    }
    return status;
}

/* Read up to so many bytes of the message: VSK_OK when they are there. */
static vsk_status
read_up_to(vsk_channel *channel, uint32_t size)
{
    while (channel->in_size < size) {
        /* One descriptor more than is allowed: so that it is seen. */
        union {
            char room[CMSG_SPACE((VSK_MESSAGE_FDS + 1) * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec bytes = {channel->in + channel->in_size,
                              size - channel->in_size};
        struct msghdr header = {
            .msg_iov = &bytes,
            .msg_iovlen = 1,
            .msg_control = control.room,
            .msg_controllen = sizeof control.room,
        };
        ssize_t got;
        vsk_status status;

        got = recvmsg(channel->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return VSK_NONE;
        if (got < 0 && errno != ECONNRESET)
            return VSK_ERR_SYSTEM;
        if (got <= 0) {
            channel->ended = true;
            return channel->in_size == 0 ? VSK_EOF : VSK_BAD_HANGUP;
        }
        channel->in_size += (uint32_t)got;
        status = keep_fds(channel, &header);
        if (status != VSK_OK)
            return status;
    }
    return VSK_OK;
}

vsk_status
vsk_channel_receive(vsk_channel *channel, vsk_message *message, vsk_fds *fds)
{
    vsk_status status;

    if (channel->fd < 0)
        return VSK_ERR_CLOSED;
    status = read_up_to(channel, VSK_MESSAGE_HEADER);
    if (channel->in_size >= VSK_MESSAGE_HEADER) {
        /* Also where its descriptors are wrong: it can be named. */
        vsk_status known = vsk_message_header(message, channel->in);

        if (status == VSK_OK)
            status = known;
    }
    if (status == VSK_OK)
        status = read_up_to(channel, VSK_MESSAGE_HEADER + message->size);
    if (status == VSK_NONE)
        return status;
    if (status != VSK_OK) {
        close_all(channel->in_fds, channel->in_fd_count);
    } else {
        memcpy(fds->fds, channel->in_fds, sizeof fds->fds);
        fds->count = channel->in_fd_count;
    }
    channel->in_fd_count = 0;
    channel->in_size = 0;
    return status;
}

const uint8_t *
vsk_channel_payload(const vsk_channel *channel)
{
    return channel->in + VSK_MESSAGE_HEADER;
}

/* ---- sending ---- */

/* Copies of descriptors, so that the caller's may go. */
static vsk_status
copy_fds(vsk_channel *channel, const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

        if (fd < 0) {
            close_all(channel->out_fds, channel->out_fd_count);
            channel->out_fd_count = 0;
            return VSK_ERR_SYSTEM;
        }
        channel->out_fds[channel->out_fd_count++] = fd;
    }
    return VSK_OK;
}

vsk_status
vsk_channel_send(vsk_channel *channel, vsk_message *message,
                 vsk_payload payload, const int *fds, uint32_t count)
{
    vsk_status status;

    if (channel->fd < 0)
        return VSK_ERR_CLOSED;
    if (count > VSK_MESSAGE_FDS)
        return VSK_ERR_ARGUMENT;
    if (vsk_channel_waits(channel))
        return VSK_ERR_BUSY;
    status = copy_fds(channel, fds, count);
    if (status != VSK_OK)
        return status;
    channel->out_size = vsk_message_encode(message, payload, channel->out);
    channel->out_sent = 0;
    status = vsk_channel_flush(channel);
    return status == VSK_NONE ? VSK_OK : status;
}

/* Descriptors go with the first byte, once. */
static ssize_t
write_some(vsk_channel *channel)
{
    union {
        char room[CMSG_SPACE(VSK_MESSAGE_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec bytes = {channel->out + channel->out_sent,
                          channel->out_size - channel->out_sent};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    size_t size = channel->out_fd_count * sizeof(int);

    if (size != 0) {
        struct cmsghdr *part = &control.align;

        memset(&control, 0, sizeof control);
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(size);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(part), channel->out_fds, size);
    }
    return sendmsg(channel->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

vsk_status
vsk_channel_flush(vsk_channel *channel)
{
    if (channel->fd < 0)
        return VSK_ERR_CLOSED;
    while (vsk_channel_waits(channel)) {
        ssize_t sent = write_some(channel);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return VSK_NONE;
        if (sent < 0)
            return errno == EPIPE || errno == ECONNRESET ? VSK_BAD_HANGUP
                                                         : VSK_ERR_SYSTEM;
        close_all(channel->out_fds, channel->out_fd_count);
        channel->out_fd_count = 0;
        channel->out_sent += (uint32_t)sent;
    }
    return VSK_OK;
}

bool
vsk_channel_waits(const vsk_channel *channel)
{
    return channel->out_sent < channel->out_size;
}
