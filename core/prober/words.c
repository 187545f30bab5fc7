/*
 * Sentences of verdicts: which step, how long, which limit, how many bytes, which address. They
 * are what a postmaster reads first, so each is written here once.
 */
#include "prober/words.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "prober/phase.h"

/* "15 s" where it is whole, as a limit is written; else like any time. */
static void
add_limit(struct text *text, int64_t micros)
{
	if (micros < 120 * (int64_t)SECOND && micros % SECOND == 0) {
		text_add_i64(text, micros / SECOND);
		text_add(text, " s");
	} else {
		text_add_span(text, micros);
	}
}

void
words_where(const struct dialogue *dialogue, struct text *text)
{
	if (dialogue->state != CONNECTING && dialogue->state != SECURING) {
		text_add_u64(text, dialogue->phase_received);
		text_add(text, dialogue->phase_received == 1 ? " byte, " : " bytes, ");
	}
	assert(dialogue->address[0] != '\0');
	text_add(text, dialogue->address);
	text_add(text, ")");
}

static const char *
phase_name(const struct dialogue *dialogue)
{
	return dialogue_plan(dialogue, dialogue->phase)->name;
}

void
words_awaited(const struct dialogue *dialogue, struct text *text)
{
	if (dialogue->state == CONNECTING) {
		text_add(text, "connection");
	} else if (dialogue->state == SECURING) {
		text_add(text, "TLS handshake");
	} else if (dialogue->state == LOOKING_UP) {
		text_add(text, "answer from DNS");
	} else if (dialogue->said[0] != '\0') {
		text_add(text, "reply to ");
		text_add(text, dialogue->said);
		text_add(text, dialogue->secured
		    && strcmp(phase_name(dialogue), "ehlo_tls") == 0 ? " inside TLS" : "");
	} else if (strcmp(phase_name(dialogue), "banner") == 0) {
		text_add(text, "greeting");
	} else {
		text_add(text, "reply in ");
		text_add(text, phase_name(dialogue));
	}
}

/* "no greeting", and where some of it came "no complete greeting". */
static void
add_lack(const struct dialogue *dialogue, struct text *text)
{
	text_add(text, dialogue->input.size > 0
	    || dialogue->reader.lines > 0 ? "no complete " : "no ");
	words_awaited(dialogue, text);
}

void
words_timeout(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	add_lack(dialogue, text);
	text_add(text, " within ");
	text_add_span(text, now - dialogue->phase_begun);
	text_add(text, " (limit ");
	add_limit(text, phase_limit(dialogue, dialogue->phase));
	text_add(text, ", ");
	words_where(dialogue, text);
}

void
words_leg_timeout(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	text_add(text, "not done within ");
	text_add_span(text, now - dialogue->begun);
	text_add(text, ", still ");
	add_lack(dialogue, text);
	text_add(text, " (limit ");
	add_limit(text, leg_limit(dialogue));
	text_add(text, " for the whole dialogue, ");
	words_where(dialogue, text);
}

void
words_late(const struct dialogue *dialogue, int64_t now, int64_t late, int64_t limit,
    struct text *text)
{
	add_lack(dialogue, text);
	text_add(text, " for ");
	text_add_span(text, now - dialogue->phase_begun);
	text_add(text, ", but our own loop was late by ");
	text_add_span(text, late);
	text_add(text, " (limit ");
	add_limit(text, limit);
	text_add(text, ", ");
	words_where(dialogue, text);
}

static void
add_after(const struct dialogue *dialogue, int64_t now, struct text *text)
{
	int64_t spent = now - dialogue->phase_begun;

	text_add(text, " after ");
	text_add_span(text, spent > 0 ? spent : 0);
	text_add(text, " (");
	words_where(dialogue, text);
}

/* "the server closed the connection before its greeting, after 0.012 s (0 bytes, 192.0.2.1)" */
static void
add_break(const struct dialogue *dialogue, const char *who, int64_t now, struct text *text)
{
	bool partial = dialogue->input.size > 0;

	text_add(text, who);
	if (dialogue->state == SECURING)
		text_add(text, " in the ");
	else if (dialogue->state == LOOKING_UP)
		text_add(text, " while we waited for an ");
	else
		text_add(text, partial ? " in the midst of its " : " before its ");
	words_awaited(dialogue, text);
	text_add(text, ",");
	add_after(dialogue, now, text);
}

