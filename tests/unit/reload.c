/* A reload's check, however it ends or cannot be begun: whoever asked is told, nothing is left open, and the next one is begun. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/messages_ask.h"
#include "parent/reload.h"
#include "parent/tree.h"

enum { ASK = 7, BUSY = 75 };

static struct log_settings settings = { .to = LOG_TO_SYSLOG, .level = -1, .syslog_path = "/nonexistent" };
static struct config config = { .probers = 1 };
static struct log log_of_test;
static struct tree tree;
static struct reload_origin origin;
static struct reload reload;
static int far_end;
static bool forks_fail;

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t
__wrap_fork(void)
{
	errno = EAGAIN;
	return forks_fail ? -1 : __real_fork();
}

static int
count_open(void)
{
	DIR *all = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(all);
	while (readdir(all) != NULL)
		count++;
	closedir(all);
	return count;
}

/* The monitor is the test itself, which has asked. */
static int
begin(void **state)
{
	static char *words[] = { NULL };
	struct times times = times_standard();
	int ends[2];

	(void)state;
	log_open(&log_of_test, &settings);
	if (!tree_init(&tree, &config, &times, &log_of_test) || !child_socket_pair(ends, NULL))
		return 1;
	tree.children[TREE_MONITOR].socket = ends[0];
	tree.children[TREE_MONITOR].pid = getpid();
	far_end = ends[1];
	reload_origin_find(&origin, words);
	reload_init(&reload, &origin, "/nonexistent", 0, &log_of_test, &tree);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	forks_fail = false;
	reload_fini(&reload);
	close(far_end);
	tree_fini(&tree);
	log_close(&log_of_test, 0);
	return 0;
}

static void
assert_answers(char kind, uint8_t status, const char *line)
{
	char packet[WIRE_MAX];
	struct message_answer answer;
	ssize_t size = packet_read(far_end, packet, sizeof packet, NULL);
	struct wire_in in = wire_from(packet, size < 0 ? 0 : (size_t)size);

	assert_true(size > 0);
	assert_int_equal(message_kind(packet, (size_t)size), MESSAGE_ANSWER);
	assert_true(message_get_answer(&in, &answer));
	assert_int_equal(answer.number, ASK);
	assert_int_equal(answer.kind, kind);
	assert_int_equal(answer.status, status);
	assert_int_equal(answer.text.size, strlen(line));
	assert_memory_equal(answer.text.data, line, answer.text.size);
}

static void
fail_once(void)
{
	int open = count_open();

	reload_want(&reload, ASK);
	assert_false(reload_turn(&reload, true, clock_mono()));
	assert_int_equal(count_open(), open);
	assert_answers('e', 0, "the configuration cannot be checked: no process, no descriptors");
	assert_answers('x', BUSY, "");
	assert_int_equal(reload_next(&reload, clock_mono()), INT64_MAX);
}

static void
a_check_that_cannot_be_forked_leaves_nothing_open(void **state)
{
	(void)state;
	forks_fail = true;
	for (int i = 0; i < 3; i++)
		fail_once();
}

static void
a_check_without_descriptors_is_told(void **state)
{
	struct rlimit limit, none;
	int open = count_open();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 3, limit.rlim_max };
	reload_want(&reload, ASK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(reload_turn(&reload, true, clock_mono()));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_answers('e', 0, "the configuration cannot be checked: no process, no descriptors");
	assert_answers('x', BUSY, "");
	assert_int_equal(count_open(), open);
}

/* What a check says and how it ends is the shell's to do. */
static void
check_by(const char *script)
{
	static char *words[] = { "-c", NULL, NULL };

	words[1] = (char *)(uintptr_t)script;
	snprintf(origin.program, sizeof origin.program, "/bin/sh");
	origin.words = words;
	reload_want(&reload, ASK);
	assert_false(reload_turn(&reload, true, clock_mono()));
	assert_true(reload.checker > 0);
}

static void
await_check(void)
{
	int status;
	pid_t checker = reload.checker;

	assert_int_equal(waitpid(checker, &status, 0), checker);
	assert_false(reload_reaped(&reload, getpid(), status));
	assert_true(reload_reaped(&reload, checker, status));
	assert_false(reload_reaped(&reload, checker, status));
}

static void
each_end_of_a_check_has_its_answer(void **state)
{
	static const struct {
		const char *script, *said, *line;
		char kind;
		uint8_t status;
	} rows[] = {
		{ "echo a warning; exit 0", "a warning", "what was checked is good: it is put in force", 'o', 100 },
		{ "exit 3", NULL, "nothing is new: nothing was done", 'o', 0 },
		{ "echo; printf 'no end'; exit 78", "no end", "the configuration is faulty: nothing was changed", 'e', 78 },
		{ "exit 78", NULL, "the configuration is faulty: nothing was changed", 'e', 78 },
		{ "kill -9 $$", NULL, "the check itself failed: nothing was changed", 'e', 1 },
	};
	int open = count_open();
	int64_t since = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		check_by(rows[i].script);
		await_check();
		if (rows[i].said != NULL)
			assert_answers(rows[i].kind, 0, rows[i].said);
		assert_answers(rows[i].kind, 0, rows[i].line);
		assert_answers('x', rows[i].status, "");
		assert_int_equal(reload.good, i == 0);
		assert_int_equal(reload.failing_since != 0, rows[i].kind == 'e'); /* and since the first fault */
		assert_true(since == 0 || reload.failing_since == since);
		since = reload.failing_since;
		assert_int_equal(count_open(), open);
		assert_int_equal(reload_turn(&reload, true, clock_mono()), i == 0);
	}
}

