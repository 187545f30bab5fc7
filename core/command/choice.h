/*
 * For commands that read the store (status, history, report ...): the options by which they choose
 * targets and a span of time. Targets are named as past_find_target() has it, or all that have a
 * tag by tag:TAG; without such a word all are meant that are watched. state:STATE leaves those of
 * them that are in that state now.
 */
#pragma once

#include "command/past.h"

struct choice {
	const struct past *past;
	bool *taken;          /* by the place in past->targets, and false behind the last */
	size_t count;         /* of those that are taken */
	bool is_named;        /* words said which */
	int64_t since, until; /* UTC, the end is not within; 0 and INT64_MAX: none was given */
};

/* Opens the store, as past_open_store() does, and makes the choice: 0. Else the exit status; `past`
 * is closed, and what is wrong was said. */
int choice_open(struct past *, const struct command *, const char *const *words, struct choice *);

/* Of a store that is open. Returns 0, or the exit status, and what is wrong was said. */
int choice_make(struct past *, const struct command *, const char *const *words, struct choice *);

/* The place of the first that is taken, from that place on; past->target_count: there is none. */
size_t choice_next(const struct choice *, size_t place);

/* Whether the target of that number is taken; without words also one that is gone, or not known any
 * more. */
bool choice_has(const struct choice *, uint64_t target);
