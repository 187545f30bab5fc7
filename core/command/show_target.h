/*
 * `postwatch show TARGET`: prints the last run whose evidence is kept. Also prints the steps and
 * the transcript of the dialogue with one address, for `show INCIDENT`.
 */
#pragma once

#include "base/evidence.h"
#include "command/past.h"

/* The leg of a message of evidence, which it has views into. Returns false where that cannot be
 * read: another version wrote it. */
bool kept_leg(struct pw_bytes message, struct evidence *);

/* A run of which evidence was kept: the messages of its legs, kept by the past. Starts as
 * zeroes. */
struct kept_run {
	uint64_t run; /* 0: none */
	int64_t at;   /* when its first leg began, UTC */
	uint32_t count;
	struct pw_bytes legs[EVIDENCE_LEGS_MAX];
};

/* Adds a leg; the first of another run takes the place of all. */
void kept_run_add(struct past *, struct kept_run *, uint64_t run, int64_t at, struct pw_bytes);

/* A leg whose evidence was kept: when and in which role (of the store, or other words), its steps,
 * as a waterfall where the page has room, and its transcript. Without a policy (NULL) it is not
 * known when a step counts as slow. */
void show_kept_leg(const struct past *, const char *role, const struct policy *,
    const struct evidence *);

/* Prints the last run of the target that a word means. The store is open. Returns the exit
 * status. */
int show_target(struct past *, const char *word);
