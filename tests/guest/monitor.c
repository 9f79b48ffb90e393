// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* vsock-monitor: what the guest's kernel shows of AF_VSOCK, as a pcap file on
   stdout. It makes a link of the type vsockmon, says on stderr that it listens,
   and takes what comes there until its stdin ends.

   Linux sends each packet of virtio-vsock to such a link once: one that comes
   when it is out of the RX ring; one that goes before it is put into the TX ring,
   but since Linux 6.9 only when it is there. Then the device may be faster, and
   where a kernel may be preempted or has several processors, the answer stands in
   front of what it answers. Where no memory is free for the copy, which is in one
   piece, a packet is left out and nobody is told.
   (virtio_transport_deliver_tap_pkt and its callers, net/vmw_vsock) */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>

#define NAME "vsockmon0"
#define KIND "vsockmon"
#define LINKTYPE_VSOCK 271
#define SNAPLEN 262144
#define WAITING (64 << 20) /* bytes that wait for a slow reader, at most */

/* All of a netlink message that makes a link and lets it begin. */
struct request {
    struct nlmsghdr head;
    struct ifinfomsg link;
    struct rtattr name_head;
    char name[RTA_ALIGN(sizeof NAME)];
    struct rtattr info_head;
    struct rtattr kind_head;
    char kind[RTA_ALIGN(sizeof KIND)];
};

struct answer {
    struct nlmsghdr head;
    struct nlmsgerr error;
    char rest[256];
};

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "vsock-monitor: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void
make_link(void)
{
    const struct request request = {
        .head =
            {
                .nlmsg_len = sizeof request,
                .nlmsg_type = RTM_NEWLINK,
                .nlmsg_flags =
                    NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
            },
        .link = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP},
        .name_head = {RTA_LENGTH(sizeof NAME), IFLA_IFNAME},
        .name = NAME,
        .info_head = {RTA_LENGTH(RTA_SPACE(sizeof KIND)), IFLA_LINKINFO},
        .kind_head = {RTA_LENGTH(sizeof KIND), IFLA_INFO_KIND},
        .kind = KIND,
    };
    struct answer answer;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    if (fd < 0 || send(fd, &request, sizeof request, 0) < 0 ||
        recv(fd, &answer, sizeof answer, 0) < 0)
        die("netlink");
    errno = -answer.error.error;
    if (answer.head.nlmsg_type != NLMSG_ERROR || errno != 0)
        die("a link of the type " KIND);
    close(fd);
}

static int
listen_to_link(void)
{
    const int waiting = WAITING;
    const struct sockaddr_ll link = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(NAME),
    };
    /* Bound to no protocol at first: nothing of another link comes in. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &waiting,
                             sizeof waiting) < 0)
        die("socket");
    if (bind(fd, (const struct sockaddr *)&link, sizeof link) < 0)
        die("bind");
    return fd;
}

static void
put(const void *data, size_t size)
{
    if (fwrite(data, 1, size, stdout) != size)
        die("stdout");
}

static void
put_head(void)
{
    const uint32_t head[] = {0xa1b23c4d, 4 << 16 | 2, 0,
                             0,          SNAPLEN,     LINKTYPE_VSOCK};

    put(head, sizeof head);
}

/* Writes the next packet; false when none is there. */
static bool
put_packet(int fd)
{
    static uint8_t data[SNAPLEN];
    ssize_t size = recv(fd, data, sizeof data, MSG_TRUNC);
    struct timespec time;

    if (size < 0 && errno == EAGAIN)
        return false;
    if (size < 0 || ioctl(fd, SIOCGSTAMPNS, &time) < 0)
        die("recv");
    if ((size_t)size > sizeof data) {
        errno = EMSGSIZE;
        die("recv");
    }
    put((const uint32_t[]){(uint32_t)time.tv_sec, (uint32_t)time.tv_nsec,
                           (uint32_t)size, (uint32_t)size},
        16);
    put(data, (size_t)size);
    return true;
}

static void
expect_all(int fd)
{
    struct tpacket_stats stats;
    socklen_t size = sizeof stats;

    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
        die("PACKET_STATISTICS");
    if (stats.tp_drops > 0) {
        errno = ENOBUFS;
        die("packets were dropped");
    }
}

int
main(void)
{
    struct pollfd polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.events = POLLIN}};
    char byte;

    make_link();
    polls[1].fd = listen_to_link();
    put_head();
    fputs("vsock-monitor: listening\n", stderr);
    do {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            die("poll");
        while (put_packet(polls[1].fd))
            ;
    } while ((polls[0].revents & (POLLIN | POLLHUP)) == 0 ||
             read(STDIN_FILENO, &byte, 1) > 0);
    while (put_packet(polls[1].fd))
        ;
    expect_all(polls[1].fd);
    if (fflush(stdout) != 0)
        die("stdout");
    return EXIT_SUCCESS;
}
