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
#include "web/http_library.h"
#include "web/server.h"

enum { PART = 64 * 1024, PARTS = 64, BIG = 4 * 1024 * 1024, TAKERS = 40, SMALL_BUFFER = 4096, PATIENCE = 30 };

static struct server *server;
static struct sockaddr_in address;

static enum parts_next
next_part(void *state, struct buffer *part)
{
	char *room = buffer_reserve(part, PART, PART);

	assert_non_null(room);
	memset(room, 'x', PART);
	part->size = PART;
	return --*(int *)state == 0 ? PARTS_LAST : PARTS_MORE;
}

static enum parts_next
wait_for_more(void *state, struct buffer *part)
{
	assert_true(buffer_add(part, "x", 1, PART));
	++*(int *)state;
	return PARTS_WAIT;
}

static void
answer_all(void *arg, const struct server_request *request, struct server_answer *answer)
{
	(void)arg;
	if (strcmp(request->path, "/parts") == 0 || strcmp(request->path, "/live") == 0) {
		int *left = calloc(1, sizeof *left);

		assert_non_null(left);
		*left = PARTS;
		answer->parts = (struct parts_source){ .next = next_part, .end = free, .state = left };
		if (strcmp(request->path, "/live") == 0)
			answer->parts = (struct parts_source){ .next = wait_for_more, .end = free, .state = left, .is_live = true };
	}
	if (strcmp(request->path, "/form") == 0)
		answer->type = server_accepts(request, answer, "text/x") ? "text/x" : "text/y";
	if (strcmp(request->path, "/query") == 0 && server_query(request, "a") != NULL)
		answer->status = server_query(request, "a")[0] == '\0' ? 404 : 410;
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
	assert_true(http_library_load(&why));
	server = server_create(&access, answer_all, NULL);
	assert_true(server_listen(server, fd, (struct entrance){ .serves_page = true, .serves_shares = true }, &why));
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

/* Also where its readers take as many answers in parts as may be given out, the next ones are served. */
static void
parts_that_nobody_takes_give_way(void **state)
{
	int takers[PARTS_MAX], status = 0, fd;

	(void)state;
	for (int i = 0; i < PARTS_MAX; i++) {
		takers[i] = ask("GET /parts HTTP/1.1\r\nHost: localhost\r\n\r\n");
		assert_int_equal(status_of(takers[i]), 200);
	}
	fd = ask("GET /parts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	assert_int_equal(status_of(fd), 503);
	close(fd);
	for (int tries = 0; status != 200 && tries < 100; tries++) {
		fd = ask("GET /parts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
		status = status_of(fd);
		if (status == 200)
			assert_true(take(fd) >= PARTS * PART);
		else
			for (int64_t until = clock_mono() + SECOND / 10; clock_mono() < until;)
				turn();
		close(fd);
	}
	assert_int_equal(status, 200);
	for (int i = 0; i < PARTS_MAX; i++)
		close(takers[i]);
}

/* Who follows leaves room for who reads a whole, and is told something whenever there is. */
static void
followers_leave_room(void **state)
{
	int followers[PARTS_LIVE_MAX + 1], fd;
	char bytes[1024];
	ssize_t before, size;

	(void)state;
	for (int i = 0; i <= PARTS_LIVE_MAX; i++) {
		followers[i] = ask("GET /live HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
		assert_int_equal(status_of(followers[i]), i < PARTS_LIVE_MAX ? 200 : 503);
	}
	fd = ask("GET /parts HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
	assert_int_equal(status_of(fd), 200);
	size = (ssize_t)take(fd);
	assert_true(size > 0 && size < PARTS * PART / 10); /* it is packed */
	before = recv(followers[0], bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
	server_wake(server);
	for (int64_t until = clock_mono() + PATIENCE * (int64_t)SECOND; clock_mono() < until;) {
		turn();
		size = recv(followers[0], bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
		if (size > before)
			break;
	}
	assert_true(size > before);
	close(fd);
	for (int i = 0; i <= PARTS_LIVE_MAX; i++)
		close(followers[i]);
}

static bool
has_header(int fd, const char *header)
{
	char bytes[4096] = "";

	(void)status_of(fd);
	assert_true(recv(fd, bytes, sizeof bytes - 1, MSG_PEEK | MSG_DONTWAIT) > 0);
	return strstr(bytes, header) != NULL;
}

/* RFC 9112, 3.2.2; what follows a host that stands in the address goes by that host. */
static void
addresses_may_name_the_host(void **state)
{
	static const struct { const char *line, *host; int status; } cases[] = {
		{ "http://localhost/", "evil.example", 200 }, { "HTTP://watch.example:80/", "localhost", 200 }, { "https://[::1]/x", "a", 200 },
		{ "http://localhost", "localhost", 200 }, { "http://localhost/query?a", "localhost", 404 },
		{ "http://127.0.0.1:1/query?a=b", "localhost", 410 }, { "/query?a=b", "localhost", 410 },
		{ "http://evil.example/", "localhost", 421 }, { "http://localhost.evil.example/", "localhost", 421 },
		{ "http:///", "localhost", 400 }, { "http://user@localhost/", "localhost", 400 }, { "http://local%68ost/", "localhost", 400 },
		{ "ftp://localhost/", "localhost", 400 }, { "localhost/", "localhost", 400 }, { "http://localhost/%00", "localhost", 400 },
		{ "*", "localhost", 400 }, { "/%zz", "localhost", 400 }, { "/\x7f", "localhost", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char request[256];

		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].line, cases[i].host);
		int fd = ask(request), status = status_of(fd);
		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].line, status);
		close(fd);
	}
}

/* Who keeps answers for others is told by what they differ. */
static void
forms_of_an_answer_are_told(void **state)
{
	int fd = ask("GET /form HTTP/1.1\r\nHost: localhost\r\nAccept: text/z;q=1, text/x;q=0.5\r\n\r\n");

	(void)state;
	assert_true(has_header(fd, "\r\nVary: Accept, Accept-Encoding\r\n") && has_header(fd, "\r\nContent-Type: text/x\r\n"));
	close(fd);
	fd = ask("GET /form HTTP/1.1\r\nHost: localhost\r\nAccept: text/x;q=0\r\n\r\n");
	assert_true(has_header(fd, "\r\nContent-Type: text/y\r\n"));
	close(fd);
	fd = ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(has_header(fd, "\r\nVary: Accept-Encoding\r\n"));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_that_nobody_takes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_that_nobody_takes_give_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(followers_leave_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_may_name_the_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forms_of_an_answer_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_others_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
