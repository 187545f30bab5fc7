/* The log where calls fail, and what it makes of the environment that it was started in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "parent/log.h"

enum call { SEND, WRITE, POLL, SOCKET, FSTAT, OPEN, CALLS };

/* What the next calls of a kind fail with; 0 ends them. */
static int script[CALLS][4];
static bool is_terminal;

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

#define WRAP(type, name, call, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails(call) ? -1 : __real_##name arguments; }

WRAP(ssize_t, send, SEND, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, write, WRITE, (int fd, const void *bytes, size_t size), (fd, bytes, size))
WRAP(int, poll, POLL, (struct pollfd *polled, nfds_t count, int wait), (polled, count, wait))
WRAP(int, socket, SOCKET, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, fstat, FSTAT, (int fd, struct stat *status), (fd, status))
WRAP(int, open, OPEN, (const char *path, int flags, mode_t mode), (path, flags, mode))

int __wrap_isatty(int fd);

int
__wrap_isatty(int fd)
{
	(void)fd;
	return is_terminal;
}

static char path[64], file_path[64];

static int
begin(void **state)
{
	const char *folder = getenv("TMPDIR");

	(void)state;
	memset(script, 0, sizeof script);
	is_terminal = false;
	snprintf(path, sizeof path, "%.40s/log-%d", folder != NULL ? folder : "/tmp", (int)getpid());
	snprintf(file_path, sizeof file_path, "%.55s.file", path);
	unsetenv("JOURNAL_STREAM");
	unsetenv("NO_COLOR");
	unsetenv("TERM");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	memset(script, 0, sizeof script);
	unlink(path);
	unlink(file_path);
	return 0;
}

static int
listen_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = __real_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void
assert_heard(int server, const char *line)
{
	char got[64] = "";

	assert_int_equal(recv(server, got, sizeof got - 1, 0), strlen(line));
	assert_string_equal(got, line);
}

/* A datagram that cannot be written now waits; one that never can be is dropped; a daemon that went is looked for. */
static void
datagrams_that_fail(void **state)
{
	struct log_sink sink;
	int server = listen_here();

	(void)state;
	log_sink_init_syslog(&sink, path);
	script[SEND][0] = EINTR;
	log_sink_put(&sink, "one", 3, SECOND);
	assert_heard(server, "one");
	script[SEND][0] = ENOBUFS;
	log_sink_put(&sink, "two", 3, SECOND);
	assert_true(log_sink_is_behind(&sink));
	log_sink_put(&sink, "three", 5, SECOND);
	assert_heard(server, "two");
	assert_heard(server, "three");
	script[SEND][0] = EMSGSIZE;
	log_sink_put(&sink, "too long", 8, SECOND);
	assert_false(log_sink_is_behind(&sink));
	assert_int_equal(sink.dropped, 1);
	script[SEND][0] = ECONNREFUSED;
	log_sink_put(&sink, "four", 4, SECOND);
	assert_int_equal(sink.fd, -1);
	script[SOCKET][0] = EMFILE;
	log_sink_flush(&sink, 3 * SECOND);
	assert_int_equal(sink.fd, -1);
	log_sink_flush(&sink, 3 * SECOND + 1); /* not yet again */
	assert_true(log_sink_is_behind(&sink));
	log_sink_flush(&sink, 5 * SECOND);
	assert_heard(server, "four");
	assert_int_equal(sink.dropped, 1);
	log_sink_fini(&sink);
	log_sink_fini(&sink); /* which is of no effect */
	close(server);
}

