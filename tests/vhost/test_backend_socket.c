/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How front ends come and go: listening, dialling, a socket that is given. */
#include "front_rig.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MARK VSK_BIT(VSK_FEATURE_PROTOCOL)
#define SECOND UINT64_C(1000000000)

/* A folder of its own for each case; the socket's file in it. */
static char folder[RIG_FOLDER];
static char path[80];

static int
make_folder(void **state)
{
    rig_folder(folder);
    (void)snprintf(path, sizeof path, "%s/sock", folder);
    return rig_count_fds(state);
}

static int
remove_folder(void **state)
{
    (void)unlink(path);
    return rmdir(folder) != 0 ? -1 : rig_same_fds(state);
}

static struct front *
bare(void)
{
    const vsk_backend_options options = vsk_backend_options_default();

    return front_bare(&options);
}

static struct sockaddr_un
address_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, name, strlen(name) + 1);
    return address;
}

static int
new_server(void)
{
    const struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* The front end's socket, connected to the file. */
static int
come(void)
{
    const struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void
greet(struct front *front, int fd)
{
    assert_int_equal(vsk_channel_open(&front->channel, fd), VSK_OK);
    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
}

static bool
is_there(void)
{
    struct stat about;

    return lstat(path, &about) == 0;
}

/* ---- listening ---- */

static void
front_ends_come_one_after_another(void **state)
{
    struct front *front = bare();
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    for (int i = 0; i < 3; i++) {
        greet(front, come());
        assert_int_equal(front_noticed(front, VSK_NOTICE_SESSION, ""), VSK_OK);
        front_hang_up(front);
        assert_int_equal(front_noticed(front, VSK_NOTICE_END, ""), VSK_EOF);
    }

    assert_int_equal(front->backend.sessions, 3);
    front_free(front);
    assert_false(is_there());
}

/* The end of its old session and its new one are found in the same look. */
static void
a_front_end_that_comes_back_at_once_is_served(void **state)
{
    struct front *front = bare();
    int fd;
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    for (int i = 0; i < 3; i++) {
        greet(front, come());
        assert_int_equal(front_noticed(front, VSK_NOTICE_SESSION, ""), VSK_OK);
        fd = come();
        vsk_channel_close(&front->channel);
        greet(front, fd);
        assert_int_equal(front_noticed(front, VSK_NOTICE_END, ""), VSK_EOF);
        front_hang_up(front);
        front_forget_notices(front);
    }

    assert_int_equal(front->backend.sessions, 6);
    front_free(front);
}

static void
a_second_front_end_is_sent_away(void **state)
{
    struct front *front = bare();
    uint8_t byte;
    int other;
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    greet(front, come());
    other = come();
    front_run_host(front);

    assert_int_equal(front_noticed(front, VSK_NOTICE_REFUSED, "another"),
                     VSK_ERR_BUSY);
    assert_int_equal(recv(other, &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
    (void)close(other);
    front_free(front);
}

static void
the_file_of_a_dead_server_is_replaced(void **state)
{
    struct front *front = bare();
    (void)state;

    (void)close(new_server());
    assert_true(is_there());

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    greet(front, come());
    front_free(front);
}

static void
a_server_that_lives_is_left_in_peace(void **state)
{
    struct front *front = bare();
    struct front *other = bare();
    vsk_notice notice;
    (void)state;

    assert_int_equal(vsk_backend_listen(&other->backend, path), VSK_OK);
    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_ERR_BUSY);
    front_run_host(other);

    assert_int_equal(vsk_notices_take(&other->backend.notices, &notice),
                     VSK_NONE);
    front_free(front);
    greet(other, come());
    front_free(other);
}

static void
a_file_that_is_no_socket_is_kept(void **state)
{
    struct front *front = bare();
    FILE *file = fopen(path, "w");
    (void)state;

    assert_non_null(file);
    (void)fclose(file);

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_ERR_SYSTEM);
    front_free(front);
    assert_true(is_there());
}

static void
anothers_file_is_not_removed(void **state)
{
    struct front *front = bare();
    int server;
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    assert_int_equal(unlink(path), 0);
    server = new_server();
    front_free(front);

    assert_true(is_there());
    (void)close(server);
}

static void
a_path_that_is_none_is_refused(void **state)
{
    struct front *front = bare();
    char text[128];
    (void)state;

    memset(text, 'x', sizeof text);
    text[108] = '\0';
    assert_int_equal(vsk_backend_listen(&front->backend, text),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_backend_dial(&front->backend, text), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_backend_listen(&front->backend, ""), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_backend_listen(&front->backend, "/nowhere/at/all"),
                     VSK_ERR_SYSTEM);
    front_free(front);
}

static void
a_back_end_has_one_socket(void **state)
{
    struct front *front = bare();
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_ERR_BUSY);
    assert_int_equal(vsk_backend_dial(&front->backend, path), VSK_ERR_BUSY);
    assert_int_equal(vsk_backend_adopt(&front->backend, 0), VSK_ERR_BUSY);
    front_free(front);
}

static void
a_back_end_that_has_a_socket_does_not_listen(void **state)
{
    struct front *front = bare();
    char other[RIG_FOLDER + 8];
    (void)state;

    (void)snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(vsk_backend_dial(&front->backend, path), VSK_OK);
    assert_int_equal(vsk_backend_listen(&front->backend, other), VSK_ERR_BUSY);
    front_free(front);
    front = bare();
    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    assert_int_equal(vsk_backend_listen(&front->backend, other), VSK_ERR_BUSY);
    front_free(front);
    front = front_new();

    assert_int_equal(vsk_backend_listen(&front->backend, other), VSK_ERR_BUSY);
    front_free(front);
}

static void
without_free_descriptors_it_waits_and_does_not_spin(void **state)
{
    struct front *front = bare();
    struct rlimit limit, none;
    vsk_event event;
    int fd;
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    fd = come();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    front_run_host(front);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "descriptor"),
                     VSK_ERR_SYSTEM);
    assert_false(front->backend.connected);

    assert_int_equal(vsk_loop_wait(&front->backend.loop, SECOND), VSK_OK);
    assert_int_equal(vsk_backend_step(&front->backend, &event), VSK_NONE);
    greet(front, fd);
    front_free(front);
}

