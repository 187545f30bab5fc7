/* Programs that are run for probes and notifiers: what they are given, and how each of their ends is told, hostile ones
 * included. Nothing of a program is left when program_run() returns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/landlock.h"
#include "base/sandbox.h"
#include "runner/program.h"

enum { PATIENCE = 20 /* seconds that no program here needs */ };

static struct program_end end;
static int until = -1;
static bool alone; /* whether this kernel lets us */

static void
run_path(const char *path, char *const *arguments, struct pw_bytes input, int64_t limit)
{
	char *const environment[] = { "PATH=/usr/bin:/bin", "GREETING=hello", NULL };
	const struct program program = { .path = path, .arguments = arguments, .environment = environment,
		.input = input, .limit = limit, .until = until, .alone = alone };

	program_run(&program, &end);
}

static void
run_with(const char *script, struct pw_bytes input, int64_t limit)
{
	char *const arguments[] = { "sh", "-c", (char *)(uintptr_t)script, "zero", "a b", NULL };

	run_path("/bin/sh", arguments, input, limit);
}

static void
run(const char *script)
{
	run_with(script, (struct pw_bytes){ "", 0 }, PATIENCE * SECOND);
}

static void
assert_output(const char *wanted)
{
	if (end.exit.output.size != strlen(wanted) || memcmp(end.output, wanted, strlen(wanted)) != 0)
		fail_msg("\"%.*s\", not \"%s\"; stderr \"%.*s\"", (int)end.exit.output.size, end.output, wanted,
		    (int)end.exit.errors.size, end.errors);
}

static void
assert_end(enum pw_exit_how how, int status)
{
	if (end.exit.how != how || end.exit.status != status)
		fail_msg("ended as %u with %d, not as %d with %d; stderr \"%.*s\"", end.exit.how, end.exit.status, how,
		    status, (int)end.exit.errors.size, end.errors);
}

