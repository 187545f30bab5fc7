/* Exchanges with a DNS server where system calls fail or are interrupted, and where what the server says over TCP ends early or
 * is something else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prober/exchange.h"

enum { TRIES = 50, ROOM = 600 };

enum call { SOCKET, CONNECT, SEND, RECV, GETRANDOM, MEMORY, CALLS };

/* What the next calls of a kind fail with; 0 ends them. */
static int script[CALLS][4];
static size_t sent_at_once; /* bytes at most; 0: any number */

static struct ev_loop *loop;
static struct exchanges *exchanges;
static struct address address;
static int udp, tcp;

/* What has ended. */
static struct {
	unsigned count;
	enum exchange_end end;
	int error;
	bool is_ours;
	size_t size, truncated_size;
} told;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool
fails(enum call call)
{
	int error = script[call][0];

	memmove(script[call], script[call] + 1, sizeof script[call] - sizeof script[call][0]);
	script[call][3] = 0;
	if (error != 0)
		errno = error;
	return error != 0;
}

int
__wrap_socket(int family, int type, int protocol)
{
	return fails(SOCKET) ? -1 : __real_socket(family, type, protocol);
}

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	return fails(CONNECT) ? -1 : __real_connect(fd, to, size);
}

ssize_t
__wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	if (sent_at_once > 0 && size > sent_at_once)
		size = sent_at_once;
	return fails(SEND) ? -1 : __real_send(fd, bytes, size, flags);
}

ssize_t
__wrap_recv(int fd, void *bytes, size_t size, int flags)
{
	return fails(RECV) ? -1 : __real_recv(fd, bytes, size, flags);
}

ssize_t
__wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
	return fails(GETRANDOM) ? -1 : __real_getrandom(bytes, size, flags);
}

void *
__wrap_malloc(size_t size)
{
	return fails(MEMORY) ? NULL : __real_malloc(size);
}

/* A server on loopback, with the same port over UDP and TCP. */
static void
open_server(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof own;
	bool is_bound = false;

	for (int i = 0; i < TRIES && !is_bound; i++) {
		own.sin_port = 0;
		tcp = __real_socket(AF_INET, SOCK_STREAM, 0);
		udp = __real_socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(bind(tcp, (struct sockaddr *)&own, size), 0);
		assert_int_equal(getsockname(tcp, (struct sockaddr *)&own, &size), 0);
		is_bound = bind(udp, (struct sockaddr *)&own, size) == 0;
		if (!is_bound) {
			close(tcp);
			close(udp);
		}
	}
	assert_true(is_bound);
	assert_int_equal(listen(tcp, 8), 0);
	assert_true(address_parse("127.0.0.1", ntohs(own.sin_port), &address));
}

static int
set_up(void **state)
{
	(void)state;
	memset(script, 0, sizeof script);
	sent_at_once = 0;
	memset(&told, 0, sizeof told);
	loop = ev_loop_new(0);
	exchanges = exchanges_create(loop, 2);
	assert_non_null(exchanges);
	open_server();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	memset(script, 0, sizeof script);
	exchanges_destroy(&exchanges);
	ev_loop_destroy(loop);
	close(udp);
	close(tcp);
	return 0;
}

static void
on_end(void *arg, const struct exchange_result *result)
{
	(void)arg;
	told.count++;
	told.end = result->end;
	told.error = result->error;
	told.is_ours = result->is_ours;
	told.size = result->size;
	told.truncated_size = result->truncated_size;
}

static struct exchange *
begin(void)
{
	struct dns_name name;
	struct exchange *exchange;

	assert_true(dns_name_parse("mx.example.org", &name));
	exchange = exchange_begin(exchanges, &address, &name, DNS_A, on_end, NULL);
	assert_non_null(exchange);
	return exchange;
}

static void
run_until(unsigned count)
{
	for (int i = 0; i < 10 * TRIES && told.count < count; i++)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(told.count, count);
}

