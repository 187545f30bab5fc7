/* The gate's connection where system calls fail, are interrupted, or where the relay goes beyond what an attempt may cost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../plugins/email/gate/reach.h"
#include "../../plugins/email/gate/wire.h"

enum { SECOND_US = 1000000, LIMIT = 20 * SECOND_US, GOOD = -1, LINES = 100 };

enum call { RECV, SEND, POLL, SOCKET, CONNECT, GETSOCKOPT, GETSOCKNAME, CALLS };

/* What the next calls of a kind fail with: an errno each, GOOD for one that succeeds without being made (of a socket:
 * for one of IPv4); 0 ends them. */
static int script[CALLS][4];

static struct wire wire;
static int peer;

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
int __real_poll(struct pollfd *polled, nfds_t count, int milliseconds);
int __wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds);
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __real_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);

static int
next_of(enum call call)
{
	int error = script[call][0];

	memmove(script[call], script[call] + 1, sizeof script[call] - sizeof script[call][0]);
	script[call][3] = 0;
	if (error > 0)
		errno = error;
	return error;
}

ssize_t
__wrap_recv(int fd, void *bytes, size_t size, int flags)
{
	return next_of(RECV) > 0 ? -1 : __real_recv(fd, bytes, size, flags);
}

ssize_t
__wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	return next_of(SEND) > 0 ? -1 : __real_send(fd, bytes, size, flags);
}

int
__wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds)
{
	return next_of(POLL) > 0 ? -1 : __real_poll(polled, count, milliseconds);
}

int
__wrap_socket(int family, int type, int protocol)
{
	int error = next_of(SOCKET);

	return error > 0 ? -1 : __real_socket(error == GOOD ? AF_INET : family, type, protocol);
}

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	int error = next_of(CONNECT);

	return error > 0 ? -1 : error == GOOD ? 0 : __real_connect(fd, to, size);
}

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	return next_of(GETSOCKOPT) > 0 ? -1 : __real_getsockopt(fd, level, name, value, size);
}

int
__wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
	return next_of(GETSOCKNAME) > 0 ? -1 : __real_getsockname(fd, address, size);
}

