/* Changes become messages to the keeper, which tells and logs them; single attempts and our own counts become log lines. */
#include "monitor/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/messages_outbox.h"
#include "monitor/attempt.h"
#include "monitor/keeper_link.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

enum { SENTENCE_MAX = 4096, LINES_MAX = 200, FEW_TARGETS = 100 };
static const int64_t lines_every = 10 * (int64_t)SECOND, hourly = 3600 * (int64_t)SECOND,
    health_every = 10 * (int64_t)SECOND;
static const uint32_t of_parents = SILENCE_parent | SILENCE_parent_unplain;

/* A clock may be set to any time. */
static int64_t
not_before_1970(struct moment time)
{
	return time.utc < 0 ? 0 : time.utc;
}

static void
name_states(struct message_change *message, const struct change *change)
{
	if (change->from == STATE_NONE)
		return;
	snprintf(message->from, sizeof message->from, "%s", state_name(change->from));
	snprintf(message->to, sizeof message->to, "%s", state_name(change->to));
}

static void
name_last(struct message_change *message, const uint64_t runs[static UNSTEADY_LAST])
{
	for (unsigned i = 0; i < UNSTEADY_LAST; i++)
		if (runs[i] != 0)
			message->attempts[message->attempt_count++] = runs[i];
}

/* The last failures, those of the suspicion that is open and others before it; the one at hand is among them. */
static void
name_failures(struct message_change *message, const struct target_state *state)
{
	uint32_t count;

	if (state->unsteady != NULL)
		name_last(message, state->unsteady->last);
	if (state->trouble != NULL)
		name_last(message, state->trouble->last);
	count = message->attempt_count < UNSTEADY_LAST ? message->attempt_count : UNSTEADY_LAST;
	memmove(message->attempts, message->attempts + message->attempt_count - count, count * sizeof message->attempts[0]);
	message->attempt_count = count;
}

/* The runs that led to it: all of the series for what confirms or ends an outage, else the one at hand. */
static void
name_attempts(struct message_change *message, const struct monitor *monitor, const struct change *change,
    const struct report *report)
{
	const struct series *series = monitor->targets[message->target].series;
	bool whole = change->kind == NOTICE_down || change->kind == NOTICE_up || change->kind == NOTICE_flapping
	    || change->kind == NOTICE_changed;

	if (whole && series != NULL) {
		message->attempt_count = series->count;
		memcpy(message->attempts, series->runs, series->count * sizeof series->runs[0]);
	} else if (change->kind == NOTICE_degraded && change->code == CODE_UNSTABLE) {
		name_failures(message, &monitor->targets[message->target].state);
	} else if (report != NULL && report->run != 0) {
		message->attempt_count = 1;
		message->attempts[0] = report->run;
	}
}

void
herald_change(struct monitor *monitor, uint32_t target, const struct change *change, const struct report *report)
{
	struct message_change message = { .target = target, .change = change->number,
		.silence = change->silence, .incident = change->incident, .detected = not_before_1970(change->detected),
		.confirmed = not_before_1970(change->confirmed) };
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence), silences = TEXT_OVER(message.silences);

	snprintf(message.kind, sizeof message.kind, "%s", notice_name(change->kind));
	if (change->code != CODE_NONE)
		snprintf(message.code, sizeof message.code, "%s", codes_get(monitor->codes, change->code)->name);
	name_states(&message, change);
	silence_add_names(&silences, change->silence);
	name_attempts(&message, monitor, change, report);
	sentence_add_change(&text, monitor, target, change, report);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	if (change->silence & of_parents)
		monitor->targets[target].flags |= WATCHED_SILENCED;
	if ((change->silence & SILENCE_digest) && (change->kind == NOTICE_down || change->kind == NOTICE_flapping))
		together_add(monitor, target);
	if (change->apart)
		together_apart(monitor);
	keeper_link_add_change(monitor, &message);
}