static void
turn(void)
{
	for (int i = 0; i < 4; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

static void
assert_told(enum exchange_end end, int error)
{
	assert_int_equal(told.end, end);
	assert_int_equal(told.error, error);
}

/* Answers the next query over UDP: with all that it asks, or nothing but the truncation. Returns its size. */
static size_t
answer_over_udp(bool truncated, unsigned char packet[ROOM])
{
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t got = recvfrom(udp, packet, ROOM, 0, (struct sockaddr *)&from, &size);

	assert_true(got > 12);
	packet[2] |= truncated ? 0x82 : 0x80;
	assert_int_equal(sendto(udp, packet, (size_t)got, 0, (struct sockaddr *)&from, size), got);
	packet[2] &= (unsigned char)~2;
	return (size_t)got;
}

static void
what_we_lack_is_told_as_ours(void **state)
{
	static const struct {
		enum call call;
		int error;
		enum exchange_end end;
	} rows[] = { { SOCKET, EMFILE, EXCHANGE_OURS }, { CONNECT, ENETUNREACH, EXCHANGE_OURS }, { SEND, EPERM, EXCHANGE_OURS },
		{ CONNECT, EADDRNOTAVAIL, EXCHANGE_OURS }, { SEND, ENOBUFS, EXCHANGE_OURS },
		{ SEND, ENOSYS, EXCHANGE_OURS }, { SEND, ECONNREFUSED, EXCHANGE_CLOSED }, { CONNECT, EHOSTUNREACH, EXCHANGE_UNREACHABLE } };

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		script[rows[i].call][0] = rows[i].error;
		(void)begin();
		assert_int_equal(told.count, i); /* never from within the call */
		run_until(i + 1);
		assert_told(rows[i].end, rows[i].error);
	}
}

static void
without_randomness_nothing_is_asked(void **state)
{
	char packet[ROOM];

	(void)state;
	script[GETRANDOM][0] = ENOSYS;
	(void)begin();
	run_until(1);
	assert_told(EXCHANGE_OURS, ENOSYS);
	assert_int_equal(__real_recv(udp, packet, sizeof packet, MSG_DONTWAIT), -1);
}

/* Whoever finds no descriptor while others of ours are open waits for one of them. */
static void
a_line_goes_on(void **state)
{
	unsigned char packet[ROOM];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct exchange *second;

		told.count = 0;
		(void)begin();
		script[SOCKET][0] = i == 0 ? EMFILE : ENFILE;
		second = begin();
		assert_false(exchange_is_sent(second));
		exchange_repeat(second); /* which has not been sent */
		(void)answer_over_udp(false, packet);
		run_until(1);
		assert_told(EXCHANGE_REPLY, 0);
		assert_true(exchange_is_sent(second));
		(void)answer_over_udp(false, packet);
		run_until(2);
	}
}

static void
a_repetition_may_fail(void **state)
{
	struct exchange *exchange = begin();

	(void)state;
	script[SEND][0] = EAGAIN;
	exchange_repeat(exchange);
	turn();
	assert_int_equal(told.count, 0);
	script[SEND][0] = ENETUNREACH;
	exchange_repeat(exchange);
	assert_int_equal(told.count, 0);
	run_until(1);
	assert_told(EXCHANGE_OURS, ENETUNREACH);
}

static void
reads_over_udp_may_fail(void **state)
{
	unsigned char packet[ROOM];

	(void)state;
	(void)begin();
	script[RECV][0] = EINTR;
	(void)answer_over_udp(false, packet);
	run_until(1);
	assert_told(EXCHANGE_REPLY, 0);
	(void)begin();
	script[RECV][0] = EAGAIN, script[RECV][1] = ECONNREFUSED;
	/* What wakes the exchange is of no account. */
	(void)answer_over_udp(false, packet);
	run_until(2);
	assert_told(EXCHANGE_CLOSED, ECONNREFUSED);
	(void)begin();
	script[RECV][0] = ENOMEM;
	(void)answer_over_udp(false, packet);
	run_until(3);
	assert_told(EXCHANGE_OURS, ENOMEM);
}

static void
without_tcp_the_truncated_reply_is_told(void **state)
{
	static const struct {
		enum call call;
		int error;
		bool is_ours;
	} rows[] = { { SOCKET, EMFILE, true }, { CONNECT, ENETUNREACH, true }, { CONNECT, ECONNREFUSED, false }, { SEND, EPIPE, false }, { SEND, ENOBUFS, true },
		{ SEND, ECONNRESET, false } };
	unsigned char packet[ROOM];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t size;

		(void)begin();
		size = answer_over_udp(true, packet);
		script[rows[i].call][0] = rows[i].error;
		run_until(i + 1);
		assert_told(EXCHANGE_CUT, rows[i].error);
		assert_int_equal(told.is_ours, rows[i].is_ours);
		assert_int_equal(told.size, size);
	}
}

/* The connection of an exchange whose reply was truncated; `packet` is what would answer it. */
static int
be_asked_over_tcp(unsigned char packet[ROOM], size_t *size)
{
	unsigned char query[ROOM];
	int fd;

	(void)begin();
	*size = answer_over_udp(true, packet);
	turn();
	fd = accept(tcp, NULL, NULL);
	assert_true(fd >= 0);
	turn();
	assert_int_equal(__real_recv(fd, query, sizeof query, 0), *size + 2);
	return fd;
}

