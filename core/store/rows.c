/*
 * Names of delivery states, and lengths of the spans of roll-ups.
 *
 * Delivery states are stored as numbers.
 */
#include "store/rows.h"

#include "base/clock.h"

const char *
store_delivery_name(uint32_t state)
{
	switch (state) {
#define X(name) \
	case STORE_DELIVERY_##name: \
		return #name;
		STORE_DELIVERY_STATES(X)
#undef X
	}
	return "?";
}

int64_t
store_span_length(enum store_span span)
{
	int64_t minute = INT64_C(60) * SECOND;

	return span == STORE_HOUR ? 60 * minute : 15 * minute;
}