/* "the path says No route to host, says 192.0.2.254" */
static void
add_path(const struct stream_fate *fate, const char *what, struct text *text)
{
	text_add(text, fate->text[0] != '\0' ? fate->text : what);
	if (fate->has_from) {
		text_add(text, ", says ");
		address_add(text, &fate->from);
	}
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
words_in_clear(const struct dialogue *dialogue, struct pw_bytes said, struct text *text)
{
	text_add(text, "the server speaks in clear where TLS begins with the connection: ");
	add_quoted(text, first_line(said));
	text_add(text, " (");
	text_add(text, dialogue->address);
	text_add(text, ")");
}

void
words_end(const struct dialogue *dialogue, int64_t now, const struct stream_fate *fate,
    struct text *text)
{
	switch (fate->end) {
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
		add_path(fate, "unreachable", text);
		text_add(text, ",");
		break;
	case STREAM_FILTERED:
		add_path(fate, "prohibited by a filter", text);
		text_add(text, ",");
		break;
	case STREAM_TIMED_OUT:
		text_add(text, "the kernel gave up,");
		break;
	case STREAM_OURS:
	case STREAM_TLS_FAILED:
		text_add(text, fate->text[0] != '\0' ? fate->text : "failed");
		text_add(text, ",");
		add_in_clear(text, fate->in_clear);
		break;
	}
	add_after(dialogue, now, text);
}

void
words_other_protocol(const struct dialogue *dialogue, const char *name, struct pw_bytes line,
    struct text *text)
{
	text_add(text, "instead of a ");
	words_awaited(dialogue, text);
	text_add(text, " came ");
	add_quoted(text, line);
	text_format(text, ": this is %s, not SMTP (", name);
	words_where(dialogue, text);
}

void
words_protocol(const struct dialogue *dialogue, enum reply_status status, struct pw_bytes line,
    struct text *text)
{
	switch (status) {
	case REPLY_INCOMPLETE:
	case REPLY_COMPLETE:
		return;
	case REPLY_LINE_TOO_LONG:
		text_add(text, "line_too_long: a line of more than 4,096 bytes in the ");
		words_awaited(dialogue, text);
		break;
	case REPLY_TOO_LONG:
		text_add(text, "reply_too_long: more than 128 lines or 64 KiB in the ");
		words_awaited(dialogue, text);
		break;
	case REPLY_NOT_SMTP:
		text_add(text,
		    dialogue->reader.lines > 0 ? "not_smtp: in the " : "not_smtp: instead of a ");
		words_awaited(dialogue, text);
		text_add(text, " came ");
		add_quoted(text, line);
		break;
	case REPLY_CODE_MISMATCH:
		text_add(text, "code_mismatch: the ");
		words_awaited(dialogue, text);
		text_format(text, " began with %d and goes on with ", dialogue->reader.code);
		add_quoted(text, line);
		break;
	}
	text_add(text, " (");
	words_where(dialogue, text);
}

/* What took so long, in words. */
static void
add_deed(const char *phase, struct text *text)
{
	static const struct {
		const char *phase, *deed;
	} deeds[] = {
		{ "resolve", "the name resolved after " },
		{ "connect", "connected after " },
		{ "banner", "greeting after " },
		{ "ehlo", "reply to EHLO after " },
		{ "starttls", "reply to STARTTLS after " },
		{ "handshake", "TLS handshake took " },
		{ "ehlo_tls", "reply to EHLO inside TLS after " },
		{ "leg", "the whole dialogue took " },
	};

	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		if (strcmp(deeds[i].phase, phase) == 0) {
			text_add(text, deeds[i].deed);
			return;
		}
	text_add(text, phase);
	text_add(text, " took ");
}

void
words_slow(const struct dialogue *dialogue, const char *phase, int64_t micros, int64_t slow,
    struct text *text)
{
	add_deed(phase, text);
	text_add_span(text, micros);
	text_add(text, " (slow above ");
	add_limit(text, slow);
	/* Where no memory was left for the legs there is no address to name. */
	text_add(text, dialogue->address[0] != '\0' ? ", " : "");
	text_add(text, dialogue->address);
	text_add(text, ")");
}
