/*
 * When each target is to be run next: a hashed timing wheel of ticks, 16 bytes a target, with the
 * same small cost for every target however many there are. Used by orders.c; the time is an
 * argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TICK = 100 * 1000, SCHEDULE_SLOTS = 4096 };

struct schedule_entry {
	uint32_t next, prev; /* to itself: not in the wheel */
	int64_t due;
};

struct schedule {
	uint32_t targets;
	int64_t tick;                   /* the first that was not yet collected */
	struct schedule_entry *entries; /* of the targets, then the heads of the slots */
};

/* False: no memory. */
bool schedule_init(struct schedule *, uint32_t targets, int64_t now);
void schedule_fini(struct schedule *);

/* Before this instant everything was collected: what is due earlier must not wait for the wheel. */
int64_t schedule_horizon(const struct schedule *);

/* Puts the target in, or elsewhere. What is due before the horizon is collected next. */
void schedule_put(struct schedule *, uint32_t target, int64_t due);
void schedule_drop(struct schedule *, uint32_t target);

/* Takes out all that is due before the end of tick number `last`, tick by tick, and calls `on_due`
 * for each, which may put it in again, and no other. */
void schedule_collect(struct schedule *, int64_t last, void (*on_due)(void *arg, uint32_t target),
    void *arg);
