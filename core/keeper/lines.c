/*
 * For the keeper: queues lines for the log that the parent, which alone writes the log, has not
 * taken yet.
 */
#include "keeper/lines.h"

#include <assert.h>
#include <poll.h>

#include "base/clock.h"
#include "base/duty.h"

enum { BYTES_MAX = 2 * 1024 * 1024 };

static bool
keep(void *arg, const void *packet, size_t size)
{
	struct log_lines *lines = arg;

	lines_flush(lines);
	if (packet_queue_is_empty(&lines->waiting)
	    && packet_send(lines->duty->parent, packet, size, -1))
		return true;
	assert(lines->waiting.bytes <= BYTES_MAX);
	return lines->waiting.bytes + size <= BYTES_MAX
	    && packet_queue_add(&lines->waiting, packet, size, -1);
}

void
lines_init(struct log_lines *lines, struct duty *duty)
{
	*lines = (struct log_lines){ .duty = duty };
	duty->keep_line = keep;
	duty->keep_arg = lines;
}

void
lines_fini(struct log_lines *lines)
{
	packet_queue_clear(&lines->waiting);
	if (lines->duty != NULL)
		lines->duty->keep_line = NULL;
}

void
lines_flush(struct log_lines *lines)
{
	(void)packet_queue_flush(&lines->waiting, lines->duty->parent);
}

bool
lines_wait(const struct log_lines *lines)
{
	return !packet_queue_is_empty(&lines->waiting);
}

void
lines_end(struct log_lines *lines, int patience)
{
	int64_t until = clock_mono() + patience * (int64_t)MILLISECOND;

	for (lines_flush(lines); lines_wait(lines) && clock_mono() < until; lines_flush(lines)) {
		struct pollfd parent = { .fd = lines->duty->parent, .events = POLLOUT };
		if (poll(&parent, 1, (int)((until - clock_mono()) / MILLISECOND) + 1) > 0
		    && !(parent.revents & POLLOUT))
			return;
	}
}
