/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "bridge_rig.h"

#include <sys/stat.h>

#define FEATURE(name, bit) VSK_BIT(bit) |

static void
make_device(struct world *w, uint32_t buffer)
{
    vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = VSK_FEATURE_TABLE(FEATURE) 0,
        .guest_cid = GUEST,
        .local_cid = VSK_CID_HOST,
        .seed = 1,
    };

    config.policy.buf_alloc = buffer;
    w->device_tables = tables_of_device(CAPACITY, RING, SPANS);
    assert_int_equal(vsk_device_init(&w->device, &config, &w->device_tables),
                     VSK_OK);
}

#undef FEATURE

static void
make_guest(struct world *w, uint32_t buffer)
{
    vsk_guest_policy policy = vsk_guest_policy_default();

    policy.queue_size = RING;
    policy.endpoint.buf_alloc = buffer;
    w->guest_tables = tables_of_guest(CAPACITY, RING, SPANS, RECORDS);
    assert_int_equal(vsk_guest_init(&w->guest, &policy, &w->guest_tables, 2),
                     VSK_OK);
}

void
world_boot(struct world *w)
{
    assert_int_equal(vsk_lab_start(&w->lab, 0, &w->memory, &w->pool), VSK_OK);
    world_run(w, 2);
}

static struct world *
world_bare(uint32_t buffer)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->held = rig_fds();
    make_device(w, buffer);
    make_guest(w, buffer);
    return w;
}

static void
make_bridge(struct world *w, uint32_t connections)
{
    vsk_bridge_options options = vsk_bridge_options_default();

    rig_folder(w->folder);
    (void)snprintf(w->path, sizeof w->path, "%s/v", w->folder);
    options.path = w->path;
    options.connections = connections;
    assert_int_equal(vsk_bridge_open(&w->bridge, &w->device, &options), VSK_OK);
}

struct world *
world_served(void)
{
    struct world *w = world_bare(BUFFER);
    vsk_backend_options back = vsk_backend_options_default();
    vsk_frontend_options front = vsk_frontend_options_default();
    int ends[2];

    w->served = true;
    rig_pair(SOCK_STREAM, ends);
    assert_int_equal(vsk_backend_init(&w->backend, &w->device, &back), VSK_OK);
    assert_int_equal(vsk_backend_adopt(&w->backend, ends[0]), VSK_OK);
    assert_int_equal(vsk_frontend_init(&w->frontend, &w->guest, &w->pool,
                                       w->ranges, 1024, &front),
                     VSK_OK);
    assert_int_equal(vsk_frontend_adopt(&w->frontend, ends[1]), VSK_OK);
    make_bridge(w, 128);
    assert_int_equal(vsk_bridge_serve(&w->bridge, &w->backend), VSK_OK);
    UNTIL(w, w->frontend.state == VSK_FRONTEND_LIVE);
    return w;
}

struct world *
world_sized(uint32_t buffer, uint32_t connections)
{
    struct world *w = world_bare(buffer);

    w->ram = malloc(RAM);
    assert_non_null(w->ram);
    w->region = (vsk_region){0, RAM, w->ram};
    assert_int_equal(vsk_memory_init(&w->memory, &w->region, 1), VSK_OK);
    assert_int_equal(vsk_pool_init(&w->pool, &w->memory, w->ranges, 1024),
                     VSK_OK);
    w->pair = (vsk_lab_pair){.device = &w->device, .guest = &w->guest};
    vsk_lab_init(&w->lab, &w->pair, 1, 1);
    w->lab.now = vsk_loop_now(); /* the machine's own time */
    make_bridge(w, connections);
    world_boot(w);
    return w;
}

