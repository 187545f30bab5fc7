/*
 * For the keeper: writes a change of a target (down, up and so on) as lines of the log, with the
 * evidence of its attempts: what one would paste into a mail to the postmaster at the other end.
 */
#include "keeper/change_log.h"

#include <syslog.h>

#include "base/notice.h"
#include "base/transcript.h"

struct teller {
	struct duty *duty;
	uint64_t event;
	const struct zone *zone;
};

static const struct {
	int level;
	const char *run; /* what a run that belongs to it is called */
} rows[NOTICE_KINDS] = {
	[NOTICE_none] = { LOG_NOTICE, "run" },       /* a change that is not told */
	[NOTICE_down] = { LOG_ERR, "attempt" },      [NOTICE_up] = { LOG_NOTICE, "run" },
	[NOTICE_changed] = { LOG_WARNING, "run" },   [NOTICE_fact] = { LOG_NOTICE, "run" },
	[NOTICE_outage] = { LOG_ERR, "attempt" },    [NOTICE_flapping] = { LOG_ERR, "attempt" },
	[NOTICE_settled] = { LOG_NOTICE, "run" },    [NOTICE_degraded] = { LOG_WARNING, "run" },
	[NOTICE_blocked] = { LOG_WARNING, "run" },   [NOTICE_cleared] = { LOG_NOTICE, "run" },
	[NOTICE_reminder] = { LOG_WARNING, "run" },  [NOTICE_stopped] = { LOG_NOTICE, "run" },
	[NOTICE_blind] = { LOG_ERR, "run" },         [NOTICE_impaired] = { LOG_ERR, "run" },
	[NOTICE_digest] = { LOG_ERR, "attempt" },    [NOTICE_test] = { LOG_NOTICE, "run" },
	[NOTICE_report] = { LOG_NOTICE, "run" },
};

static void
say(const struct teller *teller, const struct text *text)
{
	duty_log(teller->duty, LOG_INFO, teller->event, "%s", text->bytes);
}

/*
 * attempt 2 of 3 at 2026-11-23 18:34:42 +0100 (CET): 192.0.2.1:25 from 192.0.2.9:40112 as
 * watch.example.net failed (banner_timeout): no greeting within 60.0 s connect 0.012 s, banner
 * failed after 60.0 s (limit 60.0 s), ehlo not reached
 */
static void
tell_leg(const struct teller *teller, const char *name, const struct evidence *leg)
{
	char bytes[2048];
	struct text text = TEXT_OVER(bytes);

	text_format(&text, "%s at ", name);
	zone_add(&text, teller->zone, leg->started);
	text_add(&text, ": ");
	transcript_add_ends(&text, leg);
	say(teller, &text);
	text = TEXT_OVER(bytes);
	transcript_add_verdict(&text, leg);
	say(teller, &text);
	text = TEXT_OVER(bytes);
	transcript_add_phases(&text, leg);
	if (text.size > 0)
		say(teller, &text);
}

static void
tell_lists(const struct teller *teller, const struct evidence *leg)
{
	struct pw_bytes facts = leg->facts, warnings = leg->warnings, transcript = leg->transcript;
	struct evidence_fact fact;
	struct evidence_warning warning;
	struct evidence_line line;
	char bytes[TRANSCRIPT_LINE_MAX];
	struct text text;

	while (evidence_next_warning(&warnings, &warning)) {
		text = TEXT_OVER(bytes);
		text_format(&text, "warning %s: ", warning.code);
		text_add_bytes(&text, warning.text.data, warning.text.size);
		say(teller, &text);
	}
	while (evidence_next_fact(&facts, &fact)) {
		text = TEXT_OVER(bytes);
		text_format(&text, "%s: ", fact.name);
		text_escape(&text, fact.value);
		say(teller, &text);
	}
	while (evidence_next_line(&transcript, &line)) {
		text = TEXT_OVER(bytes);
		transcript_add_line(&text, &line);
		say(teller, &text);
	}
}

static void
tell_run(const struct teller *teller, const char *word, uint32_t i,
    const struct message_change *change, const struct evidence_cache *cache)
{
	struct message_evidence evidence;
	const struct cached_leg *leg;
	char bytes[64];
	struct text name;
	uint32_t legs = 0;

	for (; (leg = cache_leg(cache, change->target, change->attempts[i], legs)) != NULL
	    && message_read_evidence(leg->packet, &evidence); legs++) {
		name = TEXT_OVER(bytes);
		text_format(&name, "%s %u of %u", word, i + 1, change->attempt_count);
		if (evidence.leg.legs > 1)
			text_format(&name, ", address %u of %u,", evidence.leg.leg + 1,
			    evidence.leg.legs);
		tell_leg(teller, bytes, &evidence.leg);
		tell_lists(teller, &evidence.leg);
	}
	if (legs > 0)
		return;
	name = TEXT_OVER(bytes);
	text_format(&name, "%s %u of %u: its evidence was not kept", word, i + 1,
	    change->attempt_count);
	say(teller, &name);
}

void
change_log_write(struct duty *duty, uint64_t event, const struct message_change *change,
    const struct evidence_cache *cache, const struct zone *zone)
{
	const struct teller teller = { duty, event, zone };
	enum notice_kind kind = notice_named(change->kind);
	char bytes[4096]; /* which TEXT_ROOM() would clear for each change */
	struct text text = TEXT_OVER(bytes);

	text_add_bytes(&text, change->text.data, change->text.size);
	if (change->silences[0] != '\0')
		text_format(&text, " (not told: %s)", change->silences);
	duty_log(duty, rows[kind].level, event, "%s", bytes);
	/* Runs that belong to no target are of many: their evidence is told with their own
	 * changes. */
	for (uint32_t i = 0; i < change->attempt_count && change->target != UINT32_MAX; i++)
		tell_run(&teller, rows[kind].run, i, change, cache);
}
