/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/frontend_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- begin ---- */

vsk_frontend_options
vsk_frontend_options_default(void)
{
    return (vsk_frontend_options){
        .protocol = VSK_FRONTEND_PROTOCOL,
        .memory_size = 8u << 20,
        .memory_base = 0x100000,
        .queues = VSK_QUEUES,
        .timeout = 5 * VSK_SECOND,
    };
}

static bool
makes_sense(const vsk_frontend_options *options)
{
    return options->queues >= 2 && options->queues <= VSK_QUEUES &&
           options->timeout != 0;
}

/* All that is closed when there is nothing yet. */
static void
begin_closed(vsk_frontend *frontend)
{
    memset(frontend, 0, sizeof *frontend);
    frontend->loop.fd = -1;
    frontend->loop.timer = -1;
    vsk_channel_init(&frontend->channel);
    vsk_channel_init(&frontend->requests);
    frontend->memory_fd = -1;
    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        frontend->kicks[queue] = -1;
        frontend->calls[queue] = -1;
    }
    frontend->transfer.brought = -1;
    frontend->transfer.channel = -1;
    frontend->transfer.file = -1;
}

static vsk_status
make_memory(vsk_frontend *frontend)
{
    vsk_mapping *mapping;
    vsk_status status = vsk_mapping_create(frontend->options.memory_base,
                                           frontend->options.memory_size,
                                           &frontend->memory_fd, &mapping);

    if (status != VSK_OK)
        return status;
    status = vsk_mappings_add(&frontend->mappings, mapping);
    if (status != VSK_OK) {
        vsk_mapping_unref(mapping);
        return status;
    }
    return vsk_memory_init(&frontend->memory, frontend->mappings.regions,
                           frontend->mappings.count);
}

/* Close all but what the guest's last events may need: nothing. */
static void
release(vsk_frontend *frontend)
{
    vsk_mappings_clear(&frontend->mappings);
    if (frontend->memory_fd >= 0)
        (void)close(frontend->memory_fd);
    frontend->memory_fd = -1;
    vsk_loop_close(&frontend->loop);
}

vsk_status
vsk_frontend_init(vsk_frontend *frontend, vsk_guest *guest, vsk_pool *pool,
                  vsk_range *table, uint32_t capacity,
                  const vsk_frontend_options *options)
{
    vsk_status status;

    if (!makes_sense(options))
        return VSK_ERR_ARGUMENT;
    if (vsk_protocol_wrong(options->protocol, VSK_PROTOCOL_KNOWN) != 0)
        return VSK_ERR_PROTOCOL;
    begin_closed(frontend);
    frontend->guest = guest;
    frontend->pool = pool;
    frontend->options = *options;
    if (options->mem_slots)
        frontend->options.protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    frontend->queues = options->queues;
    status = vsk_loop_init(&frontend->loop);
    if (status == VSK_OK)
        status = make_memory(frontend);
    if (status == VSK_OK)
        status = vsk_pool_init(pool, &frontend->memory, table, capacity);
    if (status != VSK_OK)
        release(frontend);
    return status;
}

/* A first socket, or one more for rings that stand still. */
static bool
takes_socket(const vsk_frontend *frontend)
{
    return frontend->state == VSK_FRONTEND_CONNECTING ||
           (frontend->state == VSK_FRONTEND_STOPPED &&
            frontend->transfer.stage == TRANSFER_NONE);
}

vsk_status
vsk_frontend_adopt(vsk_frontend *frontend, int fd)
{
    vsk_channel fresh;
    vsk_status status;

    if (!takes_socket(frontend))
        return VSK_ERR_STATE;
    status = vsk_channel_open(&fresh, fd);
    if (status != VSK_OK)
        return status;
    status = vsk_loop_watch(&frontend->loop, fd, VSK_LOOP_IN, TAG_CHANNEL);
    if (status != VSK_OK)
        return status;
    vsk_loop_unwatch(&frontend->loop, frontend->channel.fd);
    vsk_channel_close(&frontend->channel);
    frontend->channel = fresh;
    vsk_frontend_begin(frontend);
    vsk_frontend_wake(frontend);
    return VSK_OK;
}

vsk_status
vsk_frontend_connect(vsk_frontend *frontend, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    vsk_status status;
    int fd;

    if (length == 0 || length >= sizeof address.sun_path)
        return VSK_ERR_ARGUMENT;
    if (!takes_socket(frontend))
        return VSK_ERR_STATE;
    memcpy(address.sun_path, path, length);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return VSK_ERR_SYSTEM;
    status = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0
                 ? vsk_frontend_adopt(frontend, fd)
                 : VSK_ERR_SYSTEM;
    if (status != VSK_OK) {
        int why = errno;

        (void)close(fd);
        errno = why;
    }
    return status;
}

