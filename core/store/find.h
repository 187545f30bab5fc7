/*
 * Single rows of postwatch.db by their keys, for the keeper, the one process that writes it: rows
 * that are committed and those of the open transaction. Where reading the file fails, what is open
 * goes on in memory, as it does where writing fails, and the row is looked for there.
 *
 * Each function returns false where there is no such row. What a row points at is good until the
 * next look-up of the same function. Those called next begin behind the row that they are given,
 * zeroes before the first, and put the next one in its place; rows may be written meanwhile.
 */
#pragma once

#include "store/store.h"

bool store_find_incident(struct store *, uint64_t number, struct store_incident *);
/* The one of a target that is open: no other of it has a higher number. */
bool store_find_open_incident(struct store *, uint64_t target, struct store_incident *);
/* Of all targets, by number. */
bool store_next_open_incident(struct store *, struct store_incident *);

bool store_find_notice(struct store *, uint64_t number, struct store_notice *);
/* The notice that an incident began with. */
bool store_find_first_notice(struct store *, uint64_t incident, struct store_notice *);
/* The notice that began what one of the same target tells of, among those before that one: the
 * first behind the last end. What is told of goes by its code; by the kinds `flapping` and
 * `settled` where that one is the latter. At most 10,000 notices are looked at. */
bool store_find_beginning(struct store *, const struct store_notice *of, struct store_notice *);

/* The leg of that run of that target and of that number, which the row says, or the next one there
 * is. */
bool store_find_leg(struct store *, struct store_evidence *);
/* The first leg of the last run that is kept of the incident and did not pass. */
bool store_find_last_failure(struct store *, uint64_t incident, struct store_evidence *);
/* The same of a run that does not give way to newer ones. */
bool store_find_last_kept(struct store *, uint64_t incident, struct store_evidence *);

/* A condition of a target, where it stands. */
bool store_find_condition(struct store *, uint64_t target, const char *code,
    struct store_condition *);
/* Those of the target that stand, by code; those of all targets, by target and code. */
bool store_next_condition_of(struct store *, struct store_condition *);
bool store_next_condition(struct store *, struct store_condition *);

/* One of the target (its tag is "") or of the tag (its target is 0) that the row says, which is in
 * force at that time, UTC. */
bool store_find_pause(struct store *, int64_t at, struct store_pause *);
/* Of all pauses those that end behind that time, by number. */
bool store_next_pause(struct store *, int64_t at, struct store_pause *);

bool store_find_server(struct store *, uint64_t target, struct store_server *);

bool store_find_ledger(struct store *, uint64_t target, const char *notifier,
    struct store_ledger *);
/* Ledgers by target and notifier of which something was queued that is not ended. */
bool store_next_ledger_in_use(struct store *, struct store_ledger *);
