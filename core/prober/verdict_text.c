/*
 * For the prober: writes the sentences of verdicts: which step, how long, which limit, how many
 * bytes, which address. They are what a postmaster reads first, so each is written here once.
 */
#include "prober/verdict_text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "prober/phase.h"

enum { AWAITED_MAX = 64, WHERE_MAX = ADDRESS_TEXT_MAX + 32 };

/* "15 s" where it is whole, as a limit is written; else like any time. */
static const char *
limit_text(char bytes[static TEXT_SPAN_MAX], int64_t micros)
{
	if (micros >= 120 * (int64_t)SECOND || micros % SECOND != 0)
		return text_span(bytes, micros);
	snprintf(bytes, TEXT_SPAN_MAX, "%d s", (int)(micros / SECOND));
	return bytes;
}

/* "0 bytes, 192.0.2.1" */
static const char *
where_text(char bytes[static WHERE_MAX], const struct dialogue *dialogue)
{
	struct text text = text_over(bytes, WHERE_MAX);

	if (dialogue->address[0] == '\0')
		return dialogue->target->host;
	if (dialogue->state != CONNECTING && dialogue->state != SECURING)
		text_format(&text, "%u byte%s, ", dialogue->phase_received,
		    dialogue->phase_received == 1 ? "" : "s");
	text_add(&text, dialogue->address);
	return bytes;
}

static const char *
phase_name(const struct dialogue *dialogue)
{
	return dialogue_plan(dialogue, dialogue->phase)->name;
}

static const char *
awaited_text(char bytes[static AWAITED_MAX], const struct dialogue *dialogue)
{
	switch ((enum dialogue_state)dialogue->state) {
	case CONNECTING:
		return "connection";
	case SECURING:
		return "TLS handshake";
	case LOOKING_UP:
		return "answer from DNS";
	default:
		break;
	}
	if (dialogue->said[0] == '\0' && strcmp(phase_name(dialogue), "banner") == 0)
		return "greeting";
	if (dialogue->said[0] == '\0')
		snprintf(bytes, AWAITED_MAX, "reply in %s", phase_name(dialogue));
	else
		snprintf(bytes, AWAITED_MAX, "reply to %s%s", dialogue->said, dialogue->secured
		    && strcmp(phase_name(dialogue), "ehlo_tls") == 0 ? " inside TLS" : "");
	return bytes;
}

/* Their bytes are in the block around them. */
#define LIMIT(micros) limit_text((char[TEXT_SPAN_MAX]){ "" }, (micros))
#define WHERE(dialogue) where_text((char[WHERE_MAX]){ "" }, (dialogue))
#define AWAITED(dialogue) awaited_text((char[AWAITED_MAX]){ "" }, (dialogue))

void
verdict_text_where(const struct dialogue *dialogue, struct text *text)
{
	text_format(text, "%s)", WHERE(dialogue));
}

void
verdict_text_awaited(const struct dialogue *dialogue, struct text *text)
{
	text_add(text, AWAITED(dialogue));
}

/* "no greeting", and where some of it came "no complete greeting". */
static const char *
lack(const struct dialogue *dialogue)
{
	return dialogue->input.size > 0 || dialogue->reader.lines > 0 ? "no complete" : "no";
}

void
verdict_text_timeout(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	text_format(text, "%s %s within %s (limit %s, %s)", lack(dialogue), AWAITED(dialogue),
	    SPAN(now - dialogue->phase_begun), LIMIT(phase_limit(dialogue, dialogue->phase)),
	    WHERE(dialogue));
}

void
verdict_text_leg_timeout(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	text_format(text, "not done within %s, still %s %s (limit %s for the whole dialogue, %s)",
	    SPAN(now - dialogue->begun), lack(dialogue), AWAITED(dialogue),
	    LIMIT(leg_limit(dialogue)), WHERE(dialogue));
}

void
verdict_text_late(const struct dialogue *dialogue, int64_t now, int64_t late, int64_t limit,
    struct text *text)
{
	text_format(text, "%s %s for %s, but our own loop was late by %s (limit %s, %s)",
	    lack(dialogue), AWAITED(dialogue), SPAN(now - dialogue->phase_begun), SPAN(late),
	    LIMIT(limit), WHERE(dialogue));
}

static void
add_after(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	int64_t spent = now - dialogue->phase_begun;

	text_format(text, " after %s (%s)", SPAN(spent > 0 ? spent : 0), WHERE(dialogue));
}

/* "the server closed the connection before its greeting, after 0.012 s (0 bytes, 192.0.2.1)" */
static void
add_break(const struct dialogue *dialogue, const char *who, int64_t now, struct text *text)
{
	const char *when = dialogue->state == SECURING ? "in the"
	    : dialogue->state == LOOKING_UP ? "while we waited for an"
	    : dialogue->input.size > 0 ? "in the midst of its" : "before its";

	text_format(text, "%s %s %s,", who, when, AWAITED(dialogue));
	add_after(dialogue, now, text);
}

/* "the path says No route to host, says 192.0.2.254" */
static void
add_path(const struct close_reason *reason, const char *what, struct text *text)
{
	text_add(text, reason->text[0] != '\0' ? reason->text : what);
	if (reason->has_from)
		text_format(text, ", says %s", ADDRESS(&reason->from));
	text_add(text, ",");
}

