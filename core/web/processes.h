/*
 * For the pages and the API of the web process: the state of the daemon's processes, as the parent
 * sends it once a second: on the page "Us", as JSON, and for /healthz and /readyz.
 */
#pragma once

#include "base/json.h"
#include "base/messages.h"

struct view;

struct processes {
	struct message_vitals said; /* without processes: nothing was said yet */
	int64_t heard;              /* UTC: when */
};

/* Runs under way, of all probers. */
uint32_t processes_in_hand(const struct processes *);
/* What the monitor said of itself; NULL: it is not there. */
const struct message_alive *processes_monitor(const struct processes *);
/* "prober 0" for each place of `said`. */
enum { PROCESS_NAME_MAX = 32 };
void processes_name(const struct message_process *, char name[PROCESS_NAME_MAX]);

/* As members of the object at hand. */
void processes_json(struct json *, const struct processes *);

/* As a part of the page "Us"; and what the parent noted of them, the newest first. */
void processes_show(struct view *, const struct processes *);
void process_log_show(struct view *);
