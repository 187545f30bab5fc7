/* A reload whose check cannot be begun: whoever asked is told, nothing is left open, and the next one is begun. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_check_that_cannot_be_forked_leaves_nothing_open),
		TEST(a_check_without_descriptors_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