static int
set_up(void **state)
{
	int ends[2];

	(void)state;
	memset(script, 0, sizeof script);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	wire_init(&wire, wire_now() + LIMIT);
	wire.fd = ends[0];
	peer = ends[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	memset(script, 0, sizeof script);
	wire_close(&wire);
	close(peer);
	return 0;
}

static void
relay_says(const char *bytes)
{
	assert_int_equal(__real_send(peer, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

static void
assert_end(enum wire_end end, const char *words)
{
	assert_int_equal(wire.end, end);
	if (strstr(wire.why, words) == NULL)
		fail_msg("%s", wire.why);
}

static bool
reply_comes(void)
{
	size_t size;
	int code;

	return wire_reply(&wire, LIMIT / 2, &code, &size);
}

static void
failing_reads_are_told(void **state)
{
	(void)state;
	relay_says("250 ok\r\n");
	script[RECV][0] = EINTR;
	assert_true(reply_comes());
	wire_take(&wire, 8);
	script[RECV][0] = ECONNRESET;
	assert_false(reply_comes());
	assert_end(WIRE_CLOSED, "Connection reset by peer");
	script[RECV][0] = EIO;
	assert_false(reply_comes());
	assert_end(WIRE_BROKEN, "Input/output error");
	script[RECV][0] = EIO;
	assert_false(wire_say(&wire, "NOOP\r\n", 6, wire_now() + LIMIT));
	assert_end(WIRE_BROKEN, "Input/output error");
}

static void
failing_writes_are_told(void **state)
{
	static const struct {
		int error;
		enum wire_end end;
		const char *words;
	} rows[] = { { EPIPE, WIRE_CLOSED, "the relay closed the connection" }, { ECONNRESET, WIRE_CLOSED, "Connection reset by peer" },
		{ EIO, WIRE_BROKEN, "Input/output error" } };

	(void)state;
	script[SEND][0] = EINTR, script[SEND][1] = EAGAIN;
	assert_true(wire_write(&wire, "NOOP\r\n", 6, wire_now() + LIMIT, false));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int watched = 0; watched < 2; watched++) {
			script[SEND][0] = rows[i].error;
			assert_false(wire_write(&wire, "NOOP\r\n", 6, wire_now() + LIMIT, watched));
			assert_end(rows[i].end, rows[i].words);
		}
	script[SEND][0] = EAGAIN;
	assert_false(wire_write(&wire, "NOOP\r\n", 6, wire_now() - 1, true));
	assert_end(WIRE_LATE, "not within");
}

/* What the relay says while it is written to stops the writing, also where its connection is gone. */
static void
what_is_said_meanwhile_is_kept(void **state)
{
	(void)state;
	relay_says("452 full\r\n");
	script[SEND][0] = EPIPE;
	script[RECV][0] = EAGAIN; /* it comes after the look */
	assert_true(wire_write(&wire, "text\r\n", 6, wire_now() + LIMIT, true));
	assert_int_equal(wire.size, 10);
	assert_false(wire_say(&wire, "NOOP\r\n", 6, wire_now() + LIMIT));
	assert_end(WIRE_REFUSED, "452 full");
	assert_int_equal(wire.refusal, 452);
}

static void
what_comes_early_is_no_answer(void **state)
{
	static const char *const early[] = { "250 ok\r\n", "452 full\r\n250 ok\r\n", "45" };

	(void)state;
	for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
		relay_says(early[i]);
		if (i + 1 == sizeof early / sizeof early[0])
			shutdown(peer, SHUT_WR);
		assert_false(wire_say(&wire, "NOOP\r\n", 6, wire_now() + LIMIT));
		assert_end(WIRE_EARLY, "the relay spoke before it was asked");
		wire_take(&wire, wire.size);
	}
}

/* All that there is room for is read; the rest stays with the kernel. */
static void
what_finds_no_room_is_not_read(void **state)
{
	(void)state;
	wire.size = sizeof wire.bytes;
	relay_says("250 ok\r\n");
	assert_true(wire_drain(&wire));
	assert_int_equal(wire.size, sizeof wire.bytes);
	wire.size = 0;
	script[SEND][0] = EIO;
	script[RECV][0] = EAGAIN;
	assert_false(wire_say(&wire, "NOOP\r\n", 6, wire_now() + LIMIT));
	assert_end(WIRE_BROKEN, "Input/output error");
}

/* A relay that reads nothing is waited for a moment alone. */
static void
a_text_settles_in_time(void **state)
{
	int64_t begun = wire_now();

	(void)state;
	wire_settle(&wire);
	assert_true(wire_now() - begun < 10 * SECOND_US);
	assert_true(wire_write(&wire, "text\r\n", 6, wire_now() + LIMIT, false));
	begun = wire_now();
	wire_settle(&wire);
	assert_true(wire_now() - begun >= SECOND_US / 4);
}

static void
waiting_ends(void **state)
{
	int others[2];

	(void)state;
	script[POLL][0] = EINTR;
	relay_says("2");
	assert_true(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	script[POLL][0] = EBADF;
	assert_false(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	assert_end(WIRE_BROKEN, "poll: Bad file descriptor");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
	wire.other = others[0];
	assert_int_equal(__real_send(others[1], "x", 1, 0), 1);
	assert_false(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	assert_end(WIRE_CALLED, "something else");
	close(others[1]);
	assert_true(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	assert_int_equal(wire.other, -1);
	close(others[0]);
}

static void
an_attempt_costs_no_more_than_its_limits(void **state)
{
	char lines[LINES * 6 + 1] = "";

	(void)state;
	for (int i = 0; i < LINES; i++)
		memcpy(lines + 6 * i, i < LINES - 1 ? "250-\r\n" : "250 \r\n", 7);
	for (int replies = 0; replies < WIRE_LINES_MAX / LINES; replies++) {
		relay_says(lines);
		assert_true(reply_comes());
		wire_take(&wire, wire.size);
	}
	relay_says(lines);
	assert_false(reply_comes());
	assert_end(WIRE_DEAR, "more than 1000 lines");
	wire.came = WIRE_BYTES_MAX + 1;
	assert_false(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	assert_end(WIRE_DEAR, "more than 256 KiB");
	wire.came = 0;
	wire.cpu_began -= 11 * (int64_t)SECOND_US;
	assert_false(wire_wait(&wire, POLLIN, wire_now() + LIMIT));
	assert_end(WIRE_DEAR, "more than 10 s of processor time");
}

/* Reaching */

static uint32_t answered; /* addresses */

static uint32_t
look_up(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max, char *why,
    size_t why_size)
{
	(void)host, (void)name, (void)limit;
	for (uint32_t i = 0; i < answered && i < max; i++) {
		found[i] = (struct sockaddr_storage){ .ss_family = i % 2 == 0 ? AF_INET : AF_INET6 };
		if (i % 2 == 0)
			inet_pton(AF_INET, "192.0.2.1", &((struct sockaddr_in *)&found[i])->sin_addr);
		else
			inet_pton(AF_INET6, "2001:db8::1", &((struct sockaddr_in6 *)&found[i])->sin6_addr);
	}
	snprintf(why, why_size, "NXDOMAIN");
	return answered < max ? answered : max;
}

static const struct pw_gate_host host = { sizeof host, look_up };

static bool
reach_them(uint32_t count)
{
	static struct settings settings = { .host = "relay.test", .port = "25" };

	snprintf(settings.place, sizeof settings.place, "relay.test:25");
	answered = count;
	close(wire.fd);
	wire.fd = -1;
	return reach(&wire, &settings, &host);
}

static void
each_address_is_told(void **state)
{
	(void)state;
	assert_false(reach_them(0));
	assert_end(WIRE_BROKEN, "the name relay.test does not resolve: NXDOMAIN");
	script[SOCKET][0] = EMFILE, script[SOCKET][1] = GOOD;
	script[CONNECT][0] = ENETUNREACH;
	assert_false(reach_them(2));
	assert_end(WIRE_BROKEN, "no connection to relay.test:25: 192.0.2.1: Too many open files; 2001:db8::1: Network is unreachable");
	script[CONNECT][0] = EINPROGRESS;
	script[GETSOCKOPT][0] = EIO;
	assert_false(reach_them(1));
	assert_end(WIRE_BROKEN, "192.0.2.1: Input/output error");
	script[CONNECT][0] = GOOD;
	assert_true(reach_them(1));
	assert_int_equal(wire.end, WIRE_OPEN);
}

/* An address that does not answer leaves its share of the time to the next. */
static void
a_connection_has_its_share_of_the_time(void **state)
{
	(void)state;
	wire.until = wire_now();
	script[CONNECT][0] = EINPROGRESS;
	assert_false(reach_them(1));
	assert_end(WIRE_LATE, "192.0.2.1: not within");
}

/* Of more addresses than there is room for the first are told. */
static void
many_addresses_find_no_room(void **state)
{
	(void)state;
	wire.until = wire_now();
	for (int i = 0; i < 3; i++)
		script[CONNECT][i] = EINPROGRESS;
	assert_false(reach_them(16));
	assert_true(strlen(wire.why) < sizeof wire.why);
	assert_end(WIRE_LATE, "no connection to relay.test:25: 192.0.2.1: not within");
}

static void
our_literal_is_that_of_the_connection(void **state)
{
	char literal[64];
	int fd = __real_socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 own = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	(void)state;
	script[GETSOCKNAME][0] = ENOTCONN;
	reach_literal(&wire, literal, sizeof literal);
	assert_string_equal(literal, "[127.0.0.1]");
	close(wire.fd);
	wire.fd = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0)
		skip(); /* a host without IPv6 */
	reach_literal(&wire, literal, sizeof literal);
	assert_string_equal(literal, "[IPv6:::1]");
	close(wire.fd);
	wire.fd = __real_socket(AF_INET6, SOCK_STREAM, 0);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &own.sin6_addr);
	assert_int_equal(bind(wire.fd, (struct sockaddr *)&own, sizeof own), 0);
	reach_literal(&wire, literal, sizeof literal);
	assert_string_equal(literal, "[127.0.0.1]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failing_reads_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failing_writes_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_said_meanwhile_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_early_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_finds_no_room_is_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_text_settles_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_attempt_costs_no_more_than_its_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_address_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_has_its_share_of_the_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_addresses_find_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_literal_is_that_of_the_connection, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
