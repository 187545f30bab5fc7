/* How all targets stand, put together from the store: what `status` shows. */
#ifndef COMMAND_STANDING_H
#define COMMAND_STANDING_H

#include "base/outcome.h"
#include "command/past.h"
#include "monitor/target_state.h"

enum { STANDING_FLAGS_MAX = 8 };

/* The flag of a target that nobody looks at. */
#define STANDING_UNSEEN "not_looked_at"

/* A condition that stands. */
struct standing_condition {
	struct standing_condition *next;
	char code[OUTCOME_NAME_MAX];
	int64_t since;
	char text[];
};

/* A pause in force. */
struct standing_pause {
	struct standing_pause *next;
	int64_t until;
	char tag[128];        /* "": of the target itself */
	char by[64];
	char why[];
};

struct standing {
	const struct past_target *target;
	const struct target *configured; /* NULL: without a configuration, or not in it */
	uint8_t state;        /* enum state; STATE_NONE: the store has none */
	uint8_t doubled;
	enum pw_verdict verdict; /* of the last run */
	bool run;             /* there was one */
	uint32_t silence;     /* reasons in force (monitor/silence.h): of the monitor's when the state was written; paused, window now */
	int64_t since;
	int64_t last_run;     /* when it began; 0: none, or long forgotten */
	int64_t ended;        /* when it ended */
	int64_t unseen_since; /* nobody looks at it: since when at least; 0: it is looked at */
	int64_t next_run;     /* 0: cannot be told, as the daemon does not run or without its configuration */
	uint64_t incident;    /* the open one; 0: none */
	int64_t acknowledged; /* 0: it is not */
	char *ack_by, *ack_why; /* NULL: none */
	char outcome[OUTCOME_NAME_MAX];
	char *text;           /* NULL: none */
	const char *flags[STANDING_FLAGS_MAX + 1]; /* names, ended by NULL */
	struct standing_condition *conditions;
	struct standing_pause *pauses;
};

struct standings {
	struct past_targets targets;
	struct standing *rows; /* of each target, in their order */
	struct store_waiting waiting;
};

enum store_reading standings_read(const struct past *, struct standings *);
void standings_free(struct standings *);

#endif
