/* What the gate hears of libesmtp over its socket: lines within their bounds, and a text up to its final dot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/email/gate/library.h"
#include "../../plugins/email/gate/wire.h"

enum { LIMIT = 20 * 1000000, MUCH = 20 * 1024 * 1024 };

static struct library library;
static int peer;
static int receiving_fails[3]; /* with these, one after the other; 0 ends them */

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);

ssize_t
__wrap_recv(int fd, void *bytes, size_t size, int flags)
{
	errno = receiving_fails[0];
	receiving_fails[0] = receiving_fails[1];
	receiving_fails[1] = receiving_fails[2];
	return errno != 0 ? -1 : __real_recv(fd, bytes, size, flags);
}

static int
set_up(void **state)
{
	int ends[2], room = 1024 * 1024;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	peer = ends[1];
	library_init(&library, ends[0], wire_now() + LIMIT);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	library_close(&library);
	library_close(&library); /* which is of no effect */
	if (peer >= 0)
		close(peer);
	return 0;
}

static void
say(const char *bytes)
{
	assert_int_equal(send(peer, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

static void
hang_up(void)
{
	close(peer);
	peer = -1;
}

static void
a_line_is_the_one_that_is_expected(void **state)
{
	(void)state;
	say("EHLO watch\r\nMAIL FROM:<a@b.test> SIZE=3\r\nRSET\nQUIT \r\nDATA\r\n\r\nQUIX\r\nQUITx\n");
	assert_true(library_expect(&library, "EHLO watch"));
	assert_true(library_expect_word(&library, "MAIL FROM:<a@b.test>"));
	assert_false(library_expect(&library, "RSET")); /* without its CR */
	assert_false(library_expect(&library, "QUIT"));
	assert_false(library_expect_word(&library, "DATE"));
	assert_false(library_expect_word(&library, "RCPT"));
	assert_false(library_expect(&library, "QUIT"));
	assert_false(library_expect(&library, "QUIT"));
	hang_up();
	assert_false(library_expect(&library, "QUIT"));
}

static void
a_line_has_an_end(void **state)
{
	char line[2 * LIBRARY_LINE_MAX];

	(void)state;
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	say(line);
	assert_false(library_expect(&library, line));
}

static void
nothing_is_waited_for_behind_the_limit(void **state)
{
	(void)state;
	library_init(&library, library.fd, wire_now() - 1);
	say("QUI");
	assert_false(library_expect(&library, "QUIT"));
}

static void
failing_reads_are_an_end(void **state)
{
	(void)state;
	say("QUIT\r\n");
	receiving_fails[0] = EINTR, receiving_fails[1] = EAGAIN;
	assert_true(library_expect(&library, "QUIT"));
	say("QUIT\r\n");
	receiving_fails[0] = ECONNRESET;
	assert_false(library_expect(&library, "QUIT"));
}

/* Byte by byte. */
static void
a_text_comes_in_pieces(void **state)
{
	static const char text[] = "x\r\n.\r\n";
	size_t size = 0;
	char *taken;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		for (size_t i = 0; i < sizeof text - 1; i++) {
			(void)send(peer, text + i, 1, MSG_NOSIGNAL);
			(void)poll(NULL, 0, 2);
		}
		_exit(0);
	}
	taken = library_text(&library, &size);
	assert_non_null(taken);
	assert_int_equal(size, 3);
	free(taken);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
a_reply_is_said(void **state)
{
	char heard[16] = "";

	(void)state;
	library_say(&library, 354);
	assert_int_equal(recv(peer, heard, sizeof heard - 1, 0), 10);
	assert_string_equal(heard, "354 gate\r\n");
	hang_up();
	library_say(&library, 250); /* which nobody hears */
	assert_false(library_expect(&library, "QUIT"));
}

static void
a_text_ends_with_its_dot(void **state)
{
	size_t size = 0;
	char *text;

	(void)state;
	say("Subject: x\r\n\r\n.. a\r\n.\r\n");
	text = library_text(&library, &size);
	assert_non_null(text);
	assert_int_equal(size, strlen("Subject: x\r\n\r\n.. a\r\n"));
	assert_memory_equal(text, "Subject: x\r\n\r\n.. a\r\n", size);
	free(text);
	say("half of it\r\n.\r");
	hang_up();
	assert_null(library_text(&library, &size));
}

/* The child writes more than a socket holds. */
static void
a_text_is_bounded(void **state)
{
	static char bytes[64 * 1024];
	size_t size = 0;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	pid_t child = fork();
	if (child == 0) {
		close(library.fd);
		for (size_t i = 0; i < MUCH / sizeof bytes; i++)
			if (send(peer, bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
				break;
		_exit(0);
	}
	hang_up();
	assert_null(library_text(&library, &size));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_the_one_that_is_expected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_has_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_waited_for_behind_the_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failing_reads_are_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_text_comes_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reply_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_text_ends_with_its_dot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_text_is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
