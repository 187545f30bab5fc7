/* The record is read by the very function that the monitor recovers with; only the policy is missing. */
#include "monitor/view.h"

#include "base/messages.h"

bool
view_read(struct target_state *state, struct codes *codes, struct pw_bytes record)
{
	struct wire_in in = wire_from(record.data, record.size);

	target_state_init(state, (struct moment){ 0, 0 });
	uint8_t version = wire_get_u8(&in);
	in.bad |= version < WATCH_RECORD_OLDEST || version > WATCH_RECORD_VERSION;
	if (!target_state_decode(state, NULL, codes, 0, &in))
		return false;
	for (uint8_t attempts = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1); attempts > 0; attempts--)
		(void)wire_get_u64(&in);
	(void)wire_get_bytes(&in);
	(void)wire_get_u32(&in);
	/* What follows is the monitor's alone. */
	if (version > WATCH_RECORD_OLDEST ? !in.bad : wire_is_whole(&in))
		return true;
	target_state_fini(state);
	return false;
}
