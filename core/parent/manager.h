/*
 * For the parent: what the service manager, systemd, is told: that the daemon is ready, how it
 * goes, that it ends, and that its work goes on (watchdog).
 */
#pragma once

#include "parent/tree.h"

struct manager {
	struct log *log;
	int64_t watchdog, next_ping; /* 0: it does not wait for a sign of life */
	bool holds_back;             /* the last sign was due, and not given */
	bool shows_missing;          /* the status says who does not serve */
};

void manager_init(struct manager *, struct log *);

/* Sends fields as notify_send() takes them. */
void manager_tell(struct manager *, const char *fields);

/* A sign of life, where one is due and all children answer: systemd can then trust that the watch
 * goes on. */
void manager_ping(struct manager *, const struct tree *, bool ending, int64_t now);
/* When the next one is due, INT64_MAX: never. */
int64_t manager_next(const struct manager *);

/* What `systemctl status` shows while we run: whether all serve, and else who does not. */
void manager_show(struct manager *, const struct tree *);