static void
a_path_that_is_too_long_leads_nowhere(void **state)
{
	char name[200];
	struct log_sink sink;

	(void)state;
	memset(name, 'p', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	log_sink_init_syslog(&sink, name);
	log_sink_put(&sink, "one", 3, SECOND);
	log_sink_flush(&sink, 10 * SECOND);
	assert_int_equal(sink.fd, -1);
	assert_true(log_sink_is_behind(&sink));
	log_sink_fini(&sink);
}

static int
make_file(void)
{
	int fd = __real_open(file_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void
assert_written(int fd, const char *expected)
{
	char got[8192] = "";

	assert_true(pread(fd, got, sizeof got - 1, 0) >= 0);
	assert_string_equal(got, expected);
}

/* What is shared with others is asked before it is written to. */
static void
a_file_that_is_not_ours_alone(void **state)
{
	struct log_sink sink;
	int fd = make_file();

	(void)state;
	log_sink_init(&sink, fd);
	assert_false(sink.own);
	script[POLL][0] = EINTR;
	log_sink_put(&sink, "one\n", 4, 0);
	assert_true(log_sink_is_behind(&sink));
	script[WRITE][0] = EINTR;
	log_sink_put(&sink, "two\n", 4, 0);
	assert_written(fd, "one\ntwo\n");
	script[WRITE][0] = ENOSPC;
	log_sink_put(&sink, "lost\n", 5, 0);
	log_sink_put(&sink, "three\n", 6, 0);
	assert_written(fd, "one\ntwo\nthree\n");
	assert_int_equal(sink.dropped, 1);
	log_sink_fini(&sink);
	close(fd);
}

/* A pipe that cannot be opened anew, or not even looked at, is written to as it is. */
static void
a_pipe_that_cannot_be_opened_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct log_sink sink;
		char got[8] = "";
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		script[i == 0 ? FSTAT : OPEN][0] = i == 2 ? 0 : EACCES;
		log_sink_init(&sink, ends[1]);
		assert_int_equal(sink.own, i == 2);
		assert_int_equal(sink.fd != ends[1], i == 2);
		log_sink_put(&sink, "one\n", 4, 0);
		assert_int_equal(read(ends[0], got, sizeof got), 4);
		log_sink_fini(&sink);
		close(ends[0]);
		close(ends[1]);
	}
}

/* What is kept moves to the beginning of its room where it has come to the end. */
static void
the_room_is_used_again(void **state)
{
	static char line[100 * 1024];
	struct log_sink sink;
	int server;

	(void)state;
	memset(line, 'x', sizeof line);
	log_sink_init_syslog(&sink, path);
	log_sink_put(&sink, "small", 5, SECOND);
	log_sink_put(&sink, line, sizeof line, SECOND);
	log_sink_put(&sink, line, sizeof line, SECOND);
	assert_int_equal(sink.dropped, 0);
	server = listen_here();
	script[SEND][1] = EMSGSIZE;
	script[SEND][0] = EINTR;
	log_sink_flush(&sink, 3 * SECOND); /* the first one goes nowhere, and with it there is room */
	for (int i = 0; i < 3; i++)
		log_sink_put(&sink, line, sizeof line, SECOND);
	assert_true(sink.size <= LOG_SINK_ROOM);
	log_sink_fini(&sink);
	close(server);
}

static enum log_form
form_of(const struct log_settings *settings)
{
	struct log log;
	enum log_form form;

	log_open(&log, settings);
	form = log.forms[log.count - 1];
	log_close(&log, 0);
	return form;
}

static void
set(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* no-color.org, TERM, and the stream that systemd names. */
static void
the_environment_says_who_reads(void **state)
{
	static const struct {
		bool terminal;
		const char *no_color, *term;
		enum log_form form;
	} rows[] = {
		{ true, NULL, "xterm", LOG_FORM_COLOUR }, { true, "", "xterm", LOG_FORM_COLOUR }, { true, "1", "xterm", LOG_FORM_PLAIN },
		{ true, NULL, "dumb", LOG_FORM_PLAIN }, { true, NULL, NULL, LOG_FORM_PLAIN }, { false, NULL, "xterm", LOG_FORM_PLAIN },
	};
	const struct log_settings settings = { .to = LOG_TO_STDERR, .level = LOG_INFO };
	struct stat status;
	char stream[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_terminal = rows[i].terminal;
		set("NO_COLOR", rows[i].no_color);
		set("TERM", rows[i].term);
		assert_int_equal(form_of(&settings), rows[i].form);
	}
	is_terminal = false;
	assert_int_equal(__real_fstat(STDERR_FILENO, &status), 0);
	for (int i = 0; i < 4; i++) {
		snprintf(stream, sizeof stream, i == 3 ? "no stream" : "%llu:%llu", (unsigned long long)status.st_dev + (i == 1),
		    (unsigned long long)status.st_ino + (i == 2));
		set("JOURNAL_STREAM", stream);
		assert_int_equal(form_of(&settings), i == 0 ? LOG_FORM_JOURNAL : LOG_FORM_PLAIN);
	}
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	set("JOURNAL_STREAM", stream);
	script[FSTAT][0] = EBADF;
	assert_int_equal(form_of(&settings), LOG_FORM_PLAIN);
}

/* A daemon that has left its terminal speaks to syslog alone; a zone that cannot be read is UTC. */
static void
a_daemon_leaves_its_terminal(void **state)
{
	const struct log_settings settings = { .to = LOG_TO_STDERR, .level = LOG_INFO, .daemon = true, .timezone = "No/Such_Zone",
		.syslog_path = path };
	struct log log;

	(void)state;
	log_open(&log, &settings);
	assert_int_equal(log.count, 2);
	assert_null(log.zone);
	log_leave_terminal(&log);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.forms[0], LOG_FORM_SYSLOG);
	log_leave_terminal(&log); /* which is of no effect */
	log_close(&log, 0);
}

/* Lines for people, in a file that takes the place of stderr: a long one ends all the same, and a gap of one is told as one. */
static void
lines_for_people(void **state)
{
	static char words[LOG_LINE_MAX], got[2 * LOG_LINE_MAX];
	const struct log_settings settings = { .to = LOG_TO_STDERR, .level = LOG_INFO, .timezone = "Etc/GMT+3" };
	int fd = make_file(), kept = dup(STDERR_FILENO);
	struct log log;

	(void)state;
	memset(words, 'x', sizeof words - 1);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	log_open(&log, &settings);
	log_relay(&log, NULL, NULL, LOG_INFO, 0, (struct pw_bytes){ words, strlen(words) });
	script[WRITE][0] = ENOSPC;
	log_say(&log, LOG_INFO, "lost");
	log_say(&log, LOG_INFO, "kept");
	log_close(&log, 0);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	close(kept);
	ssize_t size = pread(fd, got, sizeof got - 1, 0);
	assert_true(size > 0);
	got[size] = '\0';
	assert_int_equal(strcspn(got, "\n"), LOG_LINE_MAX - 2);
	assert_non_null(strstr(got, " -0300  "));
	assert_non_null(strstr(got, "warning  1 log line was dropped here\n"));
	assert_non_null(strstr(got, "kept\n"));
	close(fd);
}

/* The last lines wait for the next look at a log daemon that is not there, where that comes in time. */
static void
an_end_waits_for_its_readers(void **state)
{
	const struct log_settings settings = { .to = LOG_TO_SYSLOG, .level = LOG_INFO, .syslog_path = path };
	struct pollfd polled[LOG_SINKS];
	int64_t until = INT64_MAX, begun = clock_mono();
	char got[LOG_LINE_MAX] = "";
	struct log log;
	int server;

	(void)state;
	log_open(&log, &settings);
	log_say(&log, LOG_INFO, "nobody hears");
	assert_int_equal(log_poll(&log, polled, &until), 0);
	assert_true(until < INT64_MAX);
	until = 0;
	assert_int_equal(log_poll(&log, polled, &until), 0);
	assert_int_equal(until, 0); /* that is sooner */
	log_close(&log, 900 * MILLISECOND); /* the next look comes later: nothing to wait for */
	assert_in_range(clock_mono() - begun, 0, 800 * MILLISECOND);
	log_open(&log, &settings);
	log_say(&log, LOG_INFO, "somebody hears");
	server = listen_here();
	log_close(&log, 20 * SECOND);
	assert_true(recv(server, got, sizeof got - 1, 0) > 0);
	assert_non_null(strstr(got, "]: somebody hears"));
	close(server);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(datagrams_that_fail),
		TEST(a_path_that_is_too_long_leads_nowhere),
		TEST(a_file_that_is_not_ours_alone),
		TEST(a_pipe_that_cannot_be_opened_anew),
		TEST(the_room_is_used_again),
		TEST(the_environment_says_who_reads),
		TEST(a_daemon_leaves_its_terminal),
		TEST(lines_for_people),
		TEST(an_end_waits_for_its_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
