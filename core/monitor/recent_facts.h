/*
 * For the monitor: the texts that say which steady facts of a server (certificate, software ...)
 * the evidence of a run showed to have changed. They are kept until the report of that run comes,
 * which may be a while: for the last 4,096 runs.
 */
#pragma once

#include <stdint.h>

struct recent_facts;

/* NULL if out of memory. */
struct recent_facts *recent_facts_create(void);
void recent_facts_destroy(struct recent_facts **);

/* Keeps a copy of the text for the run, in place of an earlier one; without memory for it, none. */
void recent_facts_put(struct recent_facts *, uint64_t run, const char *text);
/* The text of the run; NULL: there is none, or it was 4,096 runs ago. */
const char *recent_facts_get(const struct recent_facts *, uint64_t run);
