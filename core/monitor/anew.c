/*
 * A keeper that writes another store than the one before it knows nothing of what is open: the incidents, conditions and
 * states of that store are gone from its sight. So what is true is said again, under the numbers that it has, as far as
 * it is not said again anyway because it was not safe.
 */
#include <string.h>
#include <syslog.h>

#include "monitor/monitor.h"
#include "monitor/pauses.h"
#include "monitor/silence.h"

/* What remains of the runs that confirmed it are their numbers, and the words of the last. */
static void
say_down(struct monitor *monitor, uint32_t target)
{
	const struct target_state *state = &monitor->targets[target].state;
	enum notice_kind kind = state->silence & SILENCE_flapping ? NOTICE_flapping : NOTICE_down;
	const struct change change = { .kind = kind, .code = state->trouble->told, .from = STATE_SUSPECT, .to = STATE_DOWN,
		.number = state->trouble->incident, .incident = state->trouble->incident,
		.silence = silence_of(state->silence, kind), .detected = state->trouble->began, .confirmed = state->since };

	herald_change(monitor, target, &change, NULL);
}

static void
say_condition(struct monitor *monitor, uint32_t target, const struct condition *condition)
{
	struct target_state *state = &monitor->targets[target].state;
	enum notice_kind kind = condition->blocked ? NOTICE_blocked : NOTICE_degraded;
	const struct change change = { .kind = kind, .code = condition->code, .number = ++state->number,
		.silence = silence_of(state->silence, kind), .detected = condition->since, .confirmed = clocks_now(monitor) };

	herald_change(monitor, target, &change, NULL);
}

static void
say_target(struct monitor *monitor, uint32_t target)
{
	const struct target_state *state = &monitor->targets[target].state;
	const struct conditions *conditions = state->conditions;

	if (state->trouble != NULL && state->trouble->incident != 0 && state_is_down((enum state)state->state)
	    && !outbox_has_change(monitor, target, state->trouble->incident))
		say_down(monitor, target);
	for (uint32_t i = 0; conditions != NULL && i < conditions->count; i++)
		if (conditions->items[i].stage != STAGE_SEEN)
			say_condition(monitor, target, &conditions->items[i]);
	if (state->state != STATE_PENDING)
		outbox_put_state(monitor, target);
}

bool
anew_heard(struct monitor *monitor, struct wire_in *in)
{
	struct outbox *outbox = &monitor->outbox;
	struct message_recovered recovered;

	if (!message_get_recovered(in, &recovered))
		return false;
	watch_number_behind(monitor, recovered.run);
	monitor->newest = recovered.newest;
	if (monitor->begun && outbox->has_store && memcmp(recovered.store, outbox->store, sizeof recovered.store) != 0) {
		duty_log(monitor->duty, LOG_WARNING, 0, "the keeper has begun another store: what is open is said again");
		for (uint32_t i = 0; i < monitor->config->target_count; i++)
			say_target(monitor, i);
		ourselves_say_again(monitor);
	}
	memcpy(outbox->store, recovered.store, sizeof recovered.store);
	outbox->has_store = true;
	monitor_begin(monitor);
	pauses_are_told(monitor);
	return true;
}
