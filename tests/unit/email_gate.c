/* The gate of the e-mail notifier before a worker that may have been broken into: what is no request is dropped, and the next one served. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../plugins/email/gate/gate.h"
#include "../../plugins/email/settings.h"

static unsigned interrupted; /* calls that a signal interrupts */
static int receiving_fails;  /* with this errno; 0: it does not */

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);

ssize_t
__wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	errno = interrupted > 0 ? EINTR : receiving_fails;
	if (interrupted > 0)
		interrupted--;
	return errno != 0 ? -1 : __real_recvmsg(fd, message, flags);
}

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

/* The relay has no address, so a session ends where it begins. */
static uint32_t
look_up_nothing(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max,
    char *why, size_t why_size)
{
	(void)host, (void)name, (void)limit, (void)found, (void)max;
	snprintf(why, why_size, "NXDOMAIN");
	return 0;
}

static const struct pw_gate_host host = { sizeof host, look_up_nothing };

static size_t
row_of(const char *key)
{
	size_t row = 0;

	while (settings_table[row].key != NULL && (key == NULL || strcmp(settings_table[row].key, key) != 0))
		row++;
	return row;
}

static struct pw_values *values;
static void *gate;
static int worker[2]; /* ours, and the gate's */

static void
set(const char *key, const char *string)
{
	values->items[row_of(key)].string = string;
}

static int
begin(void **state)
{
	static const char *const people[] = { "o@example.org" };
	static const struct pw_strings to = { 1, people };
	size_t rows = row_of(NULL);

	(void)state;
	values = calloc(1, sizeof *values + rows * sizeof values->items[0]);
	gate = calloc(1, gate_ops.memory_size);
	values->count = (uint32_t)rows;
	set("relay", "relay.example.org:2525");
	values->items[row_of("tls")] = (struct pw_value){ .number = TLS_NONE, .given = true };
	set("from", "w@example.org");
	values->items[row_of("to")].list = &to;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, worker);
}

static int
end(void **state)
{
	(void)state;
	interrupted = 0;
	receiving_fails = 0;
	close(worker[0]);
	close(worker[1]);
	free(values);
	free(gate);
	return 0;
}

static struct gate_ask
good_ask(void)
{
	return (struct gate_ask){ .number = 7, .until = now() + 20 * INT64_C(1000000), .helo = "watch.test", .sender = "w@example.org",
		.count = 1, .recipients = { "one@b.test" } };
}

enum { SOCKETS_MAX = 2 };

/* With so many sockets, of which the other ends are ours. */
static void
send_ask(const struct gate_ask *ask, size_t size, int sockets, int ours[SOCKETS_MAX])
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(SOCKETS_MAX * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)ask, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = sockets > 0 ? &control : NULL,
		.msg_controllen = sockets > 0 ? CMSG_SPACE((size_t)sockets * sizeof(int)) : 0 };
	int theirs[SOCKETS_MAX];

	for (int i = 0; i < sockets; i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		ours[i] = ends[0], theirs[i] = ends[1];
	}
	if (sockets > 0) {
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN((size_t)sockets * sizeof(int)),
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), theirs, (size_t)sockets * sizeof(int));
	}
	assert_int_equal(sendmsg(worker[0], &message, MSG_NOSIGNAL), size);
	for (int i = 0; i < sockets; i++)
		close(theirs[i]);
}

/* Serves what was sent; how many answers there are. */
static unsigned
serve(void)
{
	static struct gate_answer answer;
	unsigned answers = 0;
	char why[256];

	assert_true(gate_ops.open(gate, values, why, sizeof why));
	shutdown(worker[0], SHUT_WR);
	gate_ops.serve(gate, worker[1], &host);
	while (recv(worker[0], &answer, sizeof answer, MSG_DONTWAIT) == sizeof answer) {
		assert_int_equal(answer.number, 7);
		assert_int_equal(answer.fates[0].fate, PW_AGAIN);
		assert_non_null(strstr(answer.fates[0].words, "the name relay.example.org does not resolve: NXDOMAIN"));
		answers++;
	}
	gate_ops.close(gate);
	return answers;
}

