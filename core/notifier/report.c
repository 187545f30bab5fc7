/*
 * For the notifier's worker process: gets a report of availability from the process that makes it
 * when it is sent (parent/reporter.h): as text, HTML and JSON. Each part ends with a NUL, which
 * none of them has in it: what lacks one was cut off.
 */
#include "notifier/report.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"

enum { READ_SIZE = 64 * 1024 };

/* Which one of the configuration it is; CONFIG_NONE: it is no longer there. */
static uint32_t
find(const struct duty *duty, const char *tag)
{
	const struct config *config = duty->config;

	for (uint32_t i = 0; i < config->report_count; i++)
		if (config->reports[i].notifier == duty->index
		    && strcmp(config->reports[i].tag, tag) == 0)
			return i;
	return CONFIG_NONE;
}

/* Returns the socket that it comes on; -1 with errno. */
static int
order(struct duty *duty, const struct message_report *message)
{
	unsigned char packet[256];
	struct wire_out out = wire_over(packet, sizeof packet);
	int ends[2];

	message_put_report(&out, message);
	if (out.bad || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	bool sent = packet_send(duty->parent, packet, out.size, ends[1]);
	close(ends[1]);
	if (sent)
		return ends[0];
	close(ends[0]);
	return -1;
}

/* Returns whether the end was reached. */
static bool
read_all(int socket, int64_t until, struct buffer *bytes)
{
	struct pollfd polled = { .fd = socket, .events = POLLIN };
	int64_t left;

	while ((left = until - clock_mono()) > 0) {
		char *room = buffer_reserve(bytes, READ_SIZE, REPORT_BYTES_MAX);
		ssize_t got;

		if (room == NULL)
			return false;
		if (poll(&polled, 1, (int)(left / MILLISECOND) + 1) <= 0)
			continue;
		got = recv(socket, room, READ_SIZE, 0);
		if (got == 0 || (got < 0 && errno != EINTR))
			return got == 0;
		bytes->size += got > 0 ? (uint32_t)got : 0;
	}
	return false;
}

static bool
take_parts(struct report_file *report)
{
	const char **parts[] = { &report->text, &report->html, &report->json };
	const char *at = report->bytes.data, *end = at + report->bytes.size;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *stop = at == end ? NULL : memchr(at, '\0', (size_t)(end - at));

		if (stop == NULL)
			return false;
		*parts[i] = at;
		at = stop + 1;
	}
	return at == end;
}

static void
name_file(struct report_file *report, const struct message_notice *notice)
{
	snprintf(report->name, sizeof report->name, "mail-servers%s%s-%s.html",
	    notice->tag[0] == '\0' ? "" : "-", notice->tag, notice->code);
	for (char *at = report->name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && *at != '.')
			*at = '-';
}

bool
report_make(struct report_file *report, struct duty *duty, const struct message_notice *notice,
    int64_t limit, struct reason *why)
{
	struct message_report message = { .report = find(duty, notice->tag) };
	int64_t until = clock_mono() + limit;
	bool ended;
	int socket;

	if (message.report == CONFIG_NONE) {
		reason_set(why, "the report is no longer configured");
		return false;
	}
	text_copy(message.period, sizeof message.period, notice->code);
	if ((socket = order(duty, &message)) < 0) {
		reason_set(why, "the report cannot be made: %s", strerror(errno));
		return false;
	}
	ended = read_all(socket, until, &report->bytes);
	close(socket);
	name_file(report, notice);
	if (ended && take_parts(report))
		return true;
	if (report->bytes.size > REPORT_BYTES_MAX - READ_SIZE)
		reason_set(why, "the report is larger than %d MiB", REPORT_BYTES_MAX / (1024 * 1024));
	else
		reason_set(why, ended ? "the report could not be made: the log says why"
		    : "the report was not made within the deadline of the notifier");
	return false;
}
