/*
 * What the monitor knows of one target: its state, and where there is one its open suspicion or
 * incident, conditions, outages and failed attempts. There may be 100,000 targets, nearly all of
 * them up: so the struct is small, and what only some need is allocated while it is needed.
 */
#pragma once

#include "base/wire.h"
#include "config/config.h"
#include "monitor/codes.h"
#include "monitor/condition.h"
#include "monitor/flapping.h"
#include "monitor/observation.h"
#include "monitor/state.h"
#include "monitor/failure_rate.h"

/* Around failing runs and such as tell nothing; NULL where the last run passed and nothing is
 * open. */
struct trouble {
	struct moment began;  /* of the first failing attempt of the open suspicion or incident, 0:
	                       * none */
	struct moment recovered; /* of the first of the passing attempts that may confirm up, 0:
	                          * none */
	struct moment changed; /* when `changed` was last told, 0: never */
	struct moment tempfail; /* of the first of an unbroken series of tempfail, 0: none */
	struct moment unknown; /* of the first of the runs in a row that told nothing, 0: none */
	uint32_t incident;    /* the number of its `down`, 0: not confirmed */
	uint16_t told;        /* the outcome that was told; in a suspicion that of the last failing
	                       * attempt */
	uint16_t other;       /* another outcome, seen last */
	uint8_t other_runs;   /* in a row */
	struct moment crowded_at; /* of the last run that counts in `crowded` */
	uint8_t tempfail_runs;
	uint8_t crowded;      /* runs, some time apart, that heard that we come too often, without a
	                       * better answer between */
	uint8_t needed;       /* failed attempts in a row that confirm this suspicion; 0: `tries` of
	                       * the policy */
	bool held;            /* failed often enough, and its confirmation is held */
	bool ours;            /* in its time something of our own was in the way: its failures say
	                       * nothing about steadiness */
	bool stale;           /* that nothing is learnt was told */
	bool together;        /* its down was told in a digest, and so is its end */
	uint8_t apart;        /* failures in a row since the digest's reason ended */
	bool offered;         /* its prober was told to offer TLS, should the port say nothing */
	uint8_t repeats;      /* so often may the attempt that would confirm still be repeated at
	                       * once */
	bool repeating;       /* its next run is such a repetition */
	uint64_t last[FAILURE_RATE_LAST]; /* the last failed attempts of the suspicion, oldest first; 0:
	                               * none */
};

struct target_state {
	struct moment since;  /* when `pending`, `up` or `down` was entered: a suspicion does not
	                       * change it */
	struct moment ended;  /* of the last run, 0: none */
	uint64_t fingerprint; /* of the last run, as its prober made it */
	uint32_t number;      /* counter of everything worth telling */
	uint32_t silence;     /* reasons in force from outside and from flapping */
	uint16_t outcome;     /* of the last run */
	uint16_t fails;       /* failed attempts in a row */
	uint16_t passes;      /* passed ones in a row, counted up to recover_tries */
	uint8_t state;        /* enum state */
	uint8_t verdict;      /* of the last run */
	bool slow;            /* its runs are patient */
	bool had_starttls;    /* the last good run was offered STARTTLS */
	bool quarantined;
	bool passed_asked;    /* the last good run sent no certificate of ours though TLS asked */
	uint8_t swift;        /* passes in a row within all routine limits, while slow */
	uint8_t doubled;      /* how often the interval was doubled, since it said that we come too
	                       * often */
	uint8_t missing;      /* runs in a row that found no such name, or no address of it */
	struct moment limited; /* when it last said so */
	struct trouble *trouble;
	struct conditions *conditions;
	struct flapping *flapping;
	struct failure_rate *failure_rate;
};

/* Pending since `now`. */
void target_state_init(struct target_state *, struct moment now);
void target_state_fini(struct target_state *);

/* Whether attempts at `now` would not be in a row with the last one: a series is open, and nobody
 * watched for long. */
bool target_state_is_broken(const struct target_state *, const struct policy *, int64_t now);
/* The state stays, and a series begins anew; a suspicion is forgotten. */
void target_state_begin_streak(struct target_state *);

/* The index of a phase of the policy as conditions count them; PHASE_ANY where it has none of that
 * name. */
uint8_t target_phase(const struct policy *, const char *name);

/* As part of a record, with names, not numbers, and UTC: appends it; and reads it into one that
 * target_state_init made. Returns false if it is malformed or there is no memory: the state is then
 * as target_state_init leaves it. Without a policy (NULL), for one who only shows it, phases are
 * PHASE_ANY. `to_utc`: by how much the wall clock is ahead of the monotonic one. */
void target_state_put(const struct target_state *, const struct policy *, struct codes *,
    struct wire_out *);
bool target_state_get(struct target_state *, const struct policy *, struct codes *, int64_t to_utc,
    struct wire_in *);
