/*
 * The members of the keeper's module that decides who is told what (policy.h), for its own files
 * and their tests.
 */
#pragma once

#include "config/window_clock.h"
#include "keeper/keeper.h"
#include "keeper/outbox.h"
#include "keeper/policy.h"

/* Why a target may not be told of, beside its rows. */
struct silence {
	/* the reason of the monitor's for which the last word on it was kept silent, until it says
	 * that it is over; NULL: none */
	const char *why;
	bool flapping;        /* the same, because it flaps */
	bool withheld;        /* something of it was queued and could not be told */
	bool compared;        /* that was compared since, but for notifiers in their quiet hours */
};

/* What a notifier is told, beside its rows. */
struct listener {
	struct zone *zone; /* of its quiet hours and its reports */
	/* its quiet hours: what is of targets is compared at their end, what is ours waits */
	bool in_quiet_hours;
	int64_t hush_looked, hush_next; /* UTC: between these two it stays so */
	/* a bit for each target of which it was to be told something in them */
	unsigned char *missed;
	int64_t *handed;                /* when the last notices went out, as many as `storm` */
	uint32_t handed_next;
	int64_t digest_last;
	/* clock_mono(): the next round over what stands; 0: not begun */
	int64_t repeat_next;
	uint32_t repeat_target;         /* the next in the round */
	/* of its conditions told as standing; 0: the target itself comes first */
	uint32_t repeat_code;
};

struct policy_state {
	struct silence *silences;    /* by target */
	struct listener *listeners;  /* by notifier */
	uint32_t withheld;           /* targets of which something was withheld */
	bool withheld_changed;       /* which they are: the store does not know it yet */
	bool is_anew; /* shadow has ended: nobody was told anything, digests neither */
	struct window_clock windows;
	int64_t paused_until;        /* UTC: no pause is in force from then on */
	/* clock_mono(): so long the word of the monitor holds that we are cut off */
	int64_t blind_until;
	/* the last `up` that an `outage` was made of, and its number */
	uint64_t outage_up, outage;
};

struct listener *policy_listener(const struct keeper *, const struct notifier *);
