/*
 * The differences between a failed and a passed run at one address, for notices, `postwatch show`
 * and the page of an incident. Each step, fact or warning that differs is one entry.
 */
#pragma once

#include "base/evidence.h"
#include "base/text.h"

struct difference {
	const char *name;       /* of the phase or fact */
	const char *then, *now; /* in words, printable */
	const struct evidence_phase *then_phase, *now_phase; /* NULL: it is a fact */
};

typedef void difference_found(void *arg, const struct difference *);

/* Phases with another end, or much faster or slower; then facts that both learnt and that have
 * another value. */
void difference_each(const struct evidence *failed, const struct evidence *passed,
    difference_found *, void *arg);

/* Whether both are of one address and port. */
bool difference_same_place(const struct evidence *left, const struct evidence *right);
