// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_HOLDS 65536

enum { INPUT, OUTPUT, ERRORS, STREAMS };

struct job {
    uint32_t id; /* 0: this place is free */
    pid_t pid;
    int fds[STREAMS]; /* our ends, or -1; a terminal is OUTPUT and INPUT */
    bool terminal;
    bool ended;
    bool told;
    bool input_ends;
    int status;
    size_t held; /* bytes of input not yet taken */
    uint8_t input[FRAME_WINDOW];
};

static struct job jobs[JOBS_MOST];

static struct job *
find(uint32_t id)
{
    for (size_t i = 0; i < JOBS_MOST; i++)
        if (jobs[i].id == id)
            return &jobs[i];
    return NULL;
}

static void
drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
refuse(uint32_t id)
{
    const char *words = strerror(errno);

    frames_send(FRAME_ERRORS, id, "vsk: ", 5);
    frames_send(FRAME_ERRORS, id, words, strlen(words));
    frames_send(FRAME_ERRORS, id, "\n", 1);
    frames_send_u32(FRAME_EXIT, id, 126 << 8);
}

static _Noreturn void
become_shell(const int theirs[STREAMS], bool terminal, const char *command)
{
    sigset_t none;

    setsid();
    for (int i = 0; i < STREAMS; i++)
        dup2(theirs[i], i);
    if (terminal)
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Our end of each stream and the command's. */
static bool
open_pipes(int ours[STREAMS], int theirs[STREAMS])
{
    for (int i = 0; i < STREAMS; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
            return false;
        ours[i] = ends[i == INPUT ? 1 : 0];
        theirs[i] = ends[i == INPUT ? 0 : 1];
    }
    return true;
}

static bool
open_terminal(int ours[STREAMS], int theirs[STREAMS])
{
    char name[64];

    ours[OUTPUT] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ours[OUTPUT] < 0 || grantpt(ours[OUTPUT]) < 0 ||
        unlockpt(ours[OUTPUT]) < 0 ||
        ptsname_r(ours[OUTPUT], name, sizeof name) != 0)
        return false;
    ours[INPUT] = fcntl(ours[OUTPUT], F_DUPFD_CLOEXEC, 0);
    for (int i = 0; i < STREAMS; i++)
        theirs[i] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return theirs[ERRORS] >= 0;
}

static void
start(struct job *job, const char *command)
{
    int theirs[STREAMS] = {-1, -1, -1};
    bool open = job->terminal ? open_terminal(job->fds, theirs)
                              : open_pipes(job->fds, theirs);

    job->pid = open ? fork() : -1;
    if (job->pid == 0)
        become_shell(theirs, job->terminal, command);
    if (job->pid < 0)
        refuse(job->id);
    for (int i = 0; i < STREAMS; i++) {
        drop(&theirs[i]);
        if (job->pid < 0)
            drop(&job->fds[i]);
        else if (job->fds[i] >= 0)
            fcntl(job->fds[i], F_SETFL, O_NONBLOCK);
    }
    if (job->pid < 0)
        job->id = 0;
}

static void
run(const struct frame *frame)
{
    static char command[FRAME_MOST + 1];
    struct job *job = find(0);

    if (job == NULL || frame->size == 0) {
        errno = job == NULL ? EAGAIN : EINVAL;
        refuse(frame->job);
        return;
    }
    memcpy(command, frame->payload + 1, (size_t)frame->size - 1);
    command[frame->size - 1] = '\0';
    *job = (struct job){
        .id = frame->job,
        .fds = {-1, -1, -1},
        .terminal = frame->payload[0] == 1,
    };
    start(job, command);
}

static void
take_input(struct job *job, const struct frame *frame)
{
    if (job->fds[INPUT] < 0 || frame->size > sizeof job->input - job->held) {
        /* Nobody reads it: the host need not wait for that. */
        frames_send_u32(FRAME_TAKEN, job->id, frame->size);
        return;
    }
    memcpy(job->input + job->held, frame->payload, frame->size);
    job->held += frame->size;
}

static void
resize(struct job *job, const struct frame *frame)
{
    const struct winsize size = {
        .ws_row = (unsigned short)frame_u32(frame, 0),
        .ws_col = (unsigned short)frame_u32(frame, 1),
    };

    if (job->terminal && job->fds[OUTPUT] >= 0)
        ioctl(job->fds[OUTPUT], TIOCSWINSZ, &size);
}

