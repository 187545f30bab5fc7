/* Failed attempts that never became a down: counted over the last hour, in six slots of ten minutes. */
#ifndef MONITOR_UNSTEADY_H
#define MONITOR_UNSTEADY_H

#include <stdbool.h>
#include <stdint.h>

enum { UNSTEADY_SLOTS = 6 };

struct unsteady {
	int64_t slot_began; /* of the newest slot */
	uint8_t newest;
	uint16_t runs[UNSTEADY_SLOTS], failed[UNSTEADY_SLOTS];
};

/* Begins with the first failed attempt: what passed before it, since `up_since` and every `interval`, is presumed. */
void unsteady_begin(struct unsteady *, int64_t up_since, int64_t interval, int64_t now);
void unsteady_count(struct unsteady *, bool failed, int64_t now);

/* Whether the hour shows the condition `unstable`; `stands`: it does already, and ends later than it would begin. */
bool unsteady_shows(const struct unsteady *, bool stands);

/* Nothing failed within the hour. */
bool unsteady_is_over(const struct unsteady *);

#endif
