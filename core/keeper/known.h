/*
 * What is kept, and what is about to be: rows that the store has, and those that wait in memory for a disk that is sick. All
 * of what is read here is the newest that is known; answers are as those of the store's reader.
 */
#ifndef KEEPER_KNOWN_H
#define KEEPER_KNOWN_H

#include "store/unwritten.h"

enum { KNOWN_BATCHES = 2 };

struct knowledge {
	struct store_reader *reader;                       /* NULL: the store cannot be read */
	const struct store_batch *batches[KNOWN_BATCHES];  /* for STORE_MAIN, the older first; NULL: none */
};

/* Calls on_row once, if there is such a notice. Returns whether the store has it. */
bool known_notice(const struct knowledge *, uint64_t number, store_on_notice *, void *arg);
/* As the incident is now. */
void known_incident(const struct knowledge *, uint64_t number, store_on_incident *, void *arg);
/* The first notice of an incident. */
void known_first_notice(const struct knowledge *, uint64_t incident, store_on_notice *, void *arg);
/* The newest first, before `before` (0: from the newest), of one target; at most `limit` of each, the store and memory. */
void known_notices(const struct knowledge *, uint64_t target, uint64_t before, uint32_t limit, store_on_notice *, void *arg);
/* All of an incident. */
void known_evidence(const struct knowledge *, uint64_t incident, store_on_evidence *, void *arg);
/* All of a notice's own. */
void known_notice_evidence(const struct knowledge *, uint64_t notice, store_on_notice_evidence *, void *arg);
/* Whether there was a delivery of it for that notifier, but for one that was withheld and may be made once more. */
bool known_delivery(const struct knowledge *, uint64_t notice, const char *notifier);
/* Whether it was sent to anybody. */
bool known_sent(const struct knowledge *, uint64_t notice);

#endif
