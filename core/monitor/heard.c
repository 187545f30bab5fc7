/* What the keeper says. */
#include <syslog.h>

#include "monitor/control.h"
#include "monitor/pauses.h"

static bool
take_state(struct monitor *monitor, struct wire_in *in)
{
	struct message_state state;

	if (!message_get_state(in, &state, monitor->config->target_count))
		return false;
	struct wire_in record = wire_from(state.state.data, state.state.size);
	/* To a monitor that has begun it is a keeper that was born again and says what we know better. */
	if (monitor->begun)
		return true;
	if (state.target == CONFIG_NONE) {
		if (!own_record_decode(monitor, &record))
			duty_log(monitor->duty, LOG_WARNING, 0, "what was known of ourselves could not be read; it begins anew");
	} else if (!watch_decode(monitor, state.target, &record))
		duty_log(monitor->duty, LOG_WARNING, 0, "%s: its state could not be read; it begins anew",
		    monitor->config->targets[state.target].name);
	return true;
}

static bool
take_answer(struct monitor *monitor, struct wire_in *in)
{
	struct message_answer answer;

	if (!message_get_answer(in, &answer))
		return false;
	if (monitor->control != NULL)
		control_answered(monitor->control, &answer);
	return true;
}

bool
outbox_heard(struct monitor *monitor, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);

	switch (message_kind(packet, size)) {
	case MESSAGE_STATE:
		return take_state(monitor, &in);
	case MESSAGE_CHANGE:
		return outbox_take_handed(monitor, &in);
	case MESSAGE_RECOVERED:
		return anew_heard(monitor, &in);
	case MESSAGE_COMMITTED:
		return outbox_take_committed(&monitor->outbox, &in);
	case MESSAGE_ANSWER:
		return take_answer(monitor, &in);
	case MESSAGE_PAUSE:
		return pauses_heard(monitor, &in);
	default:
		return false;
	}
}
