/* Lines as each reader wants them, and readers who do not read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "parent/log.h"

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static struct zone *zone;

static int
set_zone(void **state)
{
	(void)state;
	setenv("TZ", "XST-05:30", 1);
	zone = zone_open_own();
	return zone == NULL;
}

static int
unset_zone(void **state)
{
	(void)state;
	zone_close(&zone);
	return 0;
}

static void
assert_line(enum log_form form, const struct log_line *line, const char *expected)
{
	char bytes[LOG_LINE_MAX];
	struct text text = TEXT_OVER(bytes);

	log_line_add(&text, form, &(struct log_origin){ LOG_DAEMON, 123, zone }, line);
	assert_string_equal(bytes, expected);
}

static void
people_read_their_own_time(void **state)
{
	struct log_line line = { .level = LOG_ERR, .at = 1700000000 * (int64_t)SECOND, .event = 7,
		.text = bytes_of("mx1 down") };

	(void)state;
	assert_line(LOG_FORM_PLAIN, &line, "2023-11-15 03:43:20 +0530  error    mx1 down\n");
	assert_line(LOG_FORM_COLOUR, &line,
	    "\x1b[2m2023-11-15 03:43:20 +0530\x1b[0m  \x1b[1;31merror  \x1b[0m  mx1 down\n");
	line.follows = true;
	assert_line(LOG_FORM_PLAIN, &line, "        mx1 down\n");
	line.apart = true;
	assert_line(LOG_FORM_PLAIN, &line, "2023-11-15 03:43:20 +0530  error    #7  mx1 down\n");
}

static void
daemons_read_a_number(void **state)
{
	struct log_line line = { .level = LOG_WARNING, .at = 1699000000 * (int64_t)SECOND, .who = "prober 0",
		.text = bytes_of("late") };

	(void)state;
	assert_line(LOG_FORM_JOURNAL, &line, "<4>prober 0: late\n");
	assert_line(LOG_FORM_SYSLOG, &line, "<28>Nov  3 13:56:40 postwatch[123]: prober 0: late");
	line.who = NULL;
	line.event = 12;
	assert_line(LOG_FORM_SYSLOG, &line, "<28>Nov  3 13:56:40 postwatch[123]: #12 late");
	line.follows = true;
	assert_line(LOG_FORM_JOURNAL, &line, "<4>#12   late\n");
}

static void
a_long_line_is_cut(void **state)
{
	static char long_text[2 * LOG_LINE_MAX];
	char bytes[LOG_LINE_MAX];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	memset(long_text, 'x', sizeof long_text);
	log_line_add(&text, LOG_FORM_PLAIN, &(struct log_origin){ .pid = 1 },
	    &(struct log_line){ .level = LOG_INFO, .text = { long_text, sizeof long_text } });
	assert_true(text.cut);
	assert_in_range(text.size, LOG_LINE_MAX - 8, LOG_LINE_MAX - 1);
}

/* A pipe that nobody reads fills, then the room we keep, and only then lines are lost; all others come in order. */
static void
a_pipe_that_is_not_read(void **state)
{
	enum { LINES = 20000 };
	static char got[1 << 20];
	struct log_sink sink;
	int ends[2];
	uint64_t seen = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	log_sink_init(&sink, ends[1]);
	for (int i = 0; i < LINES; i++) {
		char line[32];
		int size = snprintf(line, sizeof line, "line %08d of many lines\n", i);

		log_sink_put(&sink, line, (size_t)size, 0);
	}
	assert_true(log_sink_is_behind(&sink));
	assert_in_range(sink.dropped, 1, LINES - 1);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	size_t size = 0;
	for (ssize_t count; (count = read(ends[0], got + size, 4096)) > 0; log_sink_flush(&sink, 0))
		size += (size_t)count;
	assert_false(log_sink_is_behind(&sink));
	for (size_t at = 0; at < size; at += 28, seen++)
		assert_int_equal(atoll(got + at + 5), seen);
	assert_int_equal(seen + sink.dropped, LINES);
	log_sink_fini(&sink);
	close(ends[0]);
	close(ends[1]);
}

