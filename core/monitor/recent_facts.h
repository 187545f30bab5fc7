/* Which facts of a target the evidence of a run in hand has changed: kept until the run is
 * reported, which may be a while. */
#ifndef MONITOR_RECENT_FACTS_H
#define MONITOR_RECENT_FACTS_H

#include <stdint.h>

struct recent_facts; /* of the last 4,096 runs */

/* NULL: no memory. */
struct recent_facts *recent_facts_create(void);
void recent_facts_destroy(struct recent_facts **);

/* What was put for that run; NULL: nothing. Good until the next put. */
const char *recent_facts_get(const struct recent_facts *, uint64_t run);

/* Copies the text, in place of what was there for that run. */
void recent_facts_put(struct recent_facts *, uint64_t run, const char *text);

#endif
