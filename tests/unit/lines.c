/* The keeper's lines while nobody reads them: it goes on at once, and none of them is lost while there is room. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/messages.h"
#include "keeper/lines.h"

enum { LINES = 5000 };

static void
begin(struct duty *duty, struct log_lines *lines, int *parent)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	*duty = (struct duty){ .kind = DUTY_KEEPER, .parent = ends[0] };
	*parent = ends[1];
	lines_init(lines, duty);
}

/* Lines that the parent reads from now on, in their order; what was dropped before the last of them. */
static uint32_t
read_all(struct log_lines *lines, int parent, uint32_t *dropped)
{
	unsigned char packet[WIRE_MAX];
	uint32_t count = 0;
	ssize_t size;

	*dropped = 0;
	do {
		lines_flush(lines);
		while ((size = packet_read(parent, packet, sizeof packet, NULL)) > 0) {
			struct wire_in in = wire_from(packet, (size_t)size);
			struct message_log log;
			char wanted[32];
			assert_true(message_get_log(&in, &log));
			snprintf(wanted, sizeof wanted, "line %u", count);
			if (log.text.size == strlen(wanted))
				count += memcmp(log.text.data, wanted, log.text.size) == 0;
			*dropped += log.dropped;
		}
	} while (lines_wait(lines));
	return count;
}

static void
nobody_waits_for_who_does_not_read(void **state)
{
	struct log_lines lines;
	struct duty duty;
	uint32_t dropped;
	int parent;

	(void)state;
	begin(&duty, &lines, &parent);
	int64_t began = clock_mono();
	for (uint32_t i = 0; i < LINES; i++)
		duty_log(&duty, LOG_INFO, 0, "line %u", i);
	assert_true(clock_mono() - began < 60 * (int64_t)SECOND); /* one that waits a second for each takes over an hour */
	assert_true(lines_wait(&lines));
	assert_int_equal(read_all(&lines, parent, &dropped), LINES);
	assert_int_equal(dropped, 0);
	lines_fini(&lines);
	close(parent);
	close(duty.parent);
}

static void
what_finds_no_room_is_counted(void **state)
{
	static char long_line[4000];
	struct log_lines lines;
	struct duty duty;
	uint32_t dropped;
	int parent;

	(void)state;
	begin(&duty, &lines, &parent);
	memset(long_line, 'x', sizeof long_line - 1);
	for (uint32_t i = 0; i < 2000; i++)
		duty_log(&duty, LOG_INFO, 0, "%s", long_line);
	assert_true(duty.log_dropped > 0);
	uint32_t lost = duty.log_dropped;
	(void)read_all(&lines, parent, &dropped);
	duty_log(&duty, LOG_INFO, 0, "line 0");
	assert_int_equal(read_all(&lines, parent, &dropped), 1);
	assert_int_equal(dropped, lost);
	lines_fini(&lines);
	close(parent);
	close(duty.parent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_for_who_does_not_read),
		cmocka_unit_test(what_finds_no_room_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
