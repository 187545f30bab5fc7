/* The record is read by the very function that the monitor recovers with; only the policy is missing. */
#include "monitor/view.h"

#include "base/messages.h"

static void
find_flags(struct view *view)
{
	const struct target_state *state = &view->state;

	view->flapping = state->flapping != NULL && state->flapping->flap == FLAP_FLAPPING;
	view->slow = state->flags & TARGET_SLOW;
	view->quarantined = state->flags & TARGET_QUARANTINED;
	view->held = state->trouble != NULL && state->trouble->held;
}

bool
view_read(struct view *view, struct codes *codes, struct pw_bytes record)
{
	struct wire_in in = wire_from(record.data, record.size);

	*view = (struct view){ .outcome = "" };
	target_state_init(&view->state, (struct moment){ 0, 0 });
	uint8_t version = wire_get_u8(&in);
	in.bad |= version < WATCH_RECORD_OLDEST || version > WATCH_RECORD_VERSION;
	if (!target_state_decode(&view->state, NULL, codes, 0, &in))
		return false;
	view->attempts = wire_get_choice(&in, CHANGE_ATTEMPTS_MAX + 1);
	for (uint32_t i = 0; i < view->attempts; i++)
		(void)wire_get_u64(&in);
	view->text = wire_get_bytes(&in);
	(void)wire_get_u32(&in);
	/* What follows is the monitor's alone. */
	view->outcome = codes_get(codes, view->state.outcome)->name;
	find_flags(view);
	if (version > WATCH_RECORD_OLDEST ? !in.bad : wire_is_whole(&in))
		return true;
	view_fini(view);
	return false;
}

void
view_fini(struct view *view)
{
	target_state_fini(&view->state);
}
