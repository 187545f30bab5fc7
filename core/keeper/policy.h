/*
 * The keeper's module that decides who is told what, and when: for each change, and as time
 * passes, when quiet hours and other reasons for silence end.
 *
 *   notifier_filters.c     who wants to hear what; what is taken back before it was told
 *   silences.c  pauses, windows, blindness
 *   withhold.c  what may not be told now
 *   shadow.c    what would be told, while nobody is
 *   ledger.c    what a notifier was told of a target, and is to be told next; ledgers.c: the same
 *               in the store
 *   notify_policy.c   which notifier is told of what, merging
 *   next_delivery.c    what goes out next: storms, digests
 *   repeat.c    what is told again to receivers that forget
 *
 */
#pragma once

#include <stdbool.h>

struct notifier;
struct keeper;

/* What is kept of targets and notifiers in memory. Returns false if out of memory. */
bool policy_open(struct keeper *);
void policy_close(struct keeper *);

/* At birth, when all is read: what was to be told in quiet hours, and who was never told of what
 * lasts. */
void policy_recover(struct keeper *);

/* Once a second: quiet hours that begin and end, and what policy_compare() does. */
void policy_turn(struct keeper *);

/* Of targets of which something was withheld, and that may be told of again, what is true is
 * compared with what was told. Also when a pause ends. */
void policy_compare(struct keeper *);

/* In each turn of the loop: windows that begin and end. */
void policy_look_at_windows(struct keeper *);

/* Whether a notifier is in its quiet hours. */
bool policy_is_quiet(const struct keeper *, const struct notifier *);
