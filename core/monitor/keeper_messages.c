/*
 * For the monitor: reads the messages of the keeper. At the beginning of a link these are the
 * states of all targets, then what was committed, and answers to people's requests.
 *
 * A keeper whose store was lost knows nothing of what is open, and is told what is true: behind all
 * messages that are held for it, so that it can leave aside what it knows by then.
 */
#include "monitor/keeper_messages.h"

#include <syslog.h>

#include "monitor/control.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/own_record.h"
#include "monitor/record.h"
#include "monitor/self_check.h"
#include "monitor/silence.h"

/* To a monitor that has begun it is a keeper that was born again and says what we know better. */
static bool
take_state(struct monitor *monitor, struct wire_in *in)
{
	struct watch *watch = &monitor->watch;
	struct message_state state;

	if (!message_get_state(in, &state, watch->config->target_count))
		return false;
	struct wire_in record = wire_from(state.state.data, state.state.size);
	if (watch->begun)
		return true;
	if (state.target == CONFIG_NONE) {
		if (!own_record_decode(&monitor->own, watch, &record))
			duty_log(monitor->watch.duty, LOG_WARNING, 0,
			    "what was known of ourselves could not be read; it begins anew");
		return true;
	}
	if (state.bare)
		keeper_link_mark(monitor->keeper, state.target);
	if (!record_decode(watch, state.target, &record))
		duty_log(monitor->watch.duty, LOG_WARNING, 0,
		    "%s: its state could not be read; it begins anew",
		    watch_target(watch, state.target)->name);
	return true;
}

/* What was only suspected was told to nobody, and will be confirmed or not by the next attempts. Of
 * the runs that confirmed what was told there remain their numbers, and the words of the last. */
static void
restate(struct monitor *monitor, uint32_t target)
{
	struct target_state *state = &monitor->watch.targets[target].state;
	const struct trouble *trouble = state->trouble;
	const struct conditions *conditions = state->conditions;
	struct change change;

	if (trouble != NULL && trouble->incident != 0 && state_is_down((enum state)state->state)) {
		change = (struct change){ .kind = state->silence & SILENCE_flapping
		    ? NOTICE_flapping : NOTICE_down, .code = trouble->told,
			.from = STATE_SUSPECT, .to = STATE_DOWN, .number = trouble->incident,
			.incident = trouble->incident, .detected = trouble->began,
			.confirmed = state->since };
		change.silence = silence_of(state->silence, change.kind);
		notify_change(monitor, target, &change, NULL);
	}
	for (uint32_t i = 0; conditions != NULL && i < conditions->count; i++) {
		const struct condition *condition = &conditions->items[i];
		if (condition->stage == STAGE_SEEN)
			continue;
		change = (struct change){ .kind = condition->blocked ? NOTICE_blocked
		    : NOTICE_degraded, .code = condition->code, .number = ++state->number,
			.detected = condition->since,
			.confirmed = watch_moment(&monitor->watch) };
		change.silence = silence_of(state->silence, change.kind);
		notify_change(monitor, target, &change, NULL);
	}
	if (state->state != STATE_PENDING)
		keeper_link_mark(monitor->keeper, target);
}

static bool
take_recovered(struct monitor *monitor, struct wire_in *in)
{
	struct message_recovered recovered;
	bool malformed;

	if (!message_get_recovered(in, &recovered))
		return false;
	watch_number_behind(&monitor->watch, recovered.run);
	monitor->watch.clocks.newest = recovered.newest;
	if (!keeper_link_recovered(monitor->keeper, &recovered, &malformed)) {
		duty_log(monitor->watch.duty, LOG_WARNING, 0,
		    "the keeper has begun another store: what is open is said again");
		/* What is held goes first, as the restated changes are the truth behind it and not
		 * before. */
		keeper_link_flush(monitor->keeper, false);
		keeper_link_restate(monitor->keeper, true);
		for (uint32_t i = 0; i < monitor->watch.config->target_count; i++)
			restate(monitor, i);
		keeper_link_restate(monitor->keeper, false);
		self_check_restate(monitor);
		keeper_link_mark(monitor->keeper, CONFIG_NONE);
	}
	if (malformed)
		return false;
	monitor->activity.health.next = 0; /* it has not been told: it is with the next tick */
	monitor_begin(monitor);
	return true;
}

bool
keeper_messages_take_answer(struct monitor *monitor, struct wire_in *in)
{
	struct message_answer answer;

	if (!message_get_answer(in, &answer))
		return false;
	if (monitor->control != NULL)
		control_answered(monitor->control, &answer);
	return true;
}

void
keeper_messages_lost(struct monitor *monitor)
{
	keeper_link_close(monitor->keeper);
	if (monitor->control != NULL)
		control_keeper_lost(monitor->control);
}

void
keeper_messages_linked(struct monitor *monitor, int fd)
{
	keeper_messages_lost(monitor);
	keeper_link_open(monitor->keeper, fd);
}

bool
keeper_messages_take(struct monitor *monitor, const void *packet, size_t size)
{
	const struct watch *watch = &monitor->watch;
	struct wire_in in = wire_from(packet, size);
	struct message_committed committed;
	struct message_run run;

	switch (message_kind(packet, size)) {
	case MESSAGE_STATE:
		return take_state(monitor, &in);
	case MESSAGE_RUN:
		/* A monitor that had to begin without it says what is true. */
		return message_get_run(&in, &run, watch->config->target_count) && (watch->begun
		    || keeper_link_take_over(monitor->keeper, &run, packet, size));
	case MESSAGE_RECOVERED:
		return take_recovered(monitor, &in);
	case MESSAGE_COMMITTED:
		return message_get_committed(&in, &committed)
		    && keeper_link_committed(monitor->keeper, &committed);
	case MESSAGE_ANSWER:
		return keeper_messages_take_answer(monitor, &in);
	default:
		return false;
	}
}
