/* The hour behind us in six slots: enough for a share of failed attempts, and small enough for many targets. */
#include "monitor/unsteady.h"

#include "base/clock.h"

static const int64_t slot_length = 600 * (int64_t)SECOND;

static uint16_t
clamp(int64_t value)
{
	return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

void
unsteady_begin(struct unsteady *unsteady, int64_t up_since, int64_t interval, int64_t now)
{
	*unsteady = (struct unsteady){ .slot_began = now, .newest = 0 };
	for (unsigned i = 1; i < UNSTEADY_SLOTS; i++) {
		int64_t end = now - (int64_t)(i - 1) * slot_length, begin = end - slot_length;
		if (begin < up_since)
			begin = up_since;
		unsteady->runs[UNSTEADY_SLOTS - i] = clamp((end - begin) / interval);
	}
}

static void
advance(struct unsteady *unsteady, int64_t now)
{
	for (unsigned steps = 0; now - unsteady->slot_began >= slot_length && steps < UNSTEADY_SLOTS; steps++) {
		unsteady->newest = (uint8_t)((unsteady->newest + 1) % UNSTEADY_SLOTS);
		unsteady->runs[unsteady->newest] = 0;
		unsteady->failed[unsteady->newest] = 0;
		unsteady->slot_began += slot_length;
	}
	if (now - unsteady->slot_began >= slot_length) /* more than an hour passed: all slots are empty */
		unsteady->slot_began = now;
}

void
unsteady_count(struct unsteady *unsteady, bool failed, int64_t now)
{
	advance(unsteady, now);
	unsteady->runs[unsteady->newest] = clamp(unsteady->runs[unsteady->newest] + 1);
	if (failed)
		unsteady->failed[unsteady->newest] = clamp(unsteady->failed[unsteady->newest] + 1);
}

static uint32_t
sum(const uint16_t counts[static UNSTEADY_SLOTS])
{
	uint32_t total = 0;

	for (unsigned i = 0; i < UNSTEADY_SLOTS; i++)
		total += counts[i];
	return total;
}

bool
unsteady_shows(const struct unsteady *unsteady, bool stands)
{
	uint32_t runs = sum(unsteady->runs), failed = sum(unsteady->failed);

	return stands ? failed >= 3 && failed * 10 > runs : failed >= 5 && failed * 5 > runs;
}

bool
unsteady_is_over(const struct unsteady *unsteady)
{
	return sum(unsteady->failed) == 0;
}
