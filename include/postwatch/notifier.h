/*
 * A notifier delivers notices. It runs in a process of its own, one call at a time, in plain blocking code; a call
 * that outlives the notifier's deadline is ended by killing the process, and what it was doing is tried again.
 *
 * Results are for each recipient: a notifier whose settings mark a list as PW_RECIPIENTS gets the entries that are due,
 * any other gets one recipient whose name is "".
 */
#ifndef POSTWATCH_NOTIFIER_H
#define POSTWATCH_NOTIFIER_H

#include <postwatch/plugin.h>

/* The worlds of text that a notice comes in, made by the host in the notifier's zone. UTF-8, no control characters
 * but LF in `body`. */
struct pw_notice {
	uint32_t size;
	const char *kind;    /* kinds.def: "down", "up" … */
	const char *key;     /* the same for every attempt at this notice by this notifier */
	const char *target;  /* its name; "" for our own notices */
	const char *subject; /* one line */
	const char *body;    /* plain text */
	const char *json;    /* one object */
	int64_t incident;    /* its number, 0: none */
	int64_t detected, confirmed; /* UTC, microseconds */
	uint32_t attempt;    /* 1 for the first */
};

struct pw_recipients {
	uint32_t count;
	const char *const *names;
};

enum pw_fate { PW_SENT = 1, PW_AGAIN, PW_NEVER };

struct pw_result {
	uint32_t fate;        /* enum pw_fate; 0 counts as PW_AGAIN */
	bool channel;         /* PW_AGAIN: the way failed, not this recipient */
	int64_t not_before;   /* PW_AGAIN: seconds from now, 0: the host decides */
	char receipt[256];    /* the peer's words, bytes cut to fit, ended by NUL */
};

struct pw_notifier_ops {
	uint32_t size;
	uint32_t session_size; /* zeroed by the host, freed by it after close */
	/* False: the notifier cannot work; `why` (of `why_size` bytes) says what to mend. */
	bool (*open)(void *session, const struct pw_values *values, char *why, size_t why_size);
	/* `results` has one row for each recipient. */
	void (*deliver)(void *session, const struct pw_notice *, const struct pw_recipients *, struct pw_result *results);
	void (*close)(void *session);
};

#define PW_PLUGIN_NOTIFIER(name_, version_, summary_, settings_, ops_)                                                 \
	PW_EXPORT extern const struct pw_plugin pw_plugin;                                                             \
	const struct pw_plugin pw_plugin __attribute__((used)) = {                                                      \
		PW_MAGIC, PW_ABI_MAJOR, PW_ABI_MINOR, sizeof(struct pw_plugin), PW_NOTIFIER, 0,                         \
		(name_),  (version_),   (summary_),   (settings_),              (ops_),                                \
	}

#endif
