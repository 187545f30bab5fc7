/* Doubling waits with a ceiling, forgotten after a while of good health. */
#include "parent/backoff.h"

int64_t
backoff_wait(struct backoff *backoff, int64_t healthy, int64_t step)
{
	int64_t steps;

	if (healthy >= BACKOFF_HEALTH * step)
		backoff->deaths = 0;
	steps = backoff->deaths == 0 ? 0 : backoff->deaths > 6 ? BACKOFF_STEPS_MAX : 1 << (backoff->deaths - 1);
	if (backoff->deaths < UINT32_MAX)
		backoff->deaths++;
	return (steps < BACKOFF_STEPS_MAX ? steps : BACKOFF_STEPS_MAX) * step;
}
