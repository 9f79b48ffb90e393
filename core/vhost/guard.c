/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* A mapping; length is 0 where the slot is free. The handler takes no lock: it
 * believes what it has read only if the version is even and stays the same. */
struct watched {
    atomic_uint version;
    atomic_uintptr_t start;
    atomic_size_t length;
    atomic_bool cut;
};

static struct watched slots[VSK_GUARD_SLOTS];
static atomic_size_t page;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The handler that was there before ours. It may change while it is asked: of
 * two places one is not written. */
static struct sigaction before[2];
static atomic_uint current;

/* That a fault was passed on. A handler that gives up puts back the one before
 * it, which may be ours, and raises the signal: that one ends the process.
 * No allocation at the first use, for it may be within a signal. */
static _Thread_local volatile sig_atomic_t passed
    __attribute__((tls_model("initial-exec")));

/* ---- within the signal ---- */

static bool
contains(struct watched *watched, uintptr_t address, uintptr_t *start,
         size_t *length)
{
    unsigned version = atomic_load(&watched->version);

    *start = atomic_load(&watched->start);
    *length = atomic_load(&watched->length);
    /* Below start the difference wraps, and is above any length. */
    return version % 2 == 0 && atomic_load(&watched->version) == version &&
           address - *start < *length;
}

/* Zeros where there is no file any more. A page of more than the usual size
 * cannot be replaced in part: then all of the mapping is. */
static bool
patch(uintptr_t address, uintptr_t start, size_t length)
{
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const int access = PROT_READ | PROT_WRITE;
    size_t size = atomic_load(&page);
    void *at = (void *)(address - address % size);

    /* A page of the mapping: nothing else of the process is replaced. */
    return mmap(at, size, access, kind, -1, 0) != MAP_FAILED ||
           mmap((void *)start, length, access, kind, -1, 0) != MAP_FAILED;
}

static bool
mend(uintptr_t address)
{
    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++) {
        uintptr_t start;
        size_t length;

        if (!contains(&slots[i], address, &start, &length))
            continue;
        if (!patch(address, start, length))
            return false;
        atomic_store(&slots[i].cut, true);
        return true;
    }
    return false;
}

static void
end_by(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    (void)sigaction(number, &action, NULL);
    /* Where it is blocked it waits for the handler's return. */
    (void)raise(number);
}

static void
pass_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction *next = &before[atomic_load(&current)];
    bool is_fault = info->si_code > 0;

    if (!is_fault && passed) {
        end_by(number);
        return;
    }
    passed = is_fault;
    if ((next->sa_flags & SA_SIGINFO) != 0)
        next->sa_sigaction(number, info, context);
    else if (next->sa_handler == SIG_DFL ||
             (is_fault && next->sa_handler == SIG_IGN))
        end_by(number);
    else if (next->sa_handler != SIG_IGN)
        next->sa_handler(number);
}

static void
on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    if (info->si_code != BUS_ADRERR || !mend((uintptr_t)info->si_addr))
        pass_on(number, info, context);
    errno = saved;
}

/* ---- outside ---- */

/* Be the first that is asked; the lock is held. */
static void
install(void)
{
    struct sigaction own = {.sa_sigaction = on_signal,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK};
    uint32_t free_place = 1 - atomic_load(&current);
    struct sigaction *found = &before[free_place];

    (void)sigemptyset(&own.sa_mask);
    (void)sigaction(SIGBUS, NULL, found);
    if (found->sa_sigaction == on_signal)
        return;
    atomic_store(&page, (size_t)sysconf(_SC_PAGESIZE));
    atomic_store(&current, free_place);
    (void)sigaction(SIGBUS, &own, NULL);
}

static void
write_slot(struct watched *watched, uintptr_t start, size_t length)
{
    atomic_fetch_add(&watched->version, 1);
    atomic_store(&watched->start, start);
    atomic_store(&watched->length, length);
    atomic_store(&watched->cut, false);
    atomic_fetch_add(&watched->version, 1);
}

static vsk_status
take_slot(const void *start, size_t length, uint32_t *slot)
{
    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++) {
        if (atomic_load(&slots[i].length) != 0)
            continue;
        write_slot(&slots[i], (uintptr_t)start, length);
        *slot = i;
        return VSK_OK;
    }
    return VSK_ERR_TABLE;
}

vsk_status
vsk_guard_watch(const void *start, size_t length, uint32_t *slot)
{
    vsk_status status;

    (void)pthread_mutex_lock(&lock);
    install();
    status = take_slot(start, length, slot);
    (void)pthread_mutex_unlock(&lock);
    return status;
}

void
vsk_guard_unwatch(uint32_t slot)
{
    (void)pthread_mutex_lock(&lock);
    write_slot(&slots[slot], 0, 0);
    (void)pthread_mutex_unlock(&lock);
}

bool
vsk_guard_is_cut(uint32_t slot)
{
    return atomic_load(&slots[slot].cut);
}