/* ---- dialling ---- */

/* Step until there is a session, or it took too long. */
static void
wait_for_session(struct front *front)
{
    uint64_t until = vsk_loop_now() + 5 * SECOND;
    vsk_event event;

    while (!front->backend.connected && vsk_loop_now() < until) {
        (void)vsk_loop_wait(&front->backend.loop, SECOND);
        while (vsk_backend_step(&front->backend, &event) == VSK_OK)
            continue;
    }
    assert_true(front->backend.connected);
}

static void
it_dials_until_somebody_is_there_and_again(void **state)
{
    struct front *front = bare();
    int server;
    (void)state;

    assert_int_equal(vsk_backend_dial(&front->backend, path), VSK_OK);
    front_run_host(front);
    assert_false(front->backend.connected);
    server = new_server();
    for (int i = 0; i < 2; i++) {
        wait_for_session(front);
        greet(front, accept(server, NULL, NULL));
        front_hang_up(front);
        assert_false(front->backend.connected);
    }
    (void)close(server);
    vsk_backend_close(&front->backend);

    /* The file is the server's. */
    assert_true(is_there());
    front_free(front);
}

/* A front end would not tell a process that comes back of its memory. */
static void
a_client_is_told_of_all_memory_at_each_start(void **state)
{
    struct front *front = bare();
    int server = new_server();
    (void)state;

    assert_int_equal(vsk_backend_dial(&front->backend, path), VSK_OK);
    wait_for_session(front);
    greet(front, accept(server, NULL, NULL));

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_PROTOCOL_FEATURES),
                     VSK_BACKEND_PROTOCOL &
                         ~VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS));
    (void)close(server);
    front_free(front);
}

/* ---- once, and what is given ---- */

static void
once_is_once(void **state)
{
    const vsk_backend_options options = {.protocol = VSK_BACKEND_PROTOCOL,
                                         .once = true};
    struct front *front = front_bare(&options);
    (void)state;

    assert_int_equal(vsk_backend_listen(&front->backend, path), VSK_OK);
    greet(front, come());
    front_hang_up(front);

    assert_false(is_there());
    assert_int_equal(front->backend.listener, -1);
    front_free(front);
}

