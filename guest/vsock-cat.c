// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* vsock-cat: a connection over AF_VSOCK as stdin and stdout. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

/* No message is longer than the buffer of a socket, which has this size. */
#define RECV_CHUNK (256 * 1024)
/* As much as a pipe holds; on SEQPACKET the longest message that is sent. */
#define SEND_CHUNK (64 * 1024)
/* How often a side that waits for input looks whether the peer is gone. */
#define LOOK_MS 200

struct options {
    int type;
    bool listen;
    bool keep;
    const char *command;
    uint32_t cid;
    uint32_t port;
};

static const char usage_text[] =
    "Usage: vsock-cat [-s stream|seqpacket] [-e CMD] CID PORT\n"
    "       vsock-cat [-s stream|seqpacket] [-k] [-e CMD] -l PORT\n"
    "\n"
    "Connects to PORT of CID (2 is the host), or listens on PORT and takes "
    "one\n"
    "connection; then copies stdin to it and what comes from it to stdout.\n"
    "The end of stdin is told to the peer, and what it still sends is copied.\n"
    "\n"
    "  -s TYPE  stream (if not given) or seqpacket: each read is a message\n"
    "  -e CMD   run CMD by sh instead, with the connection as stdin and "
    "stdout\n"
    "  -l       listen; \"vsock-cat: listening on PORT\" on stderr says it is "
    "so\n"
    "  -k       go on listening: each connection gets a process of its own\n";

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "vsock-cat: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static _Noreturn void
usage(FILE *file, int status)
{
    fputs(usage_text, file);
    exit(status);
}

static uint32_t
number(const char *word)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(word, &end, 10);
    if (*word < '0' || *word > '9' || *end != '\0' || errno != 0 ||
        value > UINT32_MAX) {
        fprintf(stderr, "vsock-cat: no number of 32 bits: %s\n", word);
        exit(2);
    }
    return (uint32_t)value;
}

static int
type_of(const char *word)
{
    if (strcmp(word, "stream") == 0)
        return SOCK_STREAM;
    if (strcmp(word, "seqpacket") == 0)
        return SOCK_SEQPACKET;
    fprintf(stderr, "vsock-cat: neither stream nor seqpacket: %s\n", word);
    exit(2);
}

static struct options
options_of(int argc, char **argv)
{
    struct options options = {.type = SOCK_STREAM};
    int letter;

    while ((letter = getopt(argc, argv, "s:e:lkh")) != -1) {
        if (letter == 's')
            options.type = type_of(optarg);
        else if (letter == 'e')
            options.command = optarg;
        else if (letter == 'l')
            options.listen = true;
        else if (letter == 'k')
            options.keep = true;
        else if (letter == 'h')
            usage(stdout, EXIT_SUCCESS);
        else
            usage(stderr, 2);
    }
    if (argc - optind != (options.listen ? 1 : 2) ||
        (options.keep && !options.listen))
        usage(stderr, 2);
    options.cid = options.listen ? VMADDR_CID_ANY : number(argv[optind]);
    options.port = number(argv[argc - 1]);
    return options;
}

static void
write_all(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDOUT_FILENO, data, size);

        if (done < 0 && errno != EINTR)
            die("stdout");
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
}

/* A stream may take less than all of it, a message goes whole. */
static void
send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, data, size, MSG_NOSIGNAL);

        if (done < 0 && errno != EINTR)
            die("send");
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
}

/* Nothing is sent by this; after SHUTDOWN of both ways, or RST, it fails. */
static bool
is_over(int fd)
{
    return send(fd, "", 0, MSG_NOSIGNAL) < 0;
}

/* True when there is something to read, false when the peer is gone. */
static bool
wait_for_stdin(int fd)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int found;

    while ((found = poll(&input, 1, LOOK_MS)) <= 0) {
        if (found < 0 && errno != EINTR)
            die("poll");
        if (found == 0 && is_over(fd))
            return false;
    }
    return true;
}

static void
copy_stdin(int fd)
{
    static char buffer[SEND_CHUNK];

    while (wait_for_stdin(fd)) {
        ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);

        if (size == 0) {
            /* It fails if the peer was faster, and nothing is lost by that. */
            (void)shutdown(fd, SHUT_WR);
            return;
        }
        if (size < 0 && errno != EINTR)
            die("stdin");
        if (size > 0)
            send_all(fd, buffer, (size_t)size);
    }
}

static void
copy_stdout(int fd)
{
    static char buffer[RECV_CHUNK];
    ssize_t size;

    while ((size = recv(fd, buffer, sizeof buffer, 0)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            die("recv");
        write_all(buffer, (size_t)size);
    }
}

/* Two processes, each of which may block without holding up the other. */
static int
copy(int fd)
{
    const pid_t self = getpid();
    pid_t sender;
    int status;

    signal(SIGPIPE, SIG_IGN);
    sender = fork();
    if (sender < 0)
        die("fork");
    if (sender == 0) {
        /* Left alone it would keep the connection open. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == self)
            copy_stdin(fd);
        _exit(EXIT_SUCCESS);
    }
    copy_stdout(fd);
    /* Whoever waits for the end of our output need not wait for our input. */
    close(STDOUT_FILENO);
    while (waitpid(sender, &status, 0) < 0)
        if (errno != EINTR)
            die("wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int
serve(int fd, const struct options *options)
{
    if (options->command == NULL)
        return copy(fd);
    if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        die("dup2");
    close(fd);
    execl("/bin/sh", "sh", "-c", options->command, (char *)NULL);
    die("sh");
}

static int
open_listener(const struct options *options, int fd)
{
    if (listen(fd, 128) < 0)
        die("listen");
    fprintf(stderr, "vsock-cat: listening on %u\n", options->port);
    for (;;) {
        int conn = accept(fd, NULL, NULL);
        pid_t child;

        if (conn < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (conn < 0)
            die("accept");
        child = options->keep ? fork() : 0;
        if (child < 0)
            die("fork");
        if (child == 0) {
            signal(SIGCHLD, SIG_DFL);
            close(fd);
            return conn;
        }
        close(conn);
    }
}

int
main(int argc, char **argv)
{
    const struct options options = options_of(argc, argv);
    const struct sockaddr_vm address = {
        .svm_family = AF_VSOCK,
        .svm_cid = options.cid,
        .svm_port = options.port,
    };
    int fd;

    if (options.keep)
        signal(SIGCHLD, SIG_IGN); /* nobody asks how they ended */
    fd = socket(AF_VSOCK, options.type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    if (options.listen) {
        if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
            die("bind");
        fd = open_listener(&options, fd);
    } else if (connect(fd, (const struct sockaddr *)&address, sizeof address) <
               0) {
        die("connect");
    }
    return serve(fd, &options);
}
