/*
 * For the parent: links between child processes, and what the parent tells the monitor and the
 * keeper. To a child that is not there nothing is sent.
 */
#pragma once

#include "base/messages.h"
#include "parent/tree.h"

/* Hands one end of a new pair of sockets to each of the two. */
void link_children(struct child *one, struct child *other, struct log *);

/* Links a child that was just started to those that have lost the one before: a keeper to the
 * notifiers, a monitor to the keeper and the probers. */
void link_all(struct tree *, struct child *);

/* Links a notifier to the keeper, when it is ready: what it was given before it could work would be
 * in doubt. */
void link_notifier(struct tree *, struct child *);

/* Tells the monitor how a target is to be run, if at all; and all of it to a monitor that was just
 * started. */
void link_send_account(struct tree *, uint32_t target, enum account, const char *text);
void link_send_accounts(struct tree *);

/* Tells the monitor that a prober died at one of its limits, of which no target is to blame;
 * `how`: "at its limit of memory". */
void link_send_limit(struct tree *, const struct child *prober, const char *how);

/* Answers the monitor under a number of its own: a line ('o', 'e'), or the end ('x'). */
void link_answer(struct tree *, uint64_t number, char kind, uint8_t status, const char *line);

/* Tells the keeper, and each that comes after it, since when what is to be reloaded is faulty (UTC,
 * 0: it is not). */
void link_send_failing(struct tree *, int64_t since);

/* Tells the keeper why a notifier is not there, where that is known. */
void link_send_absence(struct tree *, const struct child *notifier);