static void
add_quoted(struct text *text, struct pw_bytes bytes)
{
	if (bytes.size > REPLY_SHOWN)
		bytes.size = text_whole(bytes.data, REPLY_SHOWN);
	text_add(text, "\"");
	text_escape(text, bytes);
	text_add(text, "\"");
}

static struct pw_bytes
first_line(struct pw_bytes said)
{
	const char *end = said.size > 0 ? memchr(said.data, '\n', said.size) : NULL;

	if (end != NULL)
		said.size = (size_t)(end - said.data);
	if (said.size > 0 && said.data[said.size - 1] == '\r')
		said.size--;
	return said;
}

/* "and in clear came "454 TLS not available"": the first line of what a server says where TLS
 * should be. */
static void
add_in_clear(struct text *text, struct pw_bytes said)
{
	struct pw_bytes line = first_line(said);

	if (line.size == 0)
		return;
	text_add(text, " and in clear came ");
	add_quoted(text, line);
	text_add(text, ",");
}

void
verdict_text_in_clear(const struct dialogue *dialogue, struct pw_bytes said, struct text *text)
{
	text_add(text, "the server speaks in clear where TLS begins with the connection: ");
	add_quoted(text, first_line(said));
	text_format(text, " (%s)", dialogue->address);
}

void
verdict_text_end(const struct dialogue *dialogue, int64_t now, const struct close_reason *reason,
    struct text *text)
{
	switch (reason->end) {
	case STREAM_CLOSED:
	case STREAM_CLOSED_BARE:
		add_break(dialogue, "the server closed the connection", now, text);
		return;
	case STREAM_RESET:
		add_break(dialogue, "the connection was reset", now, text);
		return;
	case STREAM_REFUSED:
		text_add(text, "connection refused");
		break;
	case STREAM_UNREACHABLE:
		add_path(reason, "unreachable", text);
		break;
	case STREAM_FILTERED:
		add_path(reason, "prohibited by a filter", text);
		break;
	case STREAM_TIMED_OUT:
		text_add(text, "the kernel gave up,");
		break;
	case STREAM_OURS:
	case STREAM_TLS_FAILED:
		text_format(text, "%s,", reason->text[0] != '\0' ? reason->text : "failed");
		add_in_clear(text, reason->in_clear);
		break;
	}
	add_after(dialogue, now, text);
}

void
verdict_text_other_protocol(const struct dialogue *dialogue, const char *name, struct pw_bytes line,
    struct text *text)
{
	text_format(text, "instead of a %s came ", AWAITED(dialogue));
	add_quoted(text, line);
	text_format(text, ": this is %s, not SMTP (%s)", name, WHERE(dialogue));
}

void
verdict_text_protocol(const struct dialogue *dialogue, enum reply_status status,
    struct pw_bytes line, struct text *text)
{
	switch (status) {
	case REPLY_INCOMPLETE:
	case REPLY_COMPLETE:
		return;
	case REPLY_LINE_TOO_LONG:
		text_format(text, "line_too_long: a line of more than 4,096 bytes in the %s",
		    AWAITED(dialogue));
		break;
	case REPLY_TOO_LONG:
		text_format(text, "reply_too_long: more than 128 lines or 64 KiB in the %s",
		    AWAITED(dialogue));
		break;
	case REPLY_NOT_SMTP:
		text_format(text, "not_smtp: %s %s came ",
		    dialogue->reader.lines > 0 ? "in the" : "instead of a", AWAITED(dialogue));
		add_quoted(text, line);
		break;
	case REPLY_CODE_MISMATCH:
		text_format(text, "code_mismatch: the %s began with %d and goes on with ",
		    AWAITED(dialogue), dialogue->reader.code);
		add_quoted(text, line);
		break;
	}
	text_format(text, " (%s)", WHERE(dialogue));
}

void
verdict_text_slow(const struct dialogue *dialogue, const char *phase, int64_t micros, int64_t slow,
    struct text *text)
{
	/* What took so long, in words. */
	static const struct {
		const char *phase, *deed;
	} deeds[] = {
		{ "resolve", "the name resolved after" },
		{ "connect", "connected after" },
		{ "banner", "greeting after" },
		{ "ehlo", "reply to EHLO after" },
		{ "starttls", "reply to STARTTLS after" },
		{ "handshake", "TLS handshake took" },
		{ "ehlo_tls", "reply to EHLO inside TLS after" },
		{ "leg", "the whole dialogue took" },
	};
	enum { DEEDS = sizeof deeds / sizeof *deeds };
	size_t at = 0;

	while (at < DEEDS && strcmp(deeds[at].phase, phase) != 0)
		at++;
	/* Where no memory was left for the legs there is no address to name. */
	text_format(text, "%s%s %s (slow above %s%s%s)", at < DEEDS ? deeds[at].deed : phase,
	    at < DEEDS ? "" : " took", SPAN(micros), LIMIT(slow),
	    dialogue->address[0] != '\0' ? ", " : "", dialogue->address);
}
