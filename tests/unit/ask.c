/* Asking one that takes nobody, or that cannot be told so much: neither waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "command/ask.h"
#include "command/command.h"
#include "scratch.h"

enum { QUEUE = 2 };

struct deaf {
	char folder[SCRATCH_PATH];
	int listener, waiting[QUEUE + 1];
};

/* It listens, its queue is full, and it takes none of them. */
static int
set_up(void **state)
{
	struct deaf *deaf = calloc(1, sizeof *deaf);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	scratch_make(deaf->folder, "ask", false);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", deaf->folder);
	deaf->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(deaf->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(deaf->listener, QUEUE), 0);
	for (size_t i = 0; i < QUEUE + 1; i++) {
		deaf->waiting[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		(void)connect(deaf->waiting[i], (struct sockaddr *)&address, sizeof address);
	}
	*state = deaf;
	return 0;
}

static int
tear_down(void **state)
{
	struct deaf *deaf = *state;

	for (size_t i = 0; i < QUEUE + 1; i++)
		close(deaf->waiting[i]);
	close(deaf->listener);
	scratch_remove(deaf->folder);
	free(deaf);
	return 0;
}

/* In its time, and what it takes to notice. */
static void
assert_gives_up(const struct deaf *deaf)
{
	int64_t began = clock_mono();

	assert_int_equal(ask_when_ready(deaf->folder, 0, SECOND / 5), EXIT_ABSENT);
	assert_true(clock_mono() - began < 10 * (int64_t)SECOND);
}

static void
one_that_takes_nobody_is_not_waited_for(void **state)
{
	struct deaf *deaf = *state;

	assert_gives_up(deaf);
}

static void
what_is_taken_and_not_answered_is_not_waited_for(void **state)
{
	struct deaf *deaf = *state;

	for (size_t i = 0; i < QUEUE + 1; i++)
		close(accept(deaf->listener, NULL, NULL));
	assert_gives_up(deaf);
}

static void
too_much_is_a_fault_of_the_caller(void **state)
{
	struct deaf *deaf = *state;
	char word[5000];

	close(accept(deaf->listener, NULL, NULL));
	memset(word, 'y', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_int_equal(ask(deaf->folder, NULL, (const char *const[]){ "ack", "1", word, NULL }), EXIT_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_takes_nobody_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_taken_and_not_answered_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_much_is_a_fault_of_the_caller, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