/* ---- end ---- */

void
vsk_frontend_drop(vsk_frontend *frontend, int *fd)
{
    if (*fd < 0)
        return;
    /* Others may hold the same file open: it would be watched for ever. */
    vsk_loop_unwatch(&frontend->loop, *fd);
    (void)close(*fd);
    *fd = -1;
}

/* Let go of the back end. */
static void
part(vsk_frontend *frontend)
{
    vsk_loop_unwatch(&frontend->loop, frontend->channel.fd);
    vsk_channel_close(&frontend->channel);
    vsk_loop_unwatch(&frontend->loop, frontend->requests.fd);
    vsk_channel_close(&frontend->requests);
    vsk_frontend_transfer_close(frontend);
    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        vsk_frontend_drop(frontend, &frontend->kicks[queue]);
        vsk_frontend_drop(frontend, &frontend->calls[queue]);
    }
    frontend->dialogue = (vsk_frontend_dialogue){0};
    vsk_guest_close(frontend->guest);
    vsk_timers_start(&frontend->guest->endpoint.timers, vsk_loop_now());
}

void
vsk_frontend_end(vsk_frontend *frontend, vsk_status status, const char *request,
                 const char *format, ...)
{
    char words[VSK_NOTICE_TEXT];
    va_list values;

    if (frontend->state == VSK_FRONTEND_OVER)
        return;
    va_start(values, format);
    (void)vsnprintf(words, sizeof words, format, values);
    va_end(values);
    vsk_notices_say(&frontend->notices, VSK_NOTICE_END, status, "%s%s%s",
                    request != NULL ? request : "", request != NULL ? ": " : "",
                    words);
    frontend->state = VSK_FRONTEND_OVER;
    frontend->status = status;
    part(frontend);
}

void
vsk_frontend_close(vsk_frontend *frontend)
{
    vsk_frontend_end(frontend, VSK_EOF, NULL, "closed");
    release(frontend);
}

/* ---- calls ---- */

int
vsk_frontend_fileno(const vsk_frontend *frontend)
{
    return frontend->loop.fd;
}

void
vsk_frontend_wake(vsk_frontend *frontend)
{
    vsk_loop_alarm(&frontend->loop, 0);
}

vsk_status
vsk_frontend_kick(vsk_frontend *frontend, uint32_t queue)
{
    if (queue >= frontend->queues)
        return VSK_ERR_ARGUMENT;
    if (frontend->state != VSK_FRONTEND_LIVE)
        return VSK_ERR_STATE;
    if (vsk_frontend_is_inband(frontend)) {
        frontend->kicked |= 1u << queue;
        vsk_frontend_wake(frontend);
        return VSK_OK;
    }
    return vsk_notify_signal(frontend->kicks[queue]);
}

vsk_status
vsk_frontend_stop(vsk_frontend *frontend)
{
    if (frontend->state != VSK_FRONTEND_LIVE)
        return VSK_ERR_STATE;
    frontend->state = VSK_FRONTEND_STOPPING;
    vsk_timers_stop(&frontend->guest->endpoint.timers, vsk_loop_now());
    vsk_frontend_wake(frontend);
    return VSK_OK;
}

vsk_status
vsk_frontend_reset(vsk_frontend *frontend)
{
    vsk_status status = vsk_frontend_stop(frontend);

    if (status == VSK_OK)
        frontend->resets = true;
    return status;
}

vsk_status
vsk_frontend_resume(vsk_frontend *frontend)
{
    if (frontend->state != VSK_FRONTEND_STOPPED ||
        frontend->transfer.stage != TRANSFER_NONE)
        return VSK_ERR_STATE;
    frontend->state = VSK_FRONTEND_TALKING;
    vsk_frontend_wake(frontend);
    return VSK_OK;
}

const char *
vsk_frontend_state_name(uint32_t state)
{
    static const char *const names[] = {
        [VSK_FRONTEND_CONNECTING] = "CONNECTING",
        [VSK_FRONTEND_TALKING] = "TALKING",
        [VSK_FRONTEND_LIVE] = "LIVE",
        [VSK_FRONTEND_STOPPING] = "STOPPING",
        [VSK_FRONTEND_STOPPED] = "STOPPED",
        [VSK_FRONTEND_OVER] = "OVER",
    };

    return state < sizeof names / sizeof *names ? names[state] : "UNKNOWN";
}
