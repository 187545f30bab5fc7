/*
 * `postwatch outbox`: what waits to be told to people. Also, for `status` and `shadow`, what the
 * daemon has stored of its own troubles: which notifiers fail, which files cannot be used, and why
 * the heartbeat (the URL that is requested while all is well) is held back.
 */
#pragma once

#include "command/past.h"

struct channels {
	struct channel_shown *rows; /* notifiers that fail, kept by the past */
	uint32_t count;
	size_t waiting;           /* notices of which a delivery is not at its end */
	size_t given_up;          /* deliveries that ended dead */
	int64_t waiting_since;    /* the oldest of those deliveries; 0: none */
	struct channels_file {  /* files that cannot be used, and what is in force instead */
		const char *notifier; /* NULL: of probers */
		int64_t since;
		const char *words;
	} *files;
	uint32_t file_count;
	const char *blind;      /* why we see nothing of targets; NULL: we see */
	int64_t blind_since;
	int64_t shadow_since;   /* nobody is told anything since then; 0: that is not so */
	char heartbeat[256]; /* why it is held back; "": it is not, or there is none */
};

/* Where the store cannot be read past->broken says so. */
void channels_read(struct past *, struct channels *);

/* How much waits and how much was given up, a line each where there is any. */
void channels_put_waiting(const struct channels *, const struct past *);
/* A line for each that fails: "mail: nothing delivered for 11 min, 3 waiting: connection refused
 * by 192.0.2.9". */
void channels_put(const struct channels *, const struct past *);
/* One object of all that, and of what waits to be told; it has no "target". */
void channels_put_json(const struct channels *, const struct past *);
