/*
 * For the notifier's worker process: writes the subject line of a notice. Sentences on timeouts and
 * connections are words of ours from end to end; others quote what servers and certificates said,
 * and in the subject the meaning of the outcome stands in their place.
 */
#include "notifier/text_subject.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "notifier/text_evidence.h"

static const char more[] = " ...";

static struct pw_bytes
behind(struct pw_bytes text, size_t size)
{
	return (struct pw_bytes){ text.data + size, text.size - size };
}

/* The sentence behind the target's name and the word for what happened: behind its first ": ". */
static struct pw_bytes
rest_of(const struct message_notice *notice)
{
	struct pw_bytes rest = notice->text;

	if (notice->target.size > 0 && rest.size > notice->target.size
	    && memcmp(rest.data, notice->target.data, notice->target.size) == 0)
		rest = behind(rest, notice->target.size);
	while (rest.size > 0 && rest.data[0] == ' ')
		rest = behind(rest, 1);
	const char *colon = notice->target.size == 0 ? NULL : memmem(rest.data, rest.size, ": ", 2);
	const char *bracket = memchr(rest.data, '(', rest.size);
	if (colon != NULL
	    && (bracket == NULL || colon < bracket || strncmp(colon - 1, "):", 2) == 0))
		rest = behind(rest, (size_t)(colon + 2 - rest.data));
	return rest;
}

/* Without what stands in brackets. */
static void
add_bare(struct text *text, struct pw_bytes rest)
{
	size_t from = 0, deep = 0;

	for (size_t i = 0; i < rest.size; i++) {
		if (rest.data[i] == '(' && deep++ == 0) {
			size_t to = i > from && rest.data[i - 1] == ' ' ? i - 1 : i;
			text_add_shown(text, (struct pw_bytes){ rest.data + from, to - from });
		} else if (rest.data[i] == ')' && deep > 0 && --deep == 0) {
			from = i + 1;
		}
	}
	if (deep == 0)
		text_add_shown(text, behind(rest, from));
}

/* ", 3 of 3 attempts" out of the sentence: digits and words of ours, or nothing. */
static void
add_attempts(struct text *text, struct pw_bytes sentence)
{
	const char *found = NULL, *at = sentence.data, *end = sentence.data + sentence.size;

	for (const char *next; (next = memmem(at, (size_t)(end - at), " attempts", 9)) != NULL;
	    at = next + 9)
		found = next;
	if (found == NULL)
		return;
	const char *from = found;
	while (from > sentence.data
	    && (isdigit((unsigned char)from[-1]) || memchr(" of", from[-1], 3) != NULL))
		from--;
	if (from > sentence.data && from[-1] == ',' && isdigit((unsigned char)from[1])) {
		text_add(text, ",");
		text_add_bytes(text, from, (size_t)(found + 9 - from));
	}
}

/* Sentences of these codes are plain where they quote nobody; of others only the outcome is
 * told. */
static void
add_cause(struct text *text, const struct notice_view *view)
{
	static const char *const plain[] = { "refused", "unreachable", "filtered", "no_such_name",
		"no_address", "name_unresolvable", "starttls_missing" };
	static const char *const prefixes[] = { "closed_at_", "reset_at_", "slow_" };
	const struct message_notice *notice = view->notice;
	size_t size = strlen(notice->code), timeout = strlen("_timeout");
	bool is_plain = size > timeout && strcmp(notice->code + size - timeout, "_timeout") == 0;
	struct outcome outcome;

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		is_plain |= strcmp(notice->code, plain[i]) == 0;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		is_plain |= strncmp(notice->code, prefixes[i], strlen(prefixes[i])) == 0;
	if (is_plain && memchr(notice->text.data, '"', notice->text.size) == NULL) {
		add_bare(text, rest_of(notice));
		return;
	}
	text_add(text,
	    outcome_find(notice->code, view->outcomes, &outcome) && outcome.text[0] != '\0'
	        ? outcome.text
	        : notice->code);
	add_attempts(text, notice->text);
}

static void
add_offset(struct text *text, const struct zone *zone, int64_t at)
{
	int32_t minutes = zone_at(zone, at / SECOND).offset / 60,
	    size = minutes < 0 ? -minutes : minutes;

	text_format(text, " %c%02d%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

/* How long it was down, and of what. */
static void
add_outage(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;
	const struct message_leg *failure = notice_last_failure(view);

	text_format(text, "was down for %s", SPAN(notice->ended - notice->began));
	if (notice_is(view, "outage")) {
		text_add(text, ", ");
		zone_add_clock(text, view->zone, notice->began);
		if (zone_at(view->zone, notice->began / SECOND).offset
		    != zone_at(view->zone, notice->ended / SECOND).offset)
			add_offset(text, view->zone, notice->began);
		text_add(text, " to ");
		zone_add_clock(text, view->zone, notice->ended);
		add_offset(text, view->zone, notice->ended);
	}
	if (failure != NULL)
		text_format(text, " (%s)", failure->leg.outcome);
}

static void
add_words(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;

	if (notice_ends_outage(view) && notice->began != 0 && notice->ended >= notice->began)
		add_outage(text, view);
	else if (notice_is(view, "cleared") && notice->code[0] != '\0' && notice->target.size > 0) {
		text_add(text, notice->code);
		if (notice->confirmed > notice->detected)
			text_format(text, ", after %s", SPAN(notice->confirmed - notice->detected));
	} else if (notice_is(view, "fact"))
		text_add(text, "it is not as it was");
	else if (notice_is(view, "up"))
		text_add(text, "it answers again");
	else if (notice_is(view, "reminder") && notice->began != 0) {
		text_format(text, "still down, for %s%s%s", SPAN(view->now - notice->began),
		    notice->code[0] == '\0' ? "" : ": ", notice->code);
	} else if (notice_is(view, "down") || notice_is(view, "changed")
	    || notice_is(view, "degraded") || notice_is(view, "blocked")
	    || (notice_is(view, "impaired") && notice->target.size > 0))
		add_cause(text, view);
	else {
		struct pw_bytes rest = rest_of(notice);
		const char *bracket = notice_is(view, "flapping")
		    ? memchr(rest.data, '(', rest.size)
		    : NULL;

		if (bracket != NULL)
			rest.size = (size_t)(bracket - rest.data);
		text_add_shown(text, rest);
	}
}

void
notice_add_subject(struct text *text, const struct notice_view *view)
{
	static char bytes[NOTICE_TEXT_MAX + 4 * NOTICE_TARGET_MAX];
	struct text whole = TEXT_OVER(bytes);
	size_t most = text->room - text->size - sizeof more;

	assert(text->size + sizeof more < text->room);
	text_format(&whole, "[%s] ", view->notice->kind);
	text_add_shown(&whole, view->notice->target);
	if (view->notice->target.size > 0)
		text_add(&whole, " - ");
	add_words(&whole, view);
	while (whole.size > 0 && strchr(" :;,", whole.bytes[whole.size - 1]) != NULL)
		whole.size--;
	if (whole.size <= most) {
		text_add_bytes(text, whole.bytes, whole.size);
		return;
	}
	text_add_bytes(text, whole.bytes, text_whole(whole.bytes, most));
	text_add(text, more);
}
