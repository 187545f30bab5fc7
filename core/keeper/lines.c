#include "keeper/lines.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duty.h"

enum { BYTES_MAX = 2 * 1024 * 1024 };

struct line {
	struct line *next;
	size_t size;
	unsigned char bytes[];
};

static bool
keep(void *arg, const void *packet, size_t size)
{
	struct log_lines *lines = arg;
	struct line *line;

	lines_flush(lines);
	if (lines->first == NULL && packet_send(lines->duty->parent, packet, size, -1))
		return true;
	if (lines->bytes + size > BYTES_MAX || (line = malloc(sizeof *line + size)) == NULL)
		return false;
	*line = (struct line){ .size = size };
	memcpy(line->bytes, packet, size);
	*lines->last = line;
	lines->last = &line->next;
	lines->bytes += size;
	return true;
}

void
lines_init(struct log_lines *lines, struct duty *duty)
{
	*lines = (struct log_lines){ .duty = duty, .last = &lines->first };
	duty->keep_line = keep;
	duty->keep_arg = lines;
}

static void
drop_first(struct log_lines *lines)
{
	struct line *line = lines->first;

	lines->first = line->next;
	if (lines->first == NULL)
		lines->last = &lines->first;
	lines->bytes -= line->size;
	free(line);
}

void
lines_fini(struct log_lines *lines)
{
	while (lines->first != NULL)
		drop_first(lines);
	if (lines->duty != NULL)
		lines->duty->keep_line = NULL;
}

void
lines_flush(struct log_lines *lines)
{
	while (lines->first != NULL && packet_send(lines->duty->parent, lines->first->bytes, lines->first->size, -1))
		drop_first(lines);
}

bool
lines_wait(const struct log_lines *lines)
{
	return lines->first != NULL;
}

void
lines_end(struct log_lines *lines, int patience)
{
	int64_t until = clock_mono() + patience * (int64_t)MILLISECOND;

	for (lines_flush(lines); lines->first != NULL && clock_mono() < until; lines_flush(lines)) {
		struct pollfd parent = { .fd = lines->duty->parent, .events = POLLOUT };
		if (poll(&parent, 1, (int)((until - clock_mono()) / MILLISECOND) + 1) > 0 && !(parent.revents & POLLOUT))
			return;
	}
}
