/* Leaving the terminal: who waits hears how the daemon began, and what cannot be is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parent/detach.h"

enum { WELL = 0, BADLY = 78, UNHEARD = 70 };

static struct {
	bool pipe, fork;
	unsigned interrupted; /* calls that wait, of each kind */
	unsigned waits, reads;
} fault;

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);

int
__wrap_pipe2(int ends[2], int flags)
{
	errno = EMFILE;
	return fault.pipe ? -1 : __real_pipe2(ends, flags);
}

pid_t
__wrap_fork(void)
{
	errno = EAGAIN;
	return fault.fork ? -1 : __real_fork();
}

pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
	errno = EINTR;
	return fault.waits++ < fault.interrupted ? -1 : __real_waitpid(pid, status, options);
}

ssize_t
__wrap_read(int fd, void *bytes, size_t size)
{
	errno = EINTR;
	return fault.reads++ < fault.interrupted ? -1 : __real_read(fd, bytes, size);
}

static int
begin(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	return 0;
}

/* What the daemon of a test does once it is one. */
static int
wait_for(void (*daemon)(struct detach *))
{
	struct detach detach = DETACH_NONE;
	struct reason why;
	int status = -1;
	enum detach_answer answer = detach_begin(&detach, &status, &why);

	if (answer == DETACH_DAEMON) {
		daemon(&detach);
		_exit(0);
	}
	assert_int_equal(answer, DETACH_WAITED);
	return status;
}

static void
begin_badly(struct detach *detach)
{
	detach_report(detach, BADLY);
	if (detach->left)
		pause(); /* it would be missed */
	detach_report(detach, WELL); /* once is enough */
}

static void
die(struct detach *detach)
{
	(void)detach;
}

static int said[2];

/* It leads no session, so that it never gets a terminal, and has nothing open of whoever started it. */
static void
begin_well(struct detach *detach)
{
	struct stat null, status;
	bool good = getsid(0) != getpid();

	detach_report(detach, WELL);
	good &= stat("/dev/null", &null) == 0 && detach->left;
	for (int fd = 0; fd <= 2; fd++)
		good &= fstat(fd, &status) == 0 && status.st_rdev == null.st_rdev;
	(void)!write(said[1], good ? "y" : "n", 1);
}

static void
who_waits_hears_how_it_began(void **state)
{
	char answer;

	(void)state;
	assert_int_equal(wait_for(begin_badly), BADLY);
	assert_int_equal(__real_pipe2(said, 0), 0);
	assert_int_equal(wait_for(begin_well), WELL);
	assert_int_equal(__real_read(said[0], &answer, 1), 1);
	assert_int_equal(answer, 'y');
	assert_int_equal(wait_for(die), UNHEARD);
}

static void
signals_interrupt_nobody(void **state)
{
	(void)state;
	fault.interrupted = 3;
	assert_int_equal(wait_for(begin_badly), BADLY);
	assert_int_equal(fault.waits, 4);
	assert_int_equal(fault.reads, 4);
}

static void
what_cannot_be_is_told(void **state)
{
	struct detach detach = DETACH_NONE;
	struct reason why;
	int status = 0;

	(void)state;
	fault.pipe = true;
	assert_int_equal(detach_begin(&detach, &status, &why), DETACH_FAILED);
	assert_string_equal(why.text, "cannot leave the terminal: Too many open files");
	fault.pipe = false;
	fault.fork = true;
	assert_int_equal(detach_begin(&detach, &status, &why), DETACH_FAILED);
	assert_string_equal(why.text, "cannot leave the terminal: Resource temporarily unavailable");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_waits_hears_how_it_began, begin),
		cmocka_unit_test_setup(signals_interrupt_nobody, begin),
		cmocka_unit_test_setup(what_cannot_be_is_told, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