/* Only where something was kept silent for a parent does the end of that matter to the keeper: it compares then. */
void
herald_silence(struct monitor *monitor, uint32_t target, uint32_t was)
{
	struct watched *watched = &monitor->targets[target];
	uint32_t ended = was & ~watched->state.silence & of_parents;
	struct message_change message = { .target = target, .silence = watched->state.silence };
	char sentence[SENTENCE_MAX], names[sizeof message.silences];
	struct text text = TEXT_OVER(sentence), silences = TEXT_OVER(message.silences), reasons = TEXT_OVER(names);

	if (ended == 0 || watched->state.silence & of_parents || !(watched->flags & WATCHED_SILENCED))
		return;
	watched->flags = (uint8_t)(watched->flags & ~WATCHED_SILENCED);
	message.detected = message.confirmed = not_before_1970(clocks_now(monitor));
	message.change = ++watched->state.number;
	silence_add_names(&silences, watched->state.silence);
	silence_add_names(&reasons, ended);
	text_format(&text, "%s is %s: what was kept silent may be told (%s is over)", monitor->config->targets[target].name,
	    state_name((enum state)watched->state.state), names);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	keeper_link_add_change(monitor, &message);
}

void
herald_ours(struct monitor *monitor, enum notice_kind kind, const char *code, struct moment since, const char *format, ...)
{
	struct message_change message = { .target = CONFIG_NONE, .change = ++monitor->own_change,
		.detected = not_before_1970(since), .confirmed = not_before_1970(clocks_now(monitor)) };
	char sentence[2 * SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	snprintf(message.kind, sizeof message.kind, "%s", notice_name(kind));
	snprintf(message.code, sizeof message.code, "%s", code);
	message.text = (struct pw_bytes){ text.bytes, text.size };
	keeper_link_add_change(monitor, &message);
	keeper_link_mark(monitor, CONFIG_NONE);
}

void
herald_facts(struct monitor *monitor, const struct report *report, const char *facts)
{
	struct target_state *state = &monitor->targets[report->target].state;
	struct change change = { .kind = NOTICE_fact, .code = CODE_NONE, .number = ++state->number,
		.silence = silence_of(state->silence, NOTICE_fact), .detected = clocks_now(monitor),
		.confirmed = clocks_now(monitor) };
	struct report told = { .run = report->run, .text = { facts, strlen(facts) } };

	herald_change(monitor, report->target, &change, &told);
	keeper_link_mark(monitor, report->target);
}

/* When very much happens at once the log gets a part of it and the count of the rest: changes are not among it. */
static bool
may_say(struct monitor *monitor)
{
	if (monitor->now - monitor->lines_since >= lines_every) {
		if (monitor->counts.lines_withheld > 0)
			duty_log(monitor->duty, LOG_NOTICE, 0, "%" PRIu64 " lines about single attempts were left out",
			    monitor->counts.lines_withheld);
		monitor->counts.lines_withheld = 0;
		monitor->lines_since = monitor->now;
		monitor->lines = 0;
	}
	if (monitor->lines++ < LINES_MAX)
		return true;
	monitor->counts.lines_withheld++;
	return false;
}

static void
say(struct monitor *monitor, int level, uint32_t target, const char *what, const struct report *report,
    uint32_t attempt, uint32_t of)
{
	char sentence[SENTENCE_MAX];
	struct text text = TEXT_OVER(sentence);

	if (level > monitor->config->log_level || !may_say(monitor))
		return;
	sentence_add_report(&text, monitor, report);
	if (attempt > 0)
		text_format(&text, attempt <= of ? ", attempt %" PRIu32 " of %" PRIu32 : ", attempt %" PRIu32, attempt, of);
	else {
		text_add(&text, ", in ");
		text_add_span(&text, report->micros);
	}
	duty_log(monitor->duty, level, 0, "%s %s: %s", monitor->config->targets[target].name, what, sentence);
}

/* The word of somebody else that would confirm it is on its way: the line would stand right before that of the outage. */
static bool
is_about_to_be_told(const struct monitor *monitor, uint32_t target)
{
	const struct trouble *trouble = monitor->targets[target].state.trouble;

	return trouble != NULL && trouble->held && !ourselves_hold(monitor, target);
}

void
herald_attempt(struct monitor *monitor, uint32_t target, const struct report *report)
{
	const struct news *news = &monitor->news;
	const struct watched *watched = &monitor->targets[target];
	const struct policy *policy = monitor->config->targets[target].policy;
	int first = monitor->config->target_count <= FEW_TARGETS ? LOG_INFO : LOG_DEBUG;

	if (news->signal == SIGNAL_NONE && monitor->stopping)
		return; /* it was interrupted, and everybody knows why */
	if (news->signal == SIGNAL_NONE)
		say(monitor, report->verdict == PW_UNKNOWN ? LOG_INFO : LOG_DEBUG, target, "unknown", report, 0, 0);
	else if (news->to == STATE_SUSPECT && !is_about_to_be_told(monitor, target))
		say(monitor, LOG_NOTICE, target, watched->state.trouble->repeating ? "suspect, and asked again at once" : "suspect",
		    report, watched->state.fails + watched->state.trouble->repeating,
		    attempt_needed(&watched->state, policy, monitor->now));
	else if (news->avoided)
		say(monitor, LOG_NOTICE, target, "up, a false alarm avoided", report, 0, 0);
	else if (news->from == STATE_PENDING && news->to == STATE_UP)
		say(monitor, first, target, report->verdict == PW_OK ? "up" : verdict_name((enum pw_verdict)report->verdict),
		    report, 0, 0);
	else if (news->to == STATE_RECOVERING)
		say(monitor, LOG_INFO, target, "recovering", report, watched->state.passes, policy->recover_tries);
	else if (news->from == STATE_RECOVERING && news->to == STATE_DOWN)
		say(monitor, LOG_INFO, target, "still down", report, 0, 0);
}

static void
count_states(const struct monitor *monitor, uint32_t counts[static STATES])
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		counts[monitor->targets[i].state.state]++;
}