/* The process whose number the program wrote. */
static void
assert_gone(void)
{
	char digits[16] = "";

	assert_true(end.exit.output.size > 1 && end.exit.output.size < sizeof digits);
	memcpy(digits, end.output, end.exit.output.size);
	assert_int_equal(kill((pid_t)strtol(digits, NULL, 10), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
tells_status_and_output(void **state)
{
	(void)state;
	run("echo \"$1.\"; echo two; echo wrong >&2; exit 3");
	assert_end(PW_EXITED, 3);
	assert_output("a b.\ntwo\n");
	assert_int_equal(end.exit.errors.size, 6);
	assert_memory_equal(end.errors, "wrong\n", 6);
	assert_false(end.exit.cut);
	run("printf '\\000\\033\\377|\\n\\n'; exit 255");
	assert_end(PW_EXITED, 255);
	assert_int_equal(end.exit.output.size, 6);
	assert_memory_equal(end.output, "\0\033\377|\n\n", 6);
}

static void
tells_why_it_did_not_start(void **state)
{
	char *const arguments[] = { "x", NULL };
	char path[] = "/tmp/pw-program-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	run_path("/nonexistent/check", arguments, (struct pw_bytes){ "", 0 }, SECOND);
	assert_end(PW_NOT_STARTED, ENOENT);
	run_path("/tmp", arguments, (struct pw_bytes){ "", 0 }, SECOND);
	assert_end(PW_NOT_STARTED, EACCES);
	assert_true(fd >= 0 && write(fd, "echo no interpreter\n", 20) == 20 && fchmod(fd, 0600) == 0);
	close(fd);
	run_path(path, arguments, (struct pw_bytes){ "", 0 }, SECOND);
	assert_end(PW_NOT_STARTED, EACCES);
	assert_int_equal(chmod(path, 0700), 0);
	run_path(path, arguments, (struct pw_bytes){ "", 0 }, SECOND);
	assert_end(PW_NOT_STARTED, ENOEXEC);
	unlink(path);
}

/* A line of 10 MB: its beginning is kept, and the program comes to its end. */
static void
bounds_output(void **state)
{
	(void)state;
	run("head -c 10000000 /dev/zero; head -c 5000 /dev/zero >&2; exit 2");
	assert_end(PW_EXITED, 2);
	assert_true(end.exit.cut);
	assert_int_equal(end.exit.output.size, PW_OUTPUT_MAX);
	assert_int_equal(end.exit.errors.size, PW_ERRORS_MAX);
	run_with("yes", (struct pw_bytes){ "", 0 }, 200 * MILLISECOND);
	assert_end(PW_TIMED_OUT, 0);
	assert_true(end.exit.cut);
	assert_memory_equal(end.output, "y\ny\ny\n", 6);
}

static void
kills_at_the_limit(void **state)
{
	static const char *const scripts[] = { "echo $$; sleep 1000", "trap '' TERM HUP INT; echo $$; while :; do sleep 1000; done",
		"echo $$; exec >&- 2>&- <&-; sleep 1000", "echo $$; kill -STOP $$" };

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		int64_t begun = clock_mono();

		run_with(scripts[i], (struct pw_bytes){ "", 0 }, 200 * MILLISECOND);
		assert_end(PW_TIMED_OUT, 0);
		assert_true(clock_mono() - begun >= 200 * MILLISECOND);
		assert_gone();
	}
}

/* It holds the pipe open, or has a session of its own, or goes on making processes. */
static void
leaves_no_grandchild(void **state)
{
	(void)state;
	run("sleep 1000 & echo $!; exit 1");
	assert_end(PW_EXITED, 1);
	assert_gone();
	run("setsid sleep 1000 & echo $!; exit 0");
	assert_end(PW_EXITED, 0);
	assert_gone();
	run("p=$(mktemp -u) && mkfifo $p || exit 9; setsid sh -c \"echo \\$\\$; echo >$p; while :; do sleep 1000 & wait; done\" & "
	    "read line <$p; rm $p; exit 0");
	assert_end(PW_EXITED, 0);
	assert_gone();
}

static void
tells_signals(void **state)
{
	(void)state;
	run("echo half; kill -SEGV $$");
	assert_end(PW_SIGNALLED, SIGSEGV);
	assert_output("half\n");
	run("kill -KILL $$");
	assert_end(PW_SIGNALLED, SIGKILL);
}

static void
feeds_standard_input(void **state)
{
	static char bytes[1 << 20];
	struct pw_bytes input = { bytes, sizeof bytes };

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	run_with("wc -c", input, PATIENCE * SECOND);
	assert_output("1048576\n");
	run_with("head -c 3; exit 0", input, PATIENCE * SECOND);
	assert_end(PW_EXITED, 0);
	assert_output("xxx");
	run_with("exit 0", input, PATIENCE * SECOND);
	assert_end(PW_EXITED, 0);
	run_with("exec <&-; echo closed; exit 75", input, PATIENCE * SECOND);
	assert_end(PW_EXITED, 75);
	assert_output("closed\n");
	run("cat; echo end");
	assert_output("end\n");
	/* Its own pipe breaks as it would in a shell. */
	run("(while :; do echo x; done; echo $? >&2) | head -n 1; exit 0");
	assert_output("x\n");
	assert_int_equal(end.exit.errors.size, 0);
}

static void
is_killed_where_nobody_waits(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	until = ends[0];
	run("echo $$; sleep 1000");
	assert_end(PW_LOST, 0);
	close(ends[0]);
	until = -1;
}

static void
has_a_clean_world(void **state)
{
	int leak = dup(STDOUT_FILENO); /* without FD_CLOEXEC */

	(void)state;
	assert_int_equal(setenv("SECRET", "of ours", 1), 0);
	run("ls /proc/self/fd | tr '\\n' ' '");
	assert_output("0 1 2 3 "); /* the last is that of ls */
	close(leak);
	run("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort | tr '\\n' ' '; pwd; umask");
	assert_output("GREETING=hello PATH=/usr/bin:/bin /\n0077\n");
	run("grep -e ^SigBlk -e ^NoNewPrivs /proc/self/status | tr -d '\\t' | tr '\\n' ' '");
	assert_output("SigBlk:0000000000000000 NoNewPrivs:1 ");
	/* But for 32 and 33, which the C library keeps for itself: they stay as the test was started with. */
	run("echo $((0x$(grep ^SigIgn /proc/self/status | cut -f 2) & ~0x180000000))");
	assert_output("0\n");
	run("ulimit -c; ulimit -n; ulimit -t; [ \"$(ulimit -f)\" = unlimited ] && echo no limit of files");
	assert_output("0\n256\n120\n");
	/* A session of its own: no terminal, and no group but its own. */
	run("ps -o pid=,pgid=,sid=,tty= -p $$ | awk '{ print $1 == $2, $2 == $3, $4 }'");
	assert_output("1 1 ?\n");
}

static void
signals_nobody_else(void **state)
{
	char script[64];

	(void)state;
	if (landlock_version() < 6)
		skip();
	snprintf(script, sizeof script, "kill -0 %d 2>/dev/null; echo $?; kill -0 $$; echo $?", (int)getpid());
	run(script);
	assert_output("1\n0\n");
}

static const char *
read_children(char *bytes, size_t room)
{
	FILE *file = fopen("/proc/thread-self/children", "r");

	assert_non_null(file);
	bytes[fread(bytes, 1, room - 1, file)] = '\0';
	fclose(file);
	return bytes;
}

/* Those that it makes one after the other are no limit, and those that it has at a time are one; it ends whatever they do meanwhile. */
static void
makes_so_many_processes(void **state)
{
	char bytes[4096];

	(void)state;
	run("i=0; while [ $i -lt 600 ]; do (exit 0); i=$((i + 1)); done; echo $i");
	assert_output("600\n");
	run("i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i + 1)); done; sleep 0.3; exit 4");
	assert_end(PW_EXITED, 4);
	run("i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done; wait");
	assert_end(PW_SIGNALLED, SIGKILL);
	assert_string_equal(read_children(bytes, sizeof bytes), "");
}

/* It is somebody else each time that it is looked at. */
static void
leaves_nothing_that_runs_away(void **state)
{
	static const char script[] = "import os\nfor i in range(8):\n  if os.fork() == 0:\n    while True:\n"
	                             "      if os.fork(): os._exit(0)\n      os.setsid()\n";
	char *const arguments[] = { "python3", "-c", (char *)(uintptr_t)script, NULL };
	char bytes[4096];

	(void)state;
	if (!alone)
		skip();
	for (int turn = 0; turn < 4; turn++) {
		int64_t begun = clock_mono();

		run_path("/usr/bin/python3", arguments, (struct pw_bytes){ "", 0 }, PATIENCE * SECOND);
		assert_end(PW_EXITED, 0);
		assert_string_equal(read_children(bytes, sizeof bytes), "");
		assert_true(clock_mono() - begun < 4 * (int64_t)SECOND); /* program_run() waits for 5 s */
	}
}

/* It is a file on a system whose server is gone: who opens it sleeps, as where somebody has a lease of it. */
static void
is_killed_while_it_starts(void **state)
{
	char *const arguments[] = { "x", NULL };
	char path[] = "/tmp/pw-program-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	int64_t begun = clock_mono();

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	(void)signal(SIGIO, SIG_IGN);
	assert_int_equal(fcntl(fd, F_SETLEASE, F_WRLCK), 0);
	run_path(path, arguments, (struct pw_bytes){ "", 0 }, 200 * MILLISECOND);
	assert_end(PW_TIMED_OUT, 0);
	assert_true(clock_mono() - begun < PATIENCE * SECOND);
	close(fd);
	unlink(path);
}

static void
leaves_no_descriptor(void **state)
{
	int before = dup(0), after;

	(void)state;
	close(before);
	for (int i = 0; i < 3; i++)
		run("exit 0");
	run_path("/nonexistent/check", (char *[]){ "x", NULL }, (struct pw_bytes){ "", 0 }, SECOND);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_status_and_output),
		cmocka_unit_test(tells_why_it_did_not_start),
		cmocka_unit_test(bounds_output),
		cmocka_unit_test(kills_at_the_limit),
		cmocka_unit_test(leaves_no_grandchild),
		cmocka_unit_test(tells_signals),
		cmocka_unit_test(feeds_standard_input),
		cmocka_unit_test(is_killed_where_nobody_waits),
		cmocka_unit_test(has_a_clean_world),
		cmocka_unit_test(signals_nobody_else),
		cmocka_unit_test(makes_so_many_processes),
		cmocka_unit_test(leaves_nothing_that_runs_away),
		cmocka_unit_test(is_killed_while_it_starts),
		cmocka_unit_test(leaves_no_descriptor),
	};
	struct reason why;

	if (!sandbox_enter_lightly(&why) || !landlock_keep_signals(&alone))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
