/* The parent's time limits. Constant in service; tests shorten them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"
#include "parent/quarantine.h"

struct times {
	int64_t start;          /* from its start until a child is ready */
	int64_t silence;        /* of monitor and probers, until they are killed */
	int64_t keeper_silence; /* the same: a sick disk is no death */
	int64_t loop;           /* a prober that uses a processor and gets nothing done is killed */
	int64_t backoff;        /* one step of it: a second */
	int64_t stop;           /* for a clean end of all */
	int64_t confirm;        /* for attempts that confirm something, where the end is a reload */
	int64_t reload;         /* from one to the next */
	int64_t look;           /* between looks at the files that probers have read */
	struct quarantine_times quarantine;
};

struct times times_standard(void);

/* Changes those that `words` names: "silence=1s backoff=50ms …". Returns false with a reason if a
 * word is no such time. */
bool times_shorten(struct times *, const char *words, struct reason *why);
