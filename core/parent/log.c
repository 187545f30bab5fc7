/*
 * The log of the whole process tree: chooses the sinks, forms a line for people with local time and
 * a word for its severity, for a log daemon with a number, and reports how many lines each sink
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

#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

static const struct {
	const char *name, *colour;
} levels[] = {
	[LOG_EMERG] = { "error", "\x1b[1;31m" },   [LOG_ALERT] = { "error", "\x1b[1;31m" },
	[LOG_CRIT] = { "error", "\x1b[1;31m" },    [LOG_ERR] = { "error", "\x1b[1;31m" },
	[LOG_WARNING] = { "warning", "\x1b[33m" }, [LOG_NOTICE] = { "notice", "\x1b[1m" },
	[LOG_INFO] = { "info", "" },               [LOG_DEBUG] = { "debug", DIM },
};

static void
add_words(struct text *text, const struct log_line *line)
{
	if (line->who != NULL)
		text_format(text, "%s: ", line->who);
	text_add_bytes(text, line->text.data, line->text.size);
}

/* The lines of an event stand below its first one; where others came between, its number tells
 * which. */
static void
add_for_people(struct text *text, const struct zone *zone, const struct log_line *line, bool colour)
{
	struct zone_time time = zone_at(zone, line->at / SECOND);
	int offset = abs(time.offset) / 60;

	if (line->follows && !line->apart) {
		text_add(text, "        ");
	} else {
		text_format(text, "%s%04lld-%02d-%02d %02d:%02d:%02d %c%02d%02d%s",
		    colour ? DIM : "", (long long)time.year, time.month, time.day, time.hour,
		    time.minute, time.second, time.offset < 0 ? '-' : '+', offset / 60, offset % 60,
		    colour ? PLAIN : "");
		text_format(text, "  %s%-7s%s  ", colour ? levels[line->level].colour : "",
		    levels[line->level].name, colour ? PLAIN : "");
		if (line->follows)
			text_format(text, "#%llu  ", (unsigned long long)line->event);
	}
	add_words(text, line);
	text_add(text, "\n");
}

/* A log daemon has a time and a level of its own for each line. */
static void
add_for_daemons(struct text *text, const struct log_line *line)
{
	if (line->event != 0)
		text_format(
		    text, "#%llu %s", (unsigned long long)line->event, line->follows ? "  " : "");
	add_words(text, line);
}

void
log_line_add(struct text *text, enum log_form form, const struct log_origin *origin,
    const struct log_line *line)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	struct zone_time time = zone_at(origin->zone, line->at / SECOND);

	assert(line->level >= LOG_EMERG && line->level <= LOG_DEBUG);
	switch (form) {
	case LOG_FORM_PLAIN:
	case LOG_FORM_COLOUR:
		add_for_people(text, origin->zone, line, form == LOG_FORM_COLOUR);
		return;
	case LOG_FORM_JOURNAL:
		text_format(text, "<%d>", line->level);
		add_for_daemons(text, line);
		text_add(text, "\n");
		return;
	case LOG_FORM_SYSLOG:
		/* The stamp is that of RFC 3164, section 4.1.2: "Nov  3 18:34:42". */
		text_format(text, "<%d>%s %2d %02d:%02d:%02d postwatch[%d]: ",
		    origin->facility | line->level, months[time.month - 1], time.day, time.hour,
		    time.minute, time.second, origin->pid);
		add_for_daemons(text, line);
		return;
	}
}

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

void
log_open(struct log *log, const struct log_settings *settings)
{
	bool journal = stderr_is_journal(), terminal = isatty(STDERR_FILENO);
	bool to_syslog = settings->to == LOG_TO_SYSLOG || settings->daemon;
	/* no-color.org: NO_COLOR counts if it is there and not empty. */
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
	bool colour = terminal && (none == NULL || none[0] == '\0') && kind != NULL
	    && strcmp(kind, "dumb") != 0;

	*log = (struct log){ .level = settings->level,
		.origin = { settings->facility, getpid(), NULL } };
	/* The configuration was checked: a zone that cannot be read any more is shown as UTC. */
	log->zone = settings->timezone == NULL ? zone_open_own()
	                                       : zone_open(settings->timezone, NULL);
	log->origin.zone = log->zone;
	if (to_syslog) {
		assert(log->count < sizeof log->sinks / sizeof *log->sinks);
		log->forms[log->count] = LOG_FORM_SYSLOG;
		log_sink_init_syslog(&log->sinks[log->count++], settings->syslog_path);
	}
	if (!to_syslog || terminal || settings->daemon) {
		log->forms[log->count] = journal ? LOG_FORM_JOURNAL
		    : colour                     ? LOG_FORM_COLOUR
		                                 : LOG_FORM_PLAIN;
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
	struct text text = TEXT_ROOM(96);

	if (dropped == 0 || log_sink_is_behind(&log->sinks[sink]))
		return;
	log->sinks[sink].dropped = 0;
	text_add_u64(&text, dropped);
	text_add(
	    &text, dropped == 1 ? " log line was dropped here" : " log lines were dropped here");
	write_line(log, sink, &(struct log_line){
	        .level = LOG_WARNING, .at = clock_wall(), .text = { text.bytes, text.size } });
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
	struct text text = TEXT_ROOM(4096);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	log->apart = true;
	write_to_all(log, &(struct log_line){
		.level = level, .at = clock_wall(), .text = { text.bytes, text.size } });
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
