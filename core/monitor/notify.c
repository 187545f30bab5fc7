/*
 * For the monitor: makes the message to the keeper of each change of a target or of our own side,
 * with its sentence. From it the keeper makes notices.
 *
 * What a change says is made from the target as it is then: so each change is told before the next
 * one alters the target.
 */
#include "monitor/notify.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "monitor/change_text.h"
#include "monitor/dependencies.h"
#include "monitor/monitor.h"
#include "monitor/silence.h"

enum { SENTENCE_MAX = 8192 };
static const uint32_t of_parents = SILENCE_parent | SILENCE_parent_unplain;

static void
name_last(struct message_change *message, const uint64_t runs[static FAILURE_RATE_LAST])
{
	for (unsigned i = 0; i < FAILURE_RATE_LAST; i++)
		if (runs[i] != 0)
			message->attempts[message->attempt_count++] = runs[i];
}

/* The last failures, those of the suspicion that is open and others before it; the one at hand is
 * among them. */
static void
name_failures(struct message_change *message, const struct target_state *state)
{
	uint32_t count;

	if (state->failure_rate != NULL)
		name_last(message, state->failure_rate->last);
	if (state->trouble != NULL)
		name_last(message, state->trouble->last);
	assert(message->attempt_count <= 2 * FAILURE_RATE_LAST);
	count = message->attempt_count < FAILURE_RATE_LAST ? message->attempt_count
	    : FAILURE_RATE_LAST;
	memmove(message->attempts, message->attempts + message->attempt_count - count,
	    count * sizeof message->attempts[0]);
	message->attempt_count = count;
}

/*
 * The runs that led to it: all attempts for what confirms or ends an outage, else the one at hand.
 */
static void
name_attempts(struct message_change *message, const struct watched *watched,
    const struct change *change, const struct report *report)
{
	const struct attempts *attempts = watched->attempts;
	bool whole = change->kind == NOTICE_down || change->kind == NOTICE_up
	    || change->kind == NOTICE_flapping
	    || change->kind == NOTICE_changed;

	if (whole && attempts != NULL) {
		assert(attempts->count <= attempts->room && attempts->room <= CHANGE_ATTEMPTS_MAX);
		message->attempt_count = attempts->count;
		memcpy(message->attempts, attempts->runs,
		    attempts->count * sizeof attempts->runs[0]);
	} else if (change->kind == NOTICE_degraded && change->code == CODE_UNSTABLE) {
		name_failures(message, &watched->state);
	} else if (report != NULL && report->run != 0) {
		message->attempt_count = 1;
		message->attempts[0] = report->run;
	}
}

void
notify_change(struct monitor *monitor, uint32_t target, const struct change *change,
    const struct report *report)
{
	struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[target];
	struct message_change message = { .target = target, .change = change->number,
		.silence = change->silence, .incident = change->incident,
		.detected = message_time(change->detected),
		.confirmed = message_time(change->confirmed) };
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence), silences = TEXT_OVER(message.silences);
	const struct told told = { .target = target, .change = change, .report = report,
		.behind = change->kind == NOTICE_down
		? dependencies_count_behind(monitor, target) : 0 };

	assert(change->number <= watched->state.number);
	snprintf(message.kind, sizeof message.kind, "%s", notice_name(change->kind));
	if (change->code != CODE_NONE)
		snprintf(message.code, sizeof message.code, "%s",
		    codes_get(watch->codes, change->code)->name);
	if (change->from != STATE_NONE) {
		snprintf(message.from, sizeof message.from, "%s", state_name(change->from));
		snprintf(message.to, sizeof message.to, "%s", state_name(change->to));
	}
	silence_add_names(&silences, change->silence);
	name_attempts(&message, watched, change, report);
	change_text_add(&text, watch, &told);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	if (change->silence & of_parents)
		watched->silenced = true;
	if ((change->silence & SILENCE_digest)
	    && (change->kind == NOTICE_down || change->kind == NOTICE_flapping))
		own_digest_add(&monitor->own.digest, watched, watch->now);
	if (change->apart)
		monitor->own.digest.told.apart++; /* of those that were told together */
	(void)keeper_link_add_change(monitor->keeper, &message);
}

/* Only where something was kept silent for a parent does the end of that matter to the keeper: it
 * compares then. */
void
notify_silence(struct monitor *monitor, uint32_t target, uint32_t was)
{
	struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[target];
	uint32_t ended = was & ~watched->state.silence & of_parents;
	struct message_change message = { .target = target, .silence = watched->state.silence };
	char sentence[SENTENCE_MAX], names[sizeof message.silences];
	struct text text = TEXT_OVER(sentence), silences = TEXT_OVER(message.silences),
	    reasons = TEXT_OVER(names);

	if (ended == 0 || watched->state.silence & of_parents
	    || !watched->silenced)
		return;
	watched->silenced = false;
	message.detected = message.confirmed = message_time(watch_moment(watch));
	message.change = ++watched->state.number;
	silence_add_names(&silences, watched->state.silence);
	silence_add_names(&reasons, ended);
	text_format(&text, "%s is %s: what was kept silent may be told (%s is over)",
	    watch_target(watch, target)->name, state_name((enum state)watched->state.state), names);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	(void)keeper_link_add_change(monitor->keeper, &message);
}

/* A fact is told as a run of its own without a verdict, so that its sentence is made as any
 * other. */
void
notify_facts(struct monitor *monitor, const struct report *report, const char *facts)
{
	const struct moment now = watch_moment(&monitor->watch);
	struct target_state *state = &monitor->watch.targets[report->target].state;
	struct change change = { .kind = NOTICE_fact, .code = CODE_NONE, .number = ++state->number,
		.silence = silence_of(state->silence, NOTICE_fact), .detected = now,
		.confirmed = now };
	struct report told = { .run = report->run, .target = report->target,
	    .text = { facts, strlen(facts) } };

	notify_change(monitor, report->target, &change, &told);
	keeper_link_mark(monitor->keeper, report->target);
}

/* Changes of our own have numbers of their own, and no target: what they are of stands in their
 * sentence. */
uint64_t
notify_own(struct monitor *monitor, enum notice_kind kind, const char *code, struct moment since,
    const char *format, ...)
{
	struct message_change message = { .target = CONFIG_NONE,
		.detected = message_time(since),
		.confirmed = message_time(watch_moment(&monitor->watch)) };
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	snprintf(message.kind, sizeof message.kind, "%s", notice_name(kind));
	snprintf(message.code, sizeof message.code, "%s", code);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	uint64_t number = keeper_link_add_change(monitor->keeper, &message);
	keeper_link_mark(monitor->keeper, CONFIG_NONE);
	return number;
}