static double
late_ms(const struct monitor *monitor, unsigned permille)
{
	return (double)spread_at(&monitor->counts.late, permille) / MILLISECOND;
}

void
herald_counts(struct monitor *monitor)
{
	struct counts *counts = &monitor->counts;
	uint32_t states[STATES] = { 0 };

	monitor->hour = monitor->now;
	count_states(monitor, states);
	duty_log(monitor->duty, LOG_INFO, 0, "%" PRIu32 " up, %" PRIu32 " suspect, %" PRIu32 " down, %" PRIu32
	    " not yet known; %" PRIu64 " runs, %" PRIu64 " unknown, %" PRIu64 " passed over, %" PRIu64 " false alarms avoided; "
	    "runs began late by %.1f ms (p50), %.1f ms (p99), %.1f ms at most", states[STATE_UP], states[STATE_SUSPECT],
	    states[STATE_DOWN] + states[STATE_RECOVERING], states[STATE_PENDING], counts->runs, counts->verdicts[PW_UNKNOWN],
	    counts->passed_over, counts->avoided, late_ms(monitor, 500), late_ms(monitor, 990),
	    late_ms(monitor, 1000));
	const struct keeper_link_dropped dropped = keeper_link_dropped(monitor);
	if (dropped.results > 0 || dropped.evidence > 0)
		duty_log(monitor->duty, LOG_WARNING, 0, "the keeper does not keep up: %" PRIu64 " results and %" PRIu64
		    " pieces of evidence were left out", dropped.results, dropped.evidence);
	*counts = (struct counts){ .runs_ever = counts->runs_ever, .lines_withheld = counts->lines_withheld };
}

void
herald_hour(struct monitor *monitor)
{
	if (monitor->now - monitor->hour >= hourly)
		herald_counts(monitor);
}

static uint32_t
count_unserved(const struct monitor *monitor)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		uint32_t prober = watch_prober(monitor, i);
		count += prober != CONFIG_NONE && monitor->probers[prober].fd < 0;
	}
	return count;
}

static uint32_t
count_waiting(const struct monitor *monitor)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch_prober_count(monitor); i++)
		count += monitor->probers[i].waiting;
	return count;
}

void
herald_health(struct monitor *monitor)
{
	struct health *health = &monitor->health;
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);
	bool blind = blind_is_known(&monitor->blind);

	if (!monitor->begun || (monitor->now < health->next && blind == health->blind))
		return;
	message_put_health(&out, &(struct message_health){ .ran = (uint32_t)health->runs,
	    .passed_over = (uint32_t)health->passed_over, .late = spread_at(&health->late, 990), .blind = blind,
	    .unserved = count_unserved(monitor), .in_line = monitor->apart.count, .waiting = count_waiting(monitor) });
	/* Where it finds no room it is said anew: who hears nothing holds the heartbeat back. */
	(void)keeper_link_send(monitor, packet, out.size);
	*health = (struct health){ .next = monitor->now + health_every, .blind = blind };
}