static void
remove_program_files(const struct world *w)
{
    DIR *folder = opendir(w->folder);
    const struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[400];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", w->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

void
world_free(struct world *w)
{
    struct stat about;
    char path[128];

    vsk_bridge_close(&w->bridge);
    vsk_bridge_close(&w->bridge);
    if (w->served) {
        vsk_backend_close(&w->backend);
        vsk_frontend_close(&w->frontend);
    }
    assert_int_equal(rig_fds(), w->held);
    assert_int_equal(stat(w->path, &about), -1);
    (void)snprintf(path, sizeof path, "%s.seq", w->path);
    assert_int_equal(stat(path, &about), -1);
    remove_program_files(w);
    assert_int_equal(rmdir(w->folder), 0);
    for (uint32_t i = 0; i < CAPACITY; i++)
        free(w->apps[i].in);
    tables_free_device(&w->device_tables);
    tables_free_guest(&w->guest_tables);
    free(w->ram);
    free(w);
}

/* ---- the guest's applications ---- */

static uint64_t
now_of(const struct world *w)
{
    return w->served ? vsk_loop_now() : w->lab.now;
}

/* The guest has work. */
static void
wake(struct world *w)
{
    if (w->served)
        vsk_frontend_wake(&w->frontend);
    else
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
}

static struct app *
app_of(struct world *w, const vsk_conn *conn)
{
    const vsk_table *table = &w->guest.endpoint.table;

    return &w->apps[vsk_table_slot(table, conn)];
}

static vsk_conn *
conn_of(const struct world *w, const struct app *app)
{
    return vsk_table_by_handle(&w->guest.endpoint.table, app->handle);
}

static struct app *
begin(struct world *w, const vsk_conn *conn)
{
    struct app *app = app_of(w, conn);

    free(app->in);
    memset(app, 0, sizeof *app);
    app->handle = vsk_table_handle(&w->guest.endpoint.table, conn);
    w->last = app;
    return app;
}

void
guest_does(struct world *w, struct app *app, vsk_call call, uint32_t flags)
{
    assert_int_equal(vsk_endpoint_call(&w->guest.endpoint, now_of(w),
                                       conn_of(w, app), call, flags),
                     VSK_OK);
    wake(w);
}

static void
pump(struct world *w, struct app *app)
{
    vsk_conn *conn = conn_of(w, app);
    vsk_status status = VSK_OK;

    if (!app->opened || app->closed || conn == NULL)
        return;
    while (status == VSK_OK && app->out_done < app->out_size) {
        vsk_span span = {.base = (uint8_t *)(uintptr_t)app->out + app->out_done,
                         .len = (uint32_t)(app->out_size - app->out_done)};
        vsk_outgoing outgoing = {
            &span, 1, conn->type == VSK_TYPE_SEQPACKET ? VSK_SEQ_EOM : 0};
        uint64_t sent;

        status = vsk_guest_send(&w->guest, now_of(w), conn, &outgoing, &sent);
        app->out_done += sent;
    }
    if (app->asks && app->out_done == app->out_size) {
        app->asks = false;
        guest_does(w, app, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
    }
}

void
guest_sends(struct world *w, struct app *app, const void *bytes, size_t size,
            bool asks)
{
    app->out = bytes;
    app->out_size = size;
    app->out_done = 0;
    app->asks = asks;
    pump(w, app);
    wake(w);
}

void
guest_sends_part(struct world *w, struct app *app, const void *bytes,
                 size_t size, uint32_t flags)
{
    vsk_span span = {.base = (uint8_t *)(uintptr_t)bytes,
                     .len = (uint32_t)size};
    vsk_outgoing outgoing = {&span, 1, flags};
    uint64_t sent;

    assert_int_equal(
        vsk_guest_send(&w->guest, now_of(w), conn_of(w, app), &outgoing, &sent),
        VSK_OK);
    wake(w);
}

static void
forward(struct world *w, struct app *app, uint32_t bytes)
{
    vsk_conn *conn = conn_of(w, app);

    assert_int_equal(
        vsk_endpoint_forwarded(&w->guest.endpoint, now_of(w), conn, bytes),
        VSK_OK);
    wake(w);
}

void
guest_reads(struct world *w, struct app *app)
{
    app->holds = false;
    forward(w, app, vsk_credit_held(&conn_of(w, app)->credit));
}

static void
take_data(struct world *w, struct app *app, const vsk_packet *packet)
{
    app->in = realloc(app->in, app->in_size + packet->size + 1);
    assert_non_null(app->in);
    app->in_size +=
        vsk_packet_read(packet, 0, app->in + app->in_size, packet->size);
    if ((packet->header.flags & VSK_SEQ_EOM) != 0 &&
        packet->header.type == VSK_TYPE_SEQPACKET) {
        assert_true(app->messages < 1100);
        app->sizes[app->messages++] = (uint32_t)app->in_size;
    }
    if (!app->holds)
        forward(w, app, packet->size);
}

struct app *
guest_calls(struct world *w, uint32_t port, uint16_t type)
{
    vsk_conn *conn;

    assert_int_equal(vsk_guest_connect(&w->guest, now_of(w), VSK_PORT_ANY,
                                       VSK_CID_HOST, port, type, &conn),
                     VSK_OK);
    wake(w);
    return begin(w, conn);
}

static void
take_request(struct world *w, vsk_conn *conn)
{
    struct app *app = begin(w, conn);

    w->asked++;
    app->opened = !w->refuse && !w->hesitate;
    if (w->hesitate)
        return;
    guest_does(w, app, w->refuse ? VSK_CALL_RESET : VSK_CALL_ACCEPT, 0);
}

static void
guest_event(struct world *w, const vsk_event *event)
{
    struct app *app = event->conn == NULL ? NULL : app_of(w, event->conn);

    assert_int_not_equal(event->kind, VSK_EVENT_ERROR);
    if (event->kind == VSK_EVENT_REQUEST)
        take_request(w, event->conn);
    if (app == NULL || app->handle != event->handle)
        return;
    if (event->kind == VSK_EVENT_CONNECT)
        app->opened = true;
    if (event->kind == VSK_EVENT_DATA)
        take_data(w, app, event->packet);
    if (event->kind == VSK_EVENT_EOF)
        app->ended = true;
    if (event->kind == VSK_EVENT_CLOSE) {
        app->closed = true;
        app->reason = (vsk_reason)event->conn->reason;
    }
    /* What has come so far goes back, then the end. */
    if (w->echo && app->ended && !app->closed && app->out == NULL)
        guest_sends(w, app, app->in, app->in_size, true);
    if (event->kind == VSK_EVENT_CONNECT || event->kind == VSK_EVENT_WRITABLE)
        pump(w, app);
}

/* ---- steps ---- */

/* Wait for the descriptors alone: whatever waits is told by one of them. */
static void
served_step(struct world *w)
{
    struct pollfd wait[2] = {
        {.fd = vsk_bridge_fileno(&w->bridge), .events = POLLIN},
        {.fd = vsk_frontend_fileno(&w->frontend), .events = POLLIN},
    };
    vsk_event event;

    assert_true(poll(wait, 2, 5000) > 0);
    if (wait[0].revents != 0)
        (void)vsk_bridge_step(&w->bridge);
    while (wait[1].revents != 0 &&
           vsk_frontend_step(&w->frontend, &event) == VSK_OK)
        guest_event(w, &event);
}

void
world_step(struct world *w)
{
    struct pollfd wait = {.fd = vsk_bridge_fileno(&w->bridge),
                          .events = POLLIN};
    bool worked = false;
    vsk_event event;
    vsk_side side;
    uint32_t pair;

    w->steps++;
    if (w->served) {
        served_step(w);
        return;
    }
    if (!w->blind && vsk_bridge_sockets(&w->bridge, vsk_loop_now()) == VSK_OK) {
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
        worked = true;
    }
    while (vsk_lab_poll(&w->lab, vsk_loop_now(), &pair, &side, &event) ==
           VSK_OK) {
        worked = true;
        if (side == VSK_SIDE_GUEST) {
            guest_event(w, &event);
            vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
            continue;
        }
        assert_int_not_equal(event.kind, VSK_EVENT_ERROR);
        vsk_bridge_event(&w->bridge, w->lab.now, &event);
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    }
    if (!worked)
        (void)poll(&wait, 1, 2);
}

void
world_run(struct world *w, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++)
        world_step(w);
}

/* ---- programs ---- */

static struct sockaddr_un
address_of(const struct world *w, int type, uint32_t port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *tail = type == SOCK_SEQPACKET ? ".seq" : "";

    if (port == VSK_PORT_ANY)
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s%s",
                       w->path, tail);
    else
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s%s_%u",
                       w->path, tail, port);
    return address;
}

