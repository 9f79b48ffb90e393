// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* vsock-test: checks of AF_VSOCK in a guest against the device of host.py, as TAP.

   vsock-test [-b BYTES] [-l] [PREFIX ...]
     -b  the buffer of the device's connections (262144)
     -l  list the names
   Without PREFIX all run; else those whose names begin with one. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "rig.h"

#define MIB ((size_t)1 << 20)
#define SECONDS 60

struct run {
    char **prefixes;
    bool list;
    int failed;
    int number;
};

static bool
is_wanted(const struct run *run, const char *name)
{
    char **prefix = run->prefixes;

    if (*prefix == NULL)
        return true;
    for (; *prefix != NULL; prefix++)
        if (strncmp(name, *prefix, strlen(*prefix)) == 0)
            return true;
    return false;
}

/* Starts a check; its words come out of what is returned. */
static FILE *
begin(check_run *check, int type, size_t size, pid_t *child)
{
    int ends[2];

    if (pipe(ends) < 0 || (*child = fork()) < 0) {
        perror("vsock-test");
        exit(2);
    }
    if (*child == 0) {
        setpgid(0, 0);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        alarm(SECONDS);
        check(type, size);
        exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

static void
report(struct run *run, const char *name, int status, const char *words)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("ok %s\n", name);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
        printf("ok %s # SKIP %s\n", name, words);
    } else if (WIFSIGNALED(status)) {
        printf("not ok %s: %s %s\n", name, strsignal(WTERMSIG(status)), words);
        run->failed++;
    } else {
        printf("not ok %s: %s\n", name, words);
        run->failed++;
    }
}

static void
check(struct run *run, const char *name, check_run *body, int type, size_t size)
{
    char words[512];
    size_t length;
    pid_t child;
    FILE *said;
    int status;

    if (!is_wanted(run, name))
        return;
    run->number++;
    if (run->list) {
        puts(name);
        return;
    }
    fflush(stdout);
    said = begin(body, type, size, &child);
    length = fread(words, 1, sizeof words - 1, said);
    words[length] = '\0';
    fclose(said);
    if (waitpid(child, &status, 0) < 0)
        status = 0x100;
    kill(-child, SIGKILL); /* helpers that it may have left */
    report(run, name, status, words);
}

static void
check_sizes(struct run *run, const char *kind, check_run *body, int type)
{
    static const size_t sizes[] = {1,     2,      63,          64,      65,
                                   4095,  4096,   4097,        65535,   65536,
                                   65537, 200000, 1000 * 1000, 16 * MIB};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[64];

        snprintf(name, sizeof name, "%s-%s-%zu",
                 type == SOCK_STREAM ? "stream" : "seqpacket", kind, sizes[i]);
        check(run, name, body, type, sizes[i]);
    }
}

static void
check_type(struct run *run, const char *word, int type)
{
    static const struct {
        const char *name;
        check_run *body;
        size_t size;
    } rows[] = {
        {"small-writes", check_small_writes, 5000},
        {"empty-write", check_empty_write, 0},
        {"zerocopy", check_zerocopy, 64 * 1024},
        {"small-buffer", check_small_buffer, MIB},
        {"changing-buffer", check_changing_buffer, MIB},
        {"half-close", check_half_close, 1000},
        {"shut-both", check_shut_both, 0},
        {"linger", check_linger, 100 * 1000},
        {"close", check_close, 100 * 1000},
        {"refused", check_refused, 0},
        {"reset", check_reset, 0},
        {"port-reuse", check_port_reuse, 20},
        {"100", check_many, 100},
        {"called", check_called, 100 * 1000},
        {"called-100", check_called_many, 100},
    };

    check_sizes(run, "send", check_send, type);
    check_sizes(run, "receive", check_receive, type);
    check_sizes(run, "echo", check_echo, type);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[64];

        snprintf(name, sizeof name, "%s-%s", word, rows[i].name);
        check(run, name, rows[i].body, type, rows[i].size);
    }
}

int
main(int argc, char **argv)
{
    struct run run = {0};
    int letter;

    while ((letter = getopt(argc, argv, "b:l")) != -1) {
        if (letter == 'b') {
            device_buffer = strtoul(optarg, NULL, 10);
        } else if (letter == 'l') {
            run.list = true;
        } else {
            fputs("Usage: vsock-test [-b BYTES] [-l] [PREFIX ...]\n", stderr);
            return 2;
        }
    }
    run.prefixes = argv + optind;
    check_type(&run, "stream", SOCK_STREAM);
    check_type(&run, "seqpacket", SOCK_SEQPACKET);
    check(&run, "seqpacket-boundaries", check_boundaries, SOCK_SEQPACKET, 0);
    check(&run, "seqpacket-truncated", check_truncated, SOCK_SEQPACKET, 0);
    check(&run, "seqpacket-too-long", check_too_long, SOCK_SEQPACKET, 0);
    if (!run.list)
        printf("1..%d\n", run.number);
    return run.failed > 0 || run.number == 0;
}