static void
a_lost_pipe_is_no_harm(void **state)
{
	struct log_sink sink;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	log_sink_init(&sink, ends[1]);
	close(ends[0]);
	log_sink_put(&sink, "x\n", 2, 0);
	assert_int_equal(sink.dropped, 1);
	assert_false(log_sink_is_behind(&sink));
	log_sink_fini(&sink);
	close(ends[1]);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void
make_path(char path[64])
{
	const char *folder = getenv("TMPDIR");

	snprintf(path, 64, "%s/log-%d", folder != NULL ? folder : "/tmp", (int)getpid());
}

static void
a_syslog_that_is_not_read(void **state)
{
	struct log_sink sink;
	char path[64], got[64];
	int server, count = 0;

	(void)state;
	make_path(path);
	server = listen_at(path);
	log_sink_init_syslog(&sink, path);
	for (int i = 0; i < 1000; i++)
		log_sink_put(&sink, "a line", 6, 0);
	assert_true(log_sink_is_behind(&sink));
	assert_int_equal(sink.dropped, 0);
	for (; recv(server, got, sizeof got, 0) == 6; log_sink_flush(&sink, 0))
		count++;
	assert_int_equal(count, 1000);
	assert_false(log_sink_is_behind(&sink));
	log_sink_fini(&sink);
	close(server);
	unlink(path);
}

/* Lines said while the log daemon is away wait for the next one; it is looked for once a second. */
static void
a_syslog_that_comes_and_goes(void **state)
{
	struct log_sink sink;
	char path[64], got[64];
	int server;

	(void)state;
	make_path(path);
	log_sink_init_syslog(&sink, path);
	log_sink_put(&sink, "one", 3, 1);
	server = listen_at(path);
	log_sink_put(&sink, "two", 3, SECOND / 2);
	assert_int_equal(recv(server, got, sizeof got, 0), -1);
	log_sink_flush(&sink, 2 * SECOND);
	assert_int_equal(recv(server, got, sizeof got, 0), 3);
	assert_memory_equal(got, "one", 3);
	assert_int_equal(recv(server, got, sizeof got, 0), 3);
	assert_memory_equal(got, "two", 3);
	close(server);
	server = listen_at(path);
	log_sink_put(&sink, "three", 5, 4 * SECOND);
	log_sink_flush(&sink, 6 * SECOND);
	assert_int_equal(recv(server, got, sizeof got, 0), 5);
	log_sink_fini(&sink);
	close(server);
	unlink(path);
}

static struct log
open_log(const char *path)
{
	struct log log;

	log_open(&log, &(struct log_settings){ .to = LOG_TO_SYSLOG, .level = LOG_INFO, .facility = LOG_LOCAL0,
	    .syslog_path = path });
	return log;
}

static void
assert_heard(int server, const char *end)
{
	char got[LOG_LINE_MAX] = "";
	ssize_t size = recv(server, got, sizeof got - 1, 0);

	assert_true(size > 0);
	got[size] = '\0';
	assert_true((size_t)size >= strlen(end));
	assert_string_equal(got + size - strlen(end), end);
}

static void
events_keep_together_by_speaker(void **state)
{
	char path[64];
	int server, one, two;
	struct log log;

	(void)state;
	make_path(path);
	server = listen_at(path);
	log = open_log(path);
	log_relay(&log, &one, NULL, LOG_ERR, 5, bytes_of("down"));
	assert_heard(server, "]: #5 down");
	log_relay(&log, &one, NULL, LOG_INFO, 5, bytes_of("220 hello"));
	assert_heard(server, "]: #5   220 hello");
	log_relay(&log, &two, "prober 1", LOG_INFO, 0, bytes_of("hm"));
	assert_heard(server, "]: prober 1: hm");
	log_relay(&log, &one, NULL, LOG_INFO, 5, bytes_of("221 bye"));
	assert_heard(server, "]: #5   221 bye");
	log_relay(&log, &one, NULL, LOG_DEBUG, 0, bytes_of("too small to be told"));
	log_say(&log, LOG_NOTICE, "the %s", "end");
	assert_heard(server, "]: the end");
	log_close(&log, 0);
	close(server);
	unlink(path);
}

static void
what_was_dropped_is_told(void **state)
{
	char path[64], got[LOG_LINE_MAX];
	char line[1001];
	int server;
	struct log log;
	ssize_t size, last = 0;

	(void)state;
	memset(line, 'x', sizeof line - 1);
	line[1000] = '\0';
	make_path(path);
	server = listen_at(path);
	log = open_log(path);
	for (int i = 0; i < 1000; i++)
		log_say(&log, LOG_INFO, "%s", line);
	assert_true(log.sinks[0].dropped > 0);
	for (; (size = recv(server, got, sizeof got - 1, 0)) > 0; log_flush(&log))
		last = size;
	got[last] = '\0';
	assert_non_null(strstr(got, " log lines were dropped here"));
	log_close(&log, 0);
	close(server);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_read_their_own_time),
		cmocka_unit_test(daemons_read_a_number),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(a_pipe_that_is_not_read),
		cmocka_unit_test(a_lost_pipe_is_no_harm),
		cmocka_unit_test(a_syslog_that_is_not_read),
		cmocka_unit_test(a_syslog_that_comes_and_goes),
		cmocka_unit_test(events_keep_together_by_speaker),
		cmocka_unit_test(what_was_dropped_is_told),
	};

	return cmocka_run_group_tests(tests, set_zone, unset_zone);
}
