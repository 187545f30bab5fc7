/*
 * For the keeper: the targets, each with its number in the configuration and its number in the
 * store.
 *
 * A configuration numbers its targets anew each time; rows of the store go by the store's numbers.
 * A target is the one of that identity in the store; else the one whose identity it says it `was`;
 * else, where exactly one new target and one that vanished agree in probe, host and port, that one.
 */
#pragma once

#include "base/messages_outbox.h"
#include "config/config.h"
#include "store/store.h"

struct target_registry;

/* Belongs to the caller. NULL if out of memory. */
struct target_registry *registry_create(const struct config *);
void registry_destroy(struct target_registry **);

/* Matches the targets of the configuration with those that the store knows, and puts what is not as
 * it has to be into the batch. Returns false where they cannot be read, or there is no memory. */
bool registry_recover(struct target_registry *, struct store *, struct store_batch *,
    struct reason *why);

/* The store's number of a target; of our own (CONFIG_NONE): 0. */
uint64_t registry_number(const struct target_registry *, uint32_t target);
/* CONFIG_NONE: it is not watched. */
uint32_t registry_target(const struct target_registry *, uint64_t number);
/* What a target (the store's number; 0: our own) and we are called now. */
void registry_names(const struct target_registry *, uint64_t number, struct notice_names *);
/* What a target (the store's number) was called last; good as long as the registry. */
const char *registry_name(const struct target_registry *, uint64_t number);

/* Whether others cannot be reached without it. */
bool registry_has_dependents(const struct target_registry *, uint32_t target);

/* The open incident of a target; returns false if there is none. What it points at is good until
 * the next call. */
bool registry_open_incident(struct target_registry *, uint32_t target, struct store_incident *);
bool registry_is_down(struct target_registry *, uint32_t target);
/* Whether the condition stands. */
bool registry_stands(const struct target_registry *, uint32_t target, const char *code);
/* Whether none stands; false: that is not known. */
bool registry_is_clear(const struct target_registry *, uint32_t target);

/* An incident of the target was opened, or is closed; there are conditions of it, or none. */
void registry_note_incident(struct target_registry *, uint32_t target, bool open);
void registry_note_conditions(struct target_registry *, uint32_t target, bool any);
