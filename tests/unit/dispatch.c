/* What waits for a monitor that does not read: evidence and reports find room alike, and reports a little longer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duty.h"
#include "prober/dispatch.h"

enum { MEGABYTE = 1 << 20, LEG = 48 * 1024 };

static struct ev_loop *loop;
static struct dispatch *dispatch;
static int far_end, near_end;

static int
begin(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	near_end = ends[0];
	far_end = ends[1];
	loop = ev_loop_new(0);
	dispatch = dispatch_create(loop);
	assert_non_null(dispatch);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dispatch_destroy(&dispatch);
	ev_loop_destroy(loop);
	close(near_end);
	close(far_end);
	return 0;
}

static bool
add_evidence(uint64_t run)
{
	static char transcript[LEG];
	struct message_evidence evidence = { .run = run, .leg = { .legs = 1, .outcome = "refused", .started = 1,
		.text = { "", 0 }, .local = { "", 0 }, .address = { "", 0 }, .helo = { "", 0 }, .facts = { "", 0 },
		.warnings = { "", 0 }, .transcript = { transcript, sizeof transcript } } };

	return dispatch_add_evidence(dispatch, &evidence);
}

static void
add_report(uint64_t run)
{
	dispatch_add_report(dispatch, &(struct report){ .run = run, .outcome = "ok", .started = 1 });
}

/* Reads all that was taken; how many packets of that kind. */
static uint32_t
read_all(enum message_kind kind)
{
	static unsigned char packet[WIRE_MAX];
	uint32_t count = 0;
	bool done;

	do {
		ssize_t size;
		done = dispatch_flush(dispatch);
		while ((size = packet_read(far_end, packet, sizeof packet, NULL)) > 0)
			count += message_kind(packet, (size_t)size) == kind;
	} while (!done);
	return count;
}

static void
nobody_is_heard_of_without_a_monitor(void **state)
{
	(void)state;
	assert_false(dispatch_is_heard(dispatch));
	dispatch_turn_to(dispatch, near_end);
	assert_true(dispatch_is_heard(dispatch));
	dispatch_turn_to(dispatch, -1);
	assert_false(dispatch_is_heard(dispatch));
}

static void
evidence_finds_room_where_reports_do(void **state)
{
	uint64_t runs = 0;

	(void)state;
	dispatch_turn_to(dispatch, near_end);
	while (add_evidence(runs + 1))
		add_report(++runs);
	assert_true(runs * LEG > 50 * (uint64_t)MEGABYTE);
	/* Beyond that, reports alone. */
	for (uint64_t i = 0; i < 10000; i++)
		add_report(++runs);
	assert_false(add_evidence(runs + 1));
	assert_true(read_all(MESSAGE_EVIDENCE) > 50 * (uint64_t)MEGABYTE / LEG);
	assert_true(add_evidence(runs + 1));
	add_report(runs + 1);
	assert_int_equal(read_all(MESSAGE_REPORTS), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_heard_of_without_a_monitor, begin, end),
		cmocka_unit_test_setup_teardown(evidence_finds_room_where_reports_do, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
