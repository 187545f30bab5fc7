/*
 * For the parent: the delay before a dead child process is replaced: doubling up to a maximum,
 * reset after a while without a death.
 */
#include "parent/backoff.h"

#include <assert.h>

int64_t
backoff_wait(struct backoff *backoff, enum backoff_blame blame, int64_t healthy, int64_t step)
{
	int64_t steps = 0;

	assert(backoff->in_hand <= BACKOFF_AT_ONCE);
	if (blame == BLAME_TARGET) {
		backoff->in_hand = 0;
		return 0;
	}
	if (healthy >= BACKOFF_HEALTH * step)
		backoff->in_hand = 0;
	if (blame == BLAME_IN_HAND && backoff->in_hand < BACKOFF_AT_ONCE) {
		backoff->in_hand++;
		return 0;
	}
	if (healthy >= BACKOFF_HEALTH * step)
		backoff->deaths = 0;
	if (backoff->deaths > 0)
		steps = backoff->deaths > 6 ? BACKOFF_STEPS_MAX : 1 << (backoff->deaths - 1);
	assert(steps <= BACKOFF_STEPS_MAX);
	if (backoff->deaths < UINT32_MAX)
		backoff->deaths++;
	return (steps < BACKOFF_STEPS_MAX ? steps : BACKOFF_STEPS_MAX) * step;
}