static void
say(int fd, const void *bytes, size_t size)
{
	assert_int_equal(__real_send(fd, bytes, size, MSG_NOSIGNAL), size);
	turn();
}

static void
a_reply_over_tcp_comes_in_pieces(void **state)
{
	unsigned char packet[ROOM], length[2];
	size_t size;
	int fd;

	(void)state;
	fd = be_asked_over_tcp(packet, &size);
	length[0] = (unsigned char)(size >> 8), length[1] = (unsigned char)size;
	script[RECV][0] = EINTR, script[RECV][1] = EAGAIN;
	say(fd, length, 1);
	say(fd, length + 1, 1);
	say(fd, packet, 5);
	assert_int_equal(told.count, 0);
	say(fd, packet + 5, size - 5);
	run_until(1);
	assert_told(EXCHANGE_REPLY, 0);
	assert_int_equal(told.size, size);
	assert_int_equal(told.truncated_size, size);
	close(fd);
}

static void
what_is_no_reply_over_tcp_is_told(void **state)
{
	unsigned char packet[ROOM];
	size_t size;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		int fd = be_asked_over_tcp(packet, &size);

		if (i == 0)
			say(fd, "\0\0", 2); /* nothing */
		else if (i == 1)
			say(fd, "\0\4abcd", 6); /* something else */
		else if (i == 2)
			close(fd);
		else {
			script[RECV][0] = ECONNRESET;
			say(fd, "\0", 1);
		}
		run_until(i + 1);
		assert_told(EXCHANGE_CUT, i < 2 ? EBADMSG : i == 2 ? 0 : ECONNRESET);
		assert_false(told.is_ours);
		if (i != 2)
			close(fd);
	}
}

/* What is shorter than an id is nobody's answer. */
static void
a_packet_of_one_byte_is_passed_over(void **state)
{
	unsigned char packet[ROOM];
	struct sockaddr_in from;
	socklen_t size = sizeof from;

	(void)state;
	(void)begin();
	assert_true(recvfrom(udp, packet, ROOM, MSG_PEEK, (struct sockaddr *)&from, &size) > 12);
	assert_int_equal(sendto(udp, packet, 1, 0, (struct sockaddr *)&from, size), 1);
	turn();
	assert_int_equal(told.count, 0);
	(void)answer_over_udp(false, packet);
	run_until(1);
	assert_told(EXCHANGE_REPLY, 0);
}

static void
a_query_over_tcp_may_go_in_pieces(void **state)
{
	unsigned char packet[ROOM], query[ROOM];
	size_t size, got = 0;
	int fd;

	(void)state;
	(void)begin();
	size = answer_over_udp(true, packet);
	sent_at_once = 7;
	script[SEND][0] = EAGAIN, script[SEND][1] = EINTR;
	turn();
	fd = accept(tcp, NULL, NULL);
	assert_true(fd >= 0);
	while (got < size + 2) {
		turn();
		ssize_t piece = __real_recv(fd, query + got, sizeof query - got, MSG_DONTWAIT);
		assert_true(piece != 0);
		got += piece < 0 ? 0 : (size_t)piece;
	}
	assert_int_equal(got, size + 2);
	assert_int_equal(query[0] << 8 | query[1], size);
	packet[2] &= 0x7f;
	assert_memory_equal(query + 2, packet, size); /* the same question, id included */
	assert_int_equal(told.count, 0);
	close(fd);
	run_until(1);
	assert_told(EXCHANGE_CUT, 0);
}

static void
a_reply_without_memory_is_ours(void **state)
{
	unsigned char packet[ROOM], length[2];
	size_t size;
	int fd;

	(void)state;
	(void)begin();
	script[MEMORY][0] = ENOMEM;
	(void)answer_over_udp(true, packet);
	run_until(1);
	assert_told(EXCHANGE_OURS, ENOMEM);
	fd = be_asked_over_tcp(packet, &size);
	length[0] = (unsigned char)(size >> 8), length[1] = (unsigned char)size;
	script[MEMORY][0] = ENOMEM;
	say(fd, length, 2);
	run_until(2);
	assert_told(EXCHANGE_CUT, ENOMEM);
	assert_true(told.is_ours);
	assert_int_equal(told.size, size); /* what came over UDP is there */
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_we_lack_is_told_as_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_randomness_nothing_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_repetition_may_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_over_udp_may_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_tcp_the_truncated_reply_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reply_over_tcp_comes_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_reply_over_tcp_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_packet_of_one_byte_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_query_over_tcp_may_go_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reply_without_memory_is_ours, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
