/*
 * For the keeper: which notifier wants to be told of which change, and when: kinds, tags, `notify`,
 * a later `after`, quiet hours. What a notifier does not want is as if it had been told, where it
 * ends something; what it may not be told yet is compared later with what it was told.
 */
#pragma once

#include "keeper/outbox.h"

struct config_notifier;

/* To whom a word about ourselves goes, where it is not for all. */
struct audience {
	const struct notifier *spared; /* the word is about this notifier */
	bool spares_dead;             /* nor to those who have not been able to deliver for long */
	uint64_t told_before;         /* only to those who were told of that notice; 0: to all */
};

/* Whether it is told of that target at all, or of ours (CONFIG_NONE), as one of the audience (NULL:
 * that is all). */
bool filter_include(const struct keeper *, uint32_t target, uint32_t notifier,
    const struct audience *);
bool filter_want(const struct keeper *, uint32_t notifier, enum notice_kind, const char *code);

/* That of a target something was to be told in its quiet hours. */
void filter_miss(struct keeper *, uint32_t notifier, uint32_t target);

/* When a notice that begins something is due, and `confirmed`: UTC; 0: at once. */
int64_t filter_due(const struct notifier *, enum notice_kind, const char *code, int64_t confirmed);

/* What it has not been told yet of that target (CONFIG_NONE: ours), for it was to be told later, is
 * over: takes it back. Returns false if there is nothing of that kind, or some of it may have
 * arrived or is in a digest: then the end is to be told. */
bool filter_recall(struct keeper *, uint32_t target, uint32_t notifier, enum notice_kind end,
    const char *code);