static int
new_socket(int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    return fd;
}

int
program_listens(struct world *w, uint32_t port, int type)
{
    struct sockaddr_un address = address_of(w, type, port);
    int fd = new_socket(type);

    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 200), 0);
    return fd;
}

int
program_accepts(struct world *w, int listener)
{
    int fd = -1;

    UNTIL(w, (fd = accept4(listener, NULL, NULL,
                           SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
    return fd;
}

int
program_connects(struct world *w, int type)
{
    struct sockaddr_un address = address_of(w, type, VSK_PORT_ANY);
    int fd = new_socket(type);

    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void
program_says(int fd, const char *line)
{
    assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

int
program_dials(struct world *w, uint32_t port, int type)
{
    int fd = program_connects(w, type);
    char line[40], answer[40] = "";
    size_t size = 0;

    (void)snprintf(line, sizeof line, "CONNECT %u\n", port);
    program_says(fd, line);
    while (size == 0 || answer[size - 1] != '\n') {
        size_t room = type == SOCK_STREAM ? 1 : sizeof answer - 1;
        ssize_t got = program_takes(w, fd, answer + size, room);

        assert_true(got > 0);
        size += (size_t)got;
    }
    assert_memory_equal(answer, "OK ", 3);
    return fd;
}

void
program_sends(struct world *w, int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    ssize_t sent = 0;

    while (size != 0) {
        UNTIL(w, (sent = send(fd, at, size, MSG_NOSIGNAL)) >= 0 ||
                     errno != EAGAIN);
        assert_true(sent > 0);
        at += sent;
        size -= (size_t)sent;
    }
}

ssize_t
program_takes(struct world *w, int fd, void *bytes, size_t size)
{
    ssize_t got = 0;

    UNTIL(w, (got = recv(fd, bytes, size, 0)) >= 0 || errno != EAGAIN);
    return got;
}

void
program_reads(struct world *w, int fd, void *bytes, size_t size)
{
    uint8_t *at = bytes;

    while (size != 0) {
        ssize_t got = program_takes(w, fd, at, size);

        assert_true(got > 0);
        at += got;
        size -= (size_t)got;
    }
}

void
program_expects_end(struct world *w, int fd)
{
    uint8_t byte;

    assert_int_equal(program_takes(w, fd, &byte, 1), 0);
}

void
world_noted(struct world *w, vsk_status status, const char *words)
{
    const vsk_notices *notices = &w->bridge.notices;

    for (uint32_t i = 0; i < notices->count; i++) {
        const vsk_notice *notice =
            &notices->items[(notices->first + i) % VSK_NOTICES];

        if (notice->status == status && strstr(notice->text, words) != NULL)
            return;
    }
    fail_msg("no notice says: %s", words);
}