static void
assert_closed(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

/* Each thing in a request that is not as our own worker writes it. */
static void
what_is_no_request_is_dropped(void **state)
{
	struct gate_ask good = good_ask(), asks[12];
	size_t count = 0;
	int sockets[12][SOCKETS_MAX], last[SOCKETS_MAX];

	(void)state;
	for (size_t i = 0; i < 12; i++)
		asks[i] = good;
	asks[count++].count = GATE_RECIPIENTS_MAX + 1;
	memset(asks[count++].helo, 'h', sizeof good.helo);
	memset(asks[count++].sender, 's', sizeof good.sender);
	snprintf(asks[count++].sender, sizeof good.sender, "no address");
	asks[count++].until = -1;
	asks[count++].until = now() + 10 * 86400 * INT64_C(1000000);
	snprintf(asks[count++].helo, sizeof good.helo, "a b");
	snprintf(asks[count++].helo, sizeof good.helo, "a\x7f");
	memset(asks[count++].recipients[0], 'r', sizeof good.recipients[0]);
	snprintf(asks[count++].recipients[0], sizeof good.recipients[0], "one@b.test>\r\nRSET");
	for (size_t i = 0; i < count; i++)
		send_ask(&asks[i], sizeof asks[i], 1, sockets[i]);
	send_ask(&good, sizeof good, 1, last);
	assert_int_equal(serve(), 1);
	for (size_t i = 0; i < count; i++)
		assert_closed(sockets[i][0]);
	assert_closed(last[0]);
}

static void
a_packet_without_its_socket_is_dropped(void **state)
{
	struct gate_ask ask = good_ask();
	int sockets[3][SOCKETS_MAX];

	(void)state;
	send_ask(&ask, sizeof ask, 0, NULL);
	send_ask(&ask, sizeof ask / 2, 1, sockets[0]);
	send_ask(&ask, sizeof ask, 1, sockets[1]);
	assert_int_equal(serve(), 1);
	assert_closed(sockets[0][0]);
	assert_closed(sockets[1][0]);
}

/* Nobody would close the second: the gate takes one. */
static void
two_sockets_are_one_too_many(void **state)
{
	struct gate_ask ask = good_ask();
	int sockets[SOCKETS_MAX];

	(void)state;
	send_ask(&ask, sizeof ask, 2, sockets);
	assert_int_equal(serve(), 1);
	assert_closed(sockets[0]);
	assert_closed(sockets[1]);
}

/* An end of the text without a name of ours: an address literal is said, and the null path is a sender. */
static void
what_is_empty_may_be(void **state)
{
	struct gate_ask ask = good_ask();
	int sockets[SOCKETS_MAX];

	(void)state;
	ask.helo[0] = ask.sender[0] = '\0';
	send_ask(&ask, sizeof ask, 1, sockets);
	assert_int_equal(serve(), 1);
	assert_closed(sockets[0]);
}

static void
a_signal_ends_nobody_and_an_error_does(void **state)
{
	struct gate_ask ask = good_ask();
	int sockets[SOCKETS_MAX];

	(void)state;
	interrupted = 3;
	send_ask(&ask, sizeof ask, 1, sockets);
	assert_int_equal(serve(), 1);
	assert_closed(sockets[0]);
	receiving_fails = EBADF;
	assert_int_equal(serve(), 0);
}

/* The socket would be lost with each request: it ends, and there is another gate. */
static void
without_a_descriptor_it_ends(void **state)
{
	struct gate_ask ask = good_ask();
	int sockets[SOCKETS_MAX], next = dup(0);
	struct rlimit limit, none;

	(void)state;
	send_ask(&ask, sizeof ask, 1, sockets);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 3, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(serve(), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_closed(sockets[0]);
}

static void
what_it_cannot_begin_with_is_told(void **state)
{
	char why[256] = "";

	(void)state;
	values->items[row_of("tls")].number = TLS_REQUIRE;
	set("ca_file", "/nonexistent/ca.pem");
	assert_false(gate_ops.open(gate, values, why, sizeof why));
	assert_string_equal(why, "ca_file: /nonexistent/ca.pem: no certificates can be read from it");
	memset(gate, 0, gate_ops.memory_size);
	set("relay", "relay:no port");
	assert_false(gate_ops.open(gate, values, why, sizeof why));
	assert_non_null(strstr(why, "relay"));
}

static void
it_needs_the_port_of_its_relay(void **state)
{
	struct pw_needs needs = { .flags = 0 };
	char why[256];

	(void)state;
	assert_true(gate_ops.open(gate, values, why, sizeof why));
	gate_ops.needs(gate, &needs);
	assert_int_equal(needs.port_count, 1);
	assert_int_equal(needs.ports[0], 2525);
	gate_ops.close(gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_no_request_is_dropped, begin, end),
		cmocka_unit_test_setup_teardown(a_packet_without_its_socket_is_dropped, begin, end),
		cmocka_unit_test_setup_teardown(two_sockets_are_one_too_many, begin, end),
		cmocka_unit_test_setup_teardown(what_is_empty_may_be, begin, end),
		cmocka_unit_test_setup_teardown(a_signal_ends_nobody_and_an_error_does, begin, end),
		cmocka_unit_test_setup_teardown(without_a_descriptor_it_ends, begin, end),
		cmocka_unit_test_setup_teardown(what_it_cannot_begin_with_is_told, begin, end),
		cmocka_unit_test_setup_teardown(it_needs_the_port_of_its_relay, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
