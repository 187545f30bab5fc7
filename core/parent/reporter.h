/*
 * For the parent: makes the reports of availability that notifiers send, each in a process that
 * does nothing else: this program anew as `postwatch report --parts`, nice, without writing
 * anything or reaching anybody, and with a limit of processor time. Nobody else waits for it, and
 * the notifier only within its deadline.
 */
#pragma once

#include "parent/tree.h"

/* Starts one that writes to `out`, which stays the caller's; nobody is told where that fails: the
 * other end of `out` is closed. A notifier has one at a time, of its own reports: one that it waits
 * for no longer is killed in place of another one begun. Returns false if the message is no such
 * order. */
bool reporter_begin(struct tree *, struct child *notifier, struct wire_in *, int out);
