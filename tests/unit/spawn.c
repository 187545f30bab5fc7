/* A child whose birth fails at any step: the parent hears why, in words, and nothing of it is left open. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parent/spawn.h"

enum { CANNOT_BEGIN = 71 };
enum call { SOCKETPAIR, FORK, OPEN, DUP2, FCNTL, FSTAT, PRCTL, MPROTECT, CALLS };

static struct {
	enum call call;
	unsigned left; /* 0: none fails */
} fault;

static bool
fails(enum call call)
{
	if (fault.left == 0 || fault.call != call || --fault.left > 0)
		return false;
	errno = EMFILE;
	return true;
}

#define WRAP(type, name, call, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails(call) ? -1 : __real_##name arguments; }

WRAP(int, socketpair, SOCKETPAIR, (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends))
WRAP(pid_t, fork, FORK, (void), ())
WRAP(int, open, OPEN, (const char *path, int flags, mode_t mode), (path, flags, mode))
WRAP(int, dup2, DUP2, (int from, int to), (from, to))
WRAP(int, fcntl, FCNTL, (int fd, int command, long argument), (fd, command, argument))
WRAP(int, fstat, FSTAT, (int fd, struct stat *status), (fd, status))
WRAP(int, prctl, PRCTL, (int option, unsigned long argument), (option, argument))
WRAP(int, mprotect, MPROTECT, (void *memory, size_t size, int guard), (memory, size, guard))

static struct log_settings settings = { .to = LOG_TO_SYSLOG, .level = -1, .syslog_path = "/nonexistent" };
static struct config config = { .probers = 1, .state = "/nonexistent" };
static struct log log_of_test;
static struct tree tree;

static int
begin(void **state)
{
	struct times times = times_standard();

	(void)state;
	fault.left = 0;
	log_open(&log_of_test, &settings);
	return !tree_init(&tree, &config, &times, &log_of_test);
}

static int
end(void **state)
{
	(void)state;
	fault.left = 0;
	tree_fini(&tree);
	log_close(&log_of_test, 0);
	return 0;
}

static unsigned
open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += __real_fcntl(fd, F_GETFD, 0) >= 0;
	return count;
}

static void
who_cannot_be_born_leaves_nothing(void **state)
{
	static const struct {
		enum call call;
		const char *words;
	} rows[] = { { SOCKETPAIR, "no sockets: Too many open files" }, { FORK, "cannot fork: Too many open files" } };
	struct child *child = &tree.children[TREE_MONITOR];
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned before = open_descriptors();

		fault.call = rows[i].call;
		fault.left = 1;
		assert_false(spawn_child(&tree, child, &why));
		assert_string_equal(why.text, rows[i].words);
		assert_int_equal(child->socket, -1);
		assert_false(child_lives(child));
		assert_int_equal(open_descriptors(), before);
	}
}

/* What it says and how it ends. */
static void
assert_cannot_begin(struct child *child, const char *words)
{
	unsigned char packet[WIRE_MAX];
	struct message_log line = { .level = 0 };
	struct reason why;
	ssize_t size;
	int status;

	assert_true(spawn_child(&tree, child, &why));
	fault.left = 0;
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CANNOT_BEGIN);
	size = packet_read(child->socket, packet, sizeof packet, NULL);
	assert_true(size > 0);
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_log(&in, &line));
	if (memmem(line.text.data, line.text.size, words, strlen(words)) == NULL)
		fail_msg("%.*s, not %s", (int)line.text.size, line.text.data, words);
	child->pid = 0;
	child_hang_up(child);
}

/* Each call that settles it in, of one that is to be mute as well. */
static void
who_cannot_settle_in_says_why(void **state)
{
	static const struct {
		enum call call;
		unsigned number;
		const char *words;
	} rows[] = {
		{ OPEN, 1, "cannot begin: /dev/null: Too many open files" }, { DUP2, 1, "cannot begin: /dev/null: Too many open files" },
		{ DUP2, 2, "cannot begin: /dev/null: Too many open files" }, { DUP2, 3, "cannot begin: /dev/null: Too many open files" },
		{ FCNTL, 1, "cannot begin: /dev/null: Too many open files" }, { FSTAT, 1, "cannot begin: /dev/null: Too many open files" },
		{ PRCTL, 2 /* behind its name */, "cannot begin: cannot ask to die with the parent: Too many open files" },
	};

	(void)state;
	tree.mute = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fault.call = rows[i].call;
		fault.left = rows[i].number;
		assert_cannot_begin(&tree.children[TREE_KEEPER], rows[i].words);
	}
	tree.mute = false;
}

/* Which processes are ours is for the monitor alone to read, and for nobody to write. */
static void
the_monitor_has_to_know_its_family(void **state)
{
	(void)state;
	fault.call = MPROTECT;
	fault.left = 1;
	assert_cannot_begin(&tree.children[TREE_MONITOR], "cannot begin: cannot hold which processes are ours: Too many open files");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_cannot_be_born_leaves_nothing, begin, end),
		cmocka_unit_test_setup_teardown(who_cannot_settle_in_says_why, begin, end),
		cmocka_unit_test_setup_teardown(the_monitor_has_to_know_its_family, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
