/* A notice in words. Its own texts were made safe by their writers; what servers said is escaped by the transcript. */
#include "notifier/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/transcript.h"

static const char cut_short[] = "\n… the rest has no room here\n", more[] = " …";

void
notice_add_subject(struct text *text, const struct message_notice *notice)
{
	size_t most = text->room - text->size - sizeof more;

	if (notice->text.size <= most) {
		text_add_shown(text, notice->text);
		return;
	}
	text_add_shown(text, (struct pw_bytes){ notice->text.data, text_whole(notice->text.data, most) });
	text_add(text, more);
}

static void
add_name(struct text *text, const char *name)
{
	text_format(text, "%-11s", name);
}

static void
add_word(struct text *text, const char *name, const char *word)
{
	if (word[0] == '\0')
		return;
	add_name(text, name);
	text_add(text, word);
	text_add(text, "\n");
}

static void
add_time(struct text *text, const char *name, int64_t at, const struct zone *zone)
{
	if (at == 0)
		return;
	add_name(text, name);
	zone_add(text, zone, at);
	text_add(text, "  ");
	zone_add_utc(text, at);
	text_add(text, "\n");
}

static void
add_target(struct text *text, const struct message_notice *notice)
{
	if (notice->target.size == 0)
		return;
	add_name(text, "target");
	text_add_shown(text, notice->target);
	text_add(text, "\n");
	if (notice->host.size > 0) {
		add_name(text, "host");
		text_add_shown(text, notice->host);
		if (notice->port != 0)
			text_format(text, ", port %u", notice->port);
		text_add(text, "\n");
	}
	add_word(text, "probe", notice->probe);
}

static void
add_facts(struct text *text, const struct message_notice *notice, const struct zone *zone)
{
	add_target(text, notice);
	if (notice->from[0] != '\0' || notice->to[0] != '\0') {
		add_name(text, "state");
		text_format(text, "%s -> %s\n", notice->from, notice->to);
	}
	if (strcmp(notice->code, "ok") != 0)
		add_word(text, "outcome", notice->code);
	if (notice->incident != 0) {
		add_name(text, "incident");
		text_format(text, "%" PRIu64 "\n", notice->incident);
	}
	add_time(text, "began", notice->began, zone);
	add_time(text, "detected", notice->detected, zone);
	add_time(text, "confirmed", notice->confirmed, zone);
	add_time(text, "ended", notice->ended, zone);
	add_word(text, "key", notice->key);
}

static void
add_remarks(struct text *text, const struct message_notice *notice)
{
	if (notice->flags & NOTICE_TOLD_LATE)
		text_format(text, "\nIt was kept silent for a while: %s.\n", notice->silences);
	if (notice->flags & NOTICE_DUPLICATE)
		text_add(text, "\nIt may have been delivered before; its key is then the same.\n");
	if (notice->flags & NOTICE_NOT_RECORDED)
		text_add(text, "\nIt could not be recorded: the store cannot be written.\n");
	if (notice->flags & NOTICE_FALLBACK)
		text_add(text, "\nOther notifiers could not deliver it in time.\n");
}

static void
add_list(struct text *text, const struct message_notice *notice)
{
	const char *at = notice->list.data, *end = at + notice->list.size;

	if (notice->covered > 0)
		text_format(text, "\nIt stands for %" PRIu32 " notices:\n", notice->covered);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop == NULL ? end : stop) - at);

		text_add_shown(text, (struct pw_bytes){ at, size });
		text_add(text, "\n");
		at += size + 1;
	}
}

static void
add_findings(struct text *text, const struct evidence *leg)
{
	struct pw_bytes warnings = leg->warnings, facts = leg->facts;
	struct evidence_warning warning;
	struct evidence_fact fact;

	while (evidence_next_warning(&warnings, &warning)) {
		text_format(text, "warning (%s): ", warning.code);
		text_add_shown(text, warning.text);
		text_add(text, "\n");
	}
	while (evidence_next_fact(&facts, &fact)) {
		text_format(text, "%s: ", fact.name);
		text_escape(text, fact.value);
		text_add(text, "\n");
	}
}

static void
add_leg(struct text *text, const struct message_notice *notice, const struct message_leg *message)
{
	const struct evidence *leg = &message->leg;
	struct pw_bytes transcript = leg->transcript;
	struct evidence_line line;

	text_format(text, "\n%s %" PRIu32 " of %" PRIu32 ": ", strcmp(notice->kind, "down") == 0 ? "attempt" : "run",
	    message->run + 1, message->runs);
	transcript_add_ends(text, leg);
	text_add(text, "\n");
	zone_add_utc(text, leg->started);
	text_add(text, "  ");
	transcript_add_verdict(text, leg);
	text_add(text, "\n");
	transcript_add_phases(text, leg);
	text_add(text, "\n");
	add_findings(text, leg);
	while (evidence_next_line(&transcript, &line)) {
		transcript_add_line(text, &line);
		text_add(text, "\n");
	}
}

static bool
has_leg_of(const struct message_leg *legs, uint32_t count, uint32_t run)
{
	for (uint32_t i = 0; i < count; i++)
		if (legs[i].run == run)
			return true;
	return false;
}

static void
add_evidence(struct text *text, const struct message_notice *notice, const struct message_leg *legs, uint32_t count)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < count; i++)
		add_leg(text, notice, &legs[i]);
	for (uint32_t run = 0; run < notice->runs; run++)
		missing += !has_leg_of(legs, count, run);
	if (missing > 0)
		text_format(text, "\nThe evidence of %" PRIu32 " of %" PRIu32 " runs was not kept.\n", missing, notice->runs);
}

void
notice_add_body(struct text *text, const struct message_notice *notice, const struct message_leg *legs, uint32_t leg_count,
    const struct zone *zone)
{
	struct text most = text_over(text->bytes, text->room - sizeof cut_short);

	text_add_shown(&most, notice->text);
	text_add(&most, "\n\n");
	add_facts(&most, notice, zone);
	add_remarks(&most, notice);
	add_list(&most, notice);
	add_evidence(&most, notice, legs, leg_count);
	text->size = most.size;
	if (most.cut)
		text_add(text, cut_short);
}
