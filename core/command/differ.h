/* What was otherwise in the run that succeeded than in the last one that failed. */
#ifndef COMMAND_DIFFER_H
#define COMMAND_DIFFER_H

#include "base/evidence.h"

/* Evidence of a run's legs, copied: as the messages that they came in. */
struct differ_run {
	uint64_t run; /* 0: none */
	int64_t at;   /* when its first leg began, UTC */
	uint32_t count;
	struct differ_leg { unsigned char *bytes; size_t size; } legs[EVIDENCE_LEGS_MAX];
};

struct differ {
	struct differ_run failed, passed;
};

/* Takes legs in order of time: kept are the last failed run and the first passed one behind it. */
void differ_take(struct differ *, uint64_t run, int64_t at, bool passed, struct pw_bytes message);

/* Whether there are both. */
bool differ_is_whole(const struct differ *);

/* On standard output, a line for each thing that differs, address by address. */
void differ_put(const struct differ *);
void differ_fini(struct differ *);

#endif
