/*
 * The log of the whole process tree: chooses the sinks, and reports how many lines each of them
 * lost.
 */
#include "parent/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

/* systemd names device and inode of the stream it connected us to (systemd.exec(5)). */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2
	    && fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device
	    && status.st_ino == inode;
}

/* no-color.org: NO_COLOR counts if it is there and not empty. */
static bool
has_colour(void)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return (none == NULL || none[0] == '\0') && terminal != NULL
	    && strcmp(terminal, "dumb") != 0;
}

void
log_open(struct log *log, const struct log_settings *settings)
{
	bool journal = stderr_is_journal(), terminal = isatty(STDERR_FILENO);
	bool to_syslog = settings->to == LOG_TO_SYSLOG || settings->daemon;

	*log = (struct log){ .level = settings->level,
		.origin = { settings->facility, getpid(), NULL } };
	/* The configuration was checked: a zone that cannot be read any more is shown as UTC. */
	log->zone = settings->timezone == NULL ? zone_open_own()
	                                       : zone_open(settings->timezone, NULL);
	log->origin.zone = log->zone;
	if (to_syslog) {
		log->forms[log->count] = LOG_FORM_SYSLOG;
		log_sink_init_syslog(&log->sinks[log->count++], settings->syslog_path);
	}
	if (!to_syslog || terminal || settings->daemon) {
		enum log_form form = terminal && has_colour() ? LOG_FORM_COLOUR : LOG_FORM_PLAIN;

		log->forms[log->count] = journal ? LOG_FORM_JOURNAL : form;
		log_sink_init(&log->sinks[log->count++], STDERR_FILENO);
	}
	assert(log->count > 0 && log->count <= LOG_SINKS);
}

void
log_leave_terminal(struct log *log)
{
	while (log->count > 0 && log->forms[log->count - 1] != LOG_FORM_SYSLOG)
		log_sink_fini(&log->sinks[--log->count]);
}

/* A line that is cut still ends a line; a datagram ends by itself. */
static void
write_line(struct log *log, uint32_t sink, const struct log_line *line)
{
	char bytes[LOG_LINE_MAX];
	struct text text = TEXT_OVER(bytes);

	log_line_add(&text, log->forms[sink], &log->origin, line);
	if (text.cut && log->forms[sink] != LOG_FORM_SYSLOG)
		text.bytes[text.size - 1] = '\n';
	log_sink_put(&log->sinks[sink], text.bytes, text.size, clock_mono());
}

/* Lines that a reader was too slow for are told to that reader, where the gap is. */
static void
tell_dropped(struct log *log, uint32_t sink)
{
	uint64_t dropped = log->sinks[sink].dropped;
	char bytes[96];
	struct text text = TEXT_OVER(bytes);

	if (dropped == 0 || log_sink_is_behind(&log->sinks[sink]))
		return;
	log->sinks[sink].dropped = 0;
	text_add_u64(&text, dropped);
	text_add(
	    &text, dropped == 1 ? " log line was dropped here" : " log lines were dropped here");
	write_line(log, sink,
	    &(struct log_line){
	        .level = LOG_WARNING, .at = clock_wall(), .text = { bytes, text.size } });
}

static void
write_to_all(struct log *log, const struct log_line *line)
{
	if (line->level > log->level)
		return;
	for (uint32_t i = 0; i < log->count; i++) {
		tell_dropped(log, i);
		write_line(log, i, line);
	}
}

void
log_say(struct log *log, int level, const char *format, ...)
{
	char bytes[4096];
	struct text text = TEXT_OVER(bytes);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	log->apart = true;
	write_to_all(log,
	    &(struct log_line){ .level = level, .at = clock_wall(), .text = { bytes, text.size } });
}

/*
 * Lines of one event stand together. Whether another line came between them is kept, for then their
 * first words have to say which event they belong to.
 */
void
log_relay(struct log *log, const void *speaker, const char *who, int level, uint64_t event,
    struct pw_bytes text)
{
	bool follows = event != 0 && log->speaker == speaker && log->event == event;

	write_to_all(
	    log, &(struct log_line){ level, clock_wall(), who, event, follows, log->apart, text });
	log->apart = event == 0;
	if (event != 0) {
		log->speaker = speaker;
		log->event = event;
	}
}

uint32_t
log_poll(const struct log *log, struct pollfd *polled, int64_t *until)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < log->count; i++) {
		const struct log_sink *sink = &log->sinks[i];

		if (!log_sink_is_behind(sink))
			continue;
		if (sink->fd >= 0)
			polled[count++] = (struct pollfd){ .fd = sink->fd, .events = POLLOUT };
		else if (sink->retry < *until)
			*until = sink->retry;
	}
	assert(count <= log->count);
	return count;
}

void
log_flush(struct log *log)
{
	for (uint32_t i = 0; i < log->count; i++) {
		log_sink_flush(&log->sinks[i], clock_mono());
		tell_dropped(log, i);
	}
}

/*
 * A reader that is slow gets a moment, so that the reason of an end is not the line that is lost.
 */
void
log_close(struct log *log, int64_t wait)
{
	int64_t deadline = clock_mono() + wait, now;

	for (log_flush(log); (now = clock_mono()) < deadline; log_flush(log)) {
		struct pollfd polled[LOG_SINKS];
		int64_t until = deadline;
		uint32_t count = log_poll(log, polled, &until);

		if (count == 0 && until == deadline)
			break;
		poll(polled, count, (int)((until > now ? until - now : 0) / MILLISECOND) + 1);
	}
	while (log->count > 0)
		log_sink_fini(&log->sinks[--log->count]);
	zone_close(&log->zone);
	log->origin.zone = NULL;
}
