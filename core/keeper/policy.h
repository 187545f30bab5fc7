/*
 * Who is told what, and when, as time passes: quiet hours and other reasons for silence that end.
 *
 *   rules.c     who wants to hear what; what is taken back before it was told
 *   silences.c  pauses, windows, blindness
 *   withhold.c  what may not be told now
 *   ledger.c    what a notifier was told of a target, and is to be told next; told.c: the same in the store
 *   telling.c   which notifier is told of what, merging
 *   claims.c    what goes out next: storms, digests
 *   repeat.c    what is told again to receivers that forget
 */
#ifndef KEEPER_POLICY_H
#define KEEPER_POLICY_H

struct keeper;

/* At birth, when all is read: what was to be told in quiet hours, and who was never told of what lasts. */
void policy_recover(struct keeper *);

/* Once a second: quiet hours that begin and end, and what policy_compare() does. */
void policy_turn(struct keeper *);

/* Of targets of which something was withheld, and that may be told of again, what is true is compared with what was told. Also
 * when a pause ends. */
void policy_compare(struct keeper *);

/* Commits what there is for postwatch.db: with what was withheld, of which targets. */
void policy_commit(struct keeper *);

#endif
