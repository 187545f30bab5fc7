/* In which seconds of the last minutes anybody beyond this host was heard. */
#ifndef MONITOR_HEARING_H
#define MONITOR_HEARING_H

#include <stdint.h>

enum { HEARING_SECONDS = 512 };

struct hearing {
	int64_t last;                       /* seconds of the monotonic clock */
	uint64_t seconds[HEARING_SECONDS / 64]; /* a bit for each, by its remainder */
};

void hearing_init(struct hearing *, int64_t now);

/* Somebody was heard then; what lies farther back than HEARING_SECONDS is left aside. */
void hearing_note(struct hearing *, int64_t at);

/* The longest time between two of these instants in which nobody was heard, to the second; what
 * lies farther back than is kept counts as heard. */
int64_t hearing_gap(const struct hearing *, int64_t from, int64_t to);

#endif