static void
signal_job(const struct job *job, int number)
{
    /* A child that was just made leads no group yet. */
    if (kill(-job->pid, number) < 0)
        kill(job->pid, number);
}

void
jobs_take(const struct frame *frame)
{
    struct job *job;

    if (frame->job == 0)
        return;
    if (frame->type == FRAME_RUN) {
        run(frame);
        return;
    }
    job = find(frame->job);
    if (job == NULL)
        return; /* it has ended meanwhile */
    if (frame->type == FRAME_INPUT)
        take_input(job, frame);
    else if (frame->type == FRAME_INPUT_END)
        job->input_ends = true;
    else if (frame->type == FRAME_KILL && !job->ended)
        signal_job(job, (int)frame_u32(frame, 0));
    else if (frame->type == FRAME_RESIZE)
        resize(job, frame);
}

void
jobs_reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < JOBS_MOST; i++) {
            if (jobs[i].id != 0 && jobs[i].pid == pid) {
                jobs[i].ended = true;
                jobs[i].status = status;
            }
        }
    }
}

void
jobs_poll(struct pollfd *polls)
{
    for (size_t i = 0; i < JOBS_MOST; i++) {
        const struct job *job = &jobs[i];
        struct pollfd *poll = polls + i * STREAMS;
        bool read = frames_have_room() || job->told;

        for (int stream = 0; stream < STREAMS; stream++) {
            bool want = stream == INPUT ? job->held > 0 : read;

            poll[stream] = (struct pollfd){
                .fd = job->id != 0 && want ? job->fds[stream] : -1,
                .events = stream == INPUT ? POLLOUT : POLLIN,
            };
        }
    }
}

static void
move_input(struct job *job)
{
    ssize_t done = write(job->fds[INPUT], job->input, job->held);

    if (done < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (done < 0) {
        drop(&job->fds[INPUT]);
        done = (ssize_t)job->held;
    }
    job->held -= (size_t)done;
    memmove(job->input, job->input + done, job->held);
    frames_send_u32(FRAME_TAKEN, job->id, (uint32_t)done);
}

static size_t
move_output(struct job *job, int stream)
{
    uint8_t buffer[FRAME_MOST];
    ssize_t size = read(job->fds[stream], buffer, sizeof buffer);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (size <= 0) {
        drop(&job->fds[stream]); /* EIO is how a terminal ends */
        return 0;
    }
    if (!job->told)
        frames_send(stream == OUTPUT ? FRAME_OUTPUT : FRAME_ERRORS, job->id,
                    buffer, (size_t)size);
    return (size_t)size;
}

/* The command has ended, so no more than a pipe holds is from itself. */
static void
move_rest(struct job *job, int stream)
{
    size_t most = PIPE_HOLDS;
    size_t moved;

    while (job->fds[stream] >= 0 && most > 0) {
        moved = move_output(job, stream);
        if (moved == 0)
            return;
        most -= moved < most ? moved : most;
    }
}

static void
finish(struct job *job)
{
    if (!job->told) {
        move_rest(job, OUTPUT);
        move_rest(job, ERRORS);
        frames_send_u32(FRAME_EXIT, job->id, (uint32_t)job->status);
        job->told = true;
        drop(&job->fds[INPUT]);
    }
    if (job->fds[OUTPUT] < 0 && job->fds[ERRORS] < 0)
        job->id = 0;
}

/* A frame may have given the place to another job since poll. */
static bool
is_ready(const struct job *job, const struct pollfd *poll, int stream)
{
    return poll[stream].revents != 0 && job->fds[stream] >= 0 &&
           poll[stream].fd == job->fds[stream];
}

void
jobs_move(const struct pollfd *polls)
{
    for (size_t i = 0; i < JOBS_MOST; i++) {
        struct job *job = &jobs[i];
        const struct pollfd *poll = polls + i * STREAMS;

        if (job->id == 0)
            continue;
        for (int stream = OUTPUT; stream < STREAMS; stream++)
            if (is_ready(job, poll, stream))
                (void)move_output(job, stream);
        if (is_ready(job, poll, INPUT))
            move_input(job);
        if (job->held == 0 && job->input_ends)
            drop(&job->fds[INPUT]);
        if (job->ended)
            finish(job);
    }
}
