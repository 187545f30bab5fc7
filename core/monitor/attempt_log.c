/* When very much happens at once, the log gets 200 lines in 10 s and the count of the rest. */
#include "monitor/attempt_log.h"

#include <assert.h>
#include <inttypes.h>
#include <syslog.h>

#include "base/clock.h"
#include "monitor/attempt.h"
#include "monitor/change_text.h"

enum { SENTENCE_MAX = 4096, LINES_MAX = 200, FEW_TARGETS = 100 };
static const int64_t lines_every = 10 * (int64_t)SECOND;

/* A line that is to be said. */
struct line {
	int level;
	const char *what;
	uint32_t attempt, of; /* 0: none of a row */
};

static bool
may_say(struct attempt_log *log, const struct watch *watch)
{
	if (watch->now - log->since >= lines_every) {
		if (log->withheld > 0)
			duty_log(watch->duty, LOG_NOTICE, 0,
			    "%" PRIu64 " lines about single attempts were left out", log->withheld);
		log->withheld = 0;
		log->since = watch->now;
		log->lines = 0;
	}
	if (log->lines++ < LINES_MAX)
		return true;
	assert(log->lines > LINES_MAX);
	log->withheld++;
	return false;
}

static void
say(struct attempt_log *log, const struct watch *watch, const struct line *line,
    const struct report *report)
{
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence);

	if (line->level > watch->config->log_level || !may_say(log, watch))
		return;
	change_text_add_report(&text, watch, report);
	if (line->attempt > 0)
		text_format(&text, line->attempt <= line->of ? ", attempt %" PRIu32 " of %" PRIu32
		    : ", attempt %" PRIu32,
		    line->attempt, line->of);
	else {
		text_add(&text, ", in ");
		text_add_span(&text, report->micros);
	}
	duty_log(watch->duty, line->level, 0, "%s %s: %s",
	    watch_target(watch, report->target)->name, line->what, sentence);
}

/* The word of somebody else that would confirm it is on its way: the line would stand right before
 * that of the outage. */
static bool
is_about_to_be_told(const struct watch *watch, const struct own_side *own, uint32_t target)
{
	const struct trouble *trouble = watch->targets[target].state.trouble;

	return trouble != NULL && trouble->held && !own_side_holds(own, watch, target);
}

/* The line about a failing attempt of a target that is suspect. */
static struct line
suspect_line(const struct watch *watch, uint32_t target)
{
	const struct target_state *state = &watch->targets[target].state;
	uint32_t needed = attempt_needed(state, watch_target(watch, target)->policy, watch->now);

	return (struct line){ LOG_NOTICE, state->trouble->repeating
	    ? "suspect, and asked again at once" : "suspect",
		state->fails + state->trouble->repeating, needed };
}

void
attempt_log_add(struct attempt_log *log, const struct watch *watch, const struct own_side *own,
    const struct news *news,
    const struct report *report)
{
	const struct watched *watched = &watch->targets[report->target];
	enum pw_verdict verdict = (enum pw_verdict)report->verdict;
	struct line line = { .what = NULL };

	if (news->signal == SIGNAL_NONE && watch->stopping)
		return; /* it was interrupted, and everybody knows why */
	if (news->signal == SIGNAL_NONE)
		line = (struct line){ verdict == PW_UNKNOWN ? LOG_INFO : LOG_DEBUG, "unknown", 0,
		    0 };
	else if (news->to == STATE_SUSPECT && !is_about_to_be_told(watch, own, report->target))
		line = suspect_line(watch, report->target);
	else if (news->avoided)
		line = (struct line){ LOG_NOTICE, "up, a false alarm avoided", 0, 0 };
	else if (news->from == STATE_PENDING && news->to == STATE_UP)
		line = (struct line){ watch->config->target_count <= FEW_TARGETS ? LOG_INFO
		    : LOG_DEBUG,
			verdict == PW_OK ? "up" : verdict_name(verdict), 0, 0 };
	else if (news->to == STATE_RECOVERING)
		line = (struct line){ LOG_INFO, "recovering", watched->state.passes,
			watch_target(watch, report->target)->policy->recover_tries };
	else if (news->from == STATE_RECOVERING && news->to == STATE_DOWN)
		line = (struct line){ LOG_INFO, "still down", 0, 0 };
	if (line.what != NULL)
		say(log, watch, &line, report);
}
