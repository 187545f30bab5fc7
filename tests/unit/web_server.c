/* The HTTP server of the page before clients that take no answer, and that name others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/server.h"

enum { BIG = 4 * 1024 * 1024, TAKERS = 40, SMALL_BUFFER = 4096, PATIENCE = 30 };

static struct server *server;
static struct sockaddr_in address;

static void
answer_all(void *arg, const struct server_request *request, struct server_answer *answer)
{
	(void)arg;
	if (strcmp(request->path, "/big") != 0)
		return;
	char *room = buffer_reserve(answer->body, BIG, BIG);
	assert_non_null(room);
	memset(room, 'x', BIG);
	answer->body->size = BIG;
}

static int
set_up(void **state)
{
	static const char *const names[] = { "watch.example" };
	static const int small = SMALL_BUFFER;
	const struct access access = { .is_public = true, .name_count = 1, .names = names };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof address;
	struct reason why;

	(void)state;
	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0); /* connections inherit it */
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(fd, 2 * TAKERS), 0);
	server = server_create(&access, answer_all, NULL);
	assert_true(server_listen(server, fd, false, &why));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	server_destroy(&server);
	return 0;
}

static void
turn(void)
{
	struct pollfd polled[SERVER_LISTENERS_MAX];
	int64_t until = INT64_MAX;
	uint32_t count = server_poll(server, polled, &until);

	poll(polled, count, 10);
	server_turn(server);
}

/* Sends that request; the peer's descriptor. */
static int
ask(const char *request)
{
	static const int small = SMALL_BUFFER;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

/* The status of the answer that comes, which is left where it is; 0: the connection ended without one. */
static int
status_of(int fd)
{
	char line[16] = "";
	ssize_t size = -1;

	for (int64_t until = clock_mono() + PATIENCE * (int64_t)SECOND; size < 12 && clock_mono() < until;) {
		turn();
		size = recv(fd, line, sizeof line - 1, MSG_PEEK | MSG_DONTWAIT);
		if (size == 0)
			return 0;
	}
	assert_true(size >= 12);
	return (int)strtol(line + strlen("HTTP/1.1 "), NULL, 10);
}

/* Takes all that comes, to the end of the connection. */
static size_t
take(int fd)
{
	static char bytes[65536];
	size_t whole = 0;

	for (int64_t until = clock_mono() + PATIENCE * (int64_t)SECOND; clock_mono() < until;) {
		ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

		if (size == 0)
			break;
		if (size > 0)
			whole += (size_t)size;
		else
			turn();
	}
	return whole;
}

static void
answers_that_nobody_takes_are_bounded(void **state)
{
	int takers[TAKERS], good = 0, status = 0, fd;

	(void)state;
	for (int i = 0; i < TAKERS; i++) {
		takers[i] = ask("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
		status = status_of(takers[i]);
		assert_true(status == 200 || status == 503);
		good += status == 200;
	}
	if (good <= 1 || good == TAKERS)
		fail_msg("%d of %d answers are held", good, TAKERS);
	for (int tries = 0; status != 200 && tries < 100; tries++) { /* others are given up, so that this one is served */
		fd = ask("GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
		status = status_of(fd);
		if (status == 200)
			assert_true(take(fd) > BIG);
		else
			for (int64_t until = clock_mono() + SECOND / 10; clock_mono() < until;)
				turn();
		close(fd);
	}
	assert_int_equal(status, 200);
	fd = ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_int_equal(status_of(fd), 200);
	server_destroy(&server); /* while they are connected */
	for (int i = 0; i < TAKERS; i++)
		close(takers[i]);
	close(fd);
}

static void
names_of_others_are_refused(void **state)
{
	static const struct { const char *headers; int status; } cases[] = {
		{ "Host: localhost", 200 }, { "Host: LOCALHOST:80", 200 }, { "Host: localhost:", 200 }, { "Host: 127.0.0.1:8025", 200 },
		{ "Host: [::1]", 200 }, { "Host: [fe80::1]:80", 200 }, { "Host: watch.example:1", 200 },
		{ "Host: [", 421 }, { "Host: [evil.example", 421 }, { "Host: []evil.example", 421 }, { "Host: [::1]evil.example", 421 },
		{ "Host: [evil.example]", 421 }, { "Host: 127.0.0.1.evil.example", 421 }, { "Host: localhost.evil.example", 421 },
		{ "Host: :80", 421 }, { "Host: watch.example.evil", 421 }, { "Host: watch.exampl", 421 }, { "Host: evil.example", 421 },
		{ "Host: localhost\r\nHost: evil.example", 400 }, { "Host: evil.example\r\nhost: localhost", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char request[256];

		snprintf(request, sizeof request, "GET / HTTP/1.1\r\n%s\r\n\r\n", cases[i].headers);
		int fd = ask(request), status = status_of(fd);
		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].headers, status);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_that_nobody_takes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_others_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