static void
dialling_once_is_once(void **state)
{
    const vsk_backend_options options = {.protocol = VSK_BACKEND_PROTOCOL,
                                         .once = true};
    struct front *front = front_bare(&options);
    int server = new_server();
    (void)state;

    assert_int_equal(vsk_backend_dial(&front->backend, path), VSK_OK);
    wait_for_session(front);
    greet(front, accept(server, NULL, NULL));
    front_hang_up(front);

    assert_int_equal(vsk_loop_wait(&front->backend.loop, SECOND / 5), VSK_NONE);
    (void)close(server);
    front_free(front);
}

static void
a_listener_that_is_given_is_listened_on(void **state)
{
    struct front *front = bare();
    (void)state;

    assert_int_equal(vsk_backend_adopt(&front->backend, new_server()), VSK_OK);
    for (int i = 0; i < 2; i++) {
        greet(front, come());
        front_hang_up(front);
    }
    front_free(front);

    /* Whoever made the file removes it. */
    assert_true(is_there());
}

static void
what_is_no_socket_is_not_adopted(void **state)
{
    struct front *front = bare();
    (void)state;

    assert_int_equal(vsk_backend_adopt(&front->backend, front->memory_fd),
                     VSK_ERR_SYSTEM);
    front_free(front);
}

/* ---- the end ---- */

static void
closing_ends_connections_and_tells_them(void **state)
{
    struct front *front = front_live(3);
    (void)state;

    (void)front_connected(front);
    vsk_backend_close(&front->backend);
    vsk_backend_close(&front->backend);

    assert_int_equal(vsk_backend_fileno(&front->backend), -1);
    assert_int_equal(front_noticed(front, VSK_NOTICE_END, "closed"), VSK_OK);
    front_run_host(front);
    front_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
protocol_features_that_nobody_knows_are_not_offered(void **state)
{
    struct front *front = bare();
    vsk_backend_options options = {.protocol = VSK_BIT(1)};
    vsk_backend backend;
    (void)state;

    assert_int_equal(vsk_backend_init(&backend, &front->device, &options),
                     VSK_ERR_PROTOCOL);
    options.protocol = VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS);
    assert_int_equal(vsk_backend_init(&backend, &front->device, &options),
                     VSK_ERR_PROTOCOL);
    front_free(front);
}

static void
notices_that_nobody_reads_are_dropped(void **state)
{
    vsk_notices notices = {.count = 0};
    char text[300];
    vsk_notice notice;
    (void)state;

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    for (uint32_t i = 0; i < VSK_NOTICES + 1; i++)
        vsk_notices_post(&notices, VSK_NOTICE_NOTE, VSK_OK, text);
    for (uint32_t i = 0; i < VSK_NOTICES; i++) {
        assert_int_equal(vsk_notices_take(&notices, &notice), VSK_OK);
        assert_int_equal(strlen(notice.text), VSK_NOTICE_TEXT - 1);
    }

    assert_int_equal(vsk_notices_take(&notices, &notice), VSK_NONE);
}

#define SOCKET_TEST(name)                                                      \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SOCKET_TEST(front_ends_come_one_after_another),
        SOCKET_TEST(a_front_end_that_comes_back_at_once_is_served),
        SOCKET_TEST(a_second_front_end_is_sent_away),
        SOCKET_TEST(the_file_of_a_dead_server_is_replaced),
        SOCKET_TEST(a_server_that_lives_is_left_in_peace),
        SOCKET_TEST(a_file_that_is_no_socket_is_kept),
        SOCKET_TEST(anothers_file_is_not_removed),
        SOCKET_TEST(a_path_that_is_none_is_refused),
        SOCKET_TEST(a_back_end_has_one_socket),
        SOCKET_TEST(a_back_end_that_has_a_socket_does_not_listen),
        SOCKET_TEST(without_free_descriptors_it_waits_and_does_not_spin),
        SOCKET_TEST(it_dials_until_somebody_is_there_and_again),
        SOCKET_TEST(once_is_once),
        SOCKET_TEST(a_client_is_told_of_all_memory_at_each_start),
        SOCKET_TEST(dialling_once_is_once),
        SOCKET_TEST(a_listener_that_is_given_is_listened_on),
        SOCKET_TEST(what_is_no_socket_is_not_adopted),
        SOCKET_TEST(closing_ends_connections_and_tells_them),
        SOCKET_TEST(protocol_features_that_nobody_knows_are_not_offered),
        SOCKET_TEST(notices_that_nobody_reads_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