/* While not all serve it waits; what is asked for meanwhile is checked first. */
static void
what_is_good_waits_for_its_time(void **state)
{
	(void)state;
	check_by("exit 0");
	assert_true(reload_next(&reload, 0) > 0);
	await_check();
	assert_false(reload_turn(&reload, false, clock_mono()));
	assert_int_equal(reload_next(&reload, 5), 5);
	check_by("exit 0");
	await_check();
	assert_true(reload_turn(&reload, true, clock_mono()));
	assert_false(reload_turn(&reload, true, clock_mono()));
	reload_want(&reload, 0);
	assert_false(reload_turn(&reload, false, clock_mono()));
	assert_true(reload_next(&reload, clock_mono()) < INT64_MAX);
	reload.not_before = INT64_MAX - 1;
	assert_false(reload_turn(&reload, true, clock_mono()));
	assert_int_equal(reload_next(&reload, clock_mono()), INT64_MAX - 1);
	assert_int_equal(reload.checker, 0);
}

static void
a_check_that_hangs_is_killed(void **state)
{
	int64_t now = clock_mono();

	(void)state;
	check_by("exec sleep 1000");
	assert_false(reload_turn(&reload, true, now + 50 * (int64_t)SECOND));
	assert_int_equal(kill(reload.checker, 0), 0);
	assert_false(reload_turn(&reload, true, now + 70 * (int64_t)SECOND));
	await_check();
	assert_answers('e', 0, "the check itself failed: nothing was changed");
}

static void
what_cannot_be_executed_is_told(void **state)
{
	struct reason why;

	(void)state;
	snprintf(origin.program, sizeof origin.program, "/nonexistent/program");
	reload_want(&reload, ASK);
	assert_false(reload_turn(&reload, true, clock_mono()));
	await_check();
	assert_answers('e', 0, "/nonexistent/program cannot be executed: No such file or directory");
	assert_answers('e', 0, "the check itself failed: nothing was changed");
	assert_answers('x', 1, "");
	reload_execute(&reload, -1, -1, &why);
	assert_string_equal(why.text, "/nonexistent/program cannot be executed: No such file or directory");
	assert_null(getenv(RELOAD_VARIABLE));
	snprintf(origin.folder, sizeof origin.folder, "/nonexistent");
	reload_execute(&reload, -1, -1, &why);
	assert_string_equal(why.text, "/nonexistent, where it was started, cannot be entered: No such file or directory");
}

static void
who_does_not_know_how_it_was_started_says_so(void **state)
{
	static const char words[] = "how the program was started cannot be told: it has to be restarted";

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(origin.program, sizeof origin.program, "%s", i == 0 ? "" : "/bin/sh");
		origin.folder[0] = '\0';
		reload_want(&reload, ASK);
		assert_false(reload_turn(&reload, true, clock_mono()));
		assert_answers('e', 0, words);
		assert_answers('x', 1, "");
		assert_false(reload_turn(&reload, true, clock_mono()));
	}
}

static void
more_askers_than_there_is_room_for_are_sent_away(void **state)
{
	(void)state;
	for (int i = 0; i < RELOAD_ASKS_MAX; i++)
		reload_want(&reload, ASK);
	assert_int_equal(packet_read(far_end, &(char){ 0 }, 1, NULL), -1);
	reload_want(&reload, ASK);
	assert_answers('x', BUSY, "");
}

static void
an_order_is_read_once(void **state)
{
	static const char *const none[] = { "resume", "resume 5", "resume x 6 /state", "go on" };
	struct reload_order order;

	(void)state;
	assert_false(reload_order(&order));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_equal(setenv(RELOAD_VARIABLE, none[i], 1), 0);
		assert_false(reload_order(&order));
		assert_null(getenv(RELOAD_VARIABLE));
	}
	assert_int_equal(setenv(RELOAD_VARIABLE, "resume 5 -1 /a state", 1), 0);
	assert_true(reload_order(&order));
	assert_true(!order.check && order.lock == 5 && order.pid_file == -1);
	assert_string_equal(order.state, "/a state");
	assert_int_equal(setenv(RELOAD_VARIABLE, "check /state", 1), 0);
	assert_true(reload_order(&order));
	assert_true(order.check);
	assert_string_equal(order.state, "/state");
	assert_false(reload_order(&order));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_check_that_cannot_be_forked_leaves_nothing_open),
		TEST(a_check_without_descriptors_is_told),
		TEST(each_end_of_a_check_has_its_answer),
		TEST(what_is_good_waits_for_its_time),
		TEST(a_check_that_hangs_is_killed),
		TEST(what_cannot_be_executed_is_told),
		TEST(who_does_not_know_how_it_was_started_says_so),
		TEST(more_askers_than_there_is_room_for_are_sent_away),
		TEST(an_order_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
