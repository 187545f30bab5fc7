/*
 * The prober looks at targets. One run: a target's name resolved, a leg (a dialogue) for each
 * address, 100 ms apart, their verdicts aggregated to one. `struct prober` is what all runs of a
 * process share: loop, configuration, resolver, TLS policies, connection slots. The prober's
 * process (worker.c) and `postwatch probe` use it alike.
 *
 *     prober = prober_create(loop, config, NULL, &why);
 *     prober_run(prober, &order, on_done, arg);          any number, then ev_run
 */
#pragma once

#include <ev.h>
#include "base/duty.h"
#include "config/config.h"

struct prober;

/* What came of one run; lent for the call of on_done, with everything it points at. */
struct run_result {
	const struct order *order;
	const struct report *report; /* with text and warnings, always */
	uint32_t leg_count;          /* at least 1: a run that found no address has one leg
	                              * without */
	const struct message_name *name; /* where its name has led, if that is news to the
	                                  * monitor; else NULL */
	/* The prober's own: */
	struct run *run;
	char *local; /* ADDRESS_TEXT_MAX bytes to write an address to */
};

/* Called once for each run, from the loop, never from within prober_run. May start other runs. */
typedef void run_done(void *arg, const struct run_result *);

/*
 * Opens all that will ever be opened (hosts file, CA files, channels of the resolver); before the
 * sandbox. NULL with a reason where something of it cannot be used. `loop` and `config` stay good
 * while the prober lives. With `sources` (NULL: none) a file that cannot be used is replaced by its
 * copy; without one, the targets that need it end unknown. What cannot be used is noted there.
 */
struct sources;
struct prober *prober_create(struct ev_loop *, const struct config *, struct sources *,
    struct reason *why);

/* Ends what is under way without a word. */
void prober_destroy(struct prober **);

/* Begins a run at once; the order is copied. False: no memory, and on_done does not come. */
bool prober_run(struct prober *, const struct order *, run_done *on_done, void *arg);

/* Where the name of a target has led, as a prober before this one noted it. */
void prober_recall(struct prober *, const struct message_name *);

/* Evidence of leg `index`; views are good until the next call with the same result, at most until
 * on_done returns. */
void run_evidence(const struct run_result *, uint32_t index, struct evidence *);

/* Runs under way, those that wait for a slot included. */
uint32_t prober_active(const struct prober *);

/* What the run that has been under way longest waits for, in one line: "mx1 (192.0.2.1): banner,
 * 12 s of 30 s". */
void prober_describe(const struct prober *, struct text *);

/* Connections that wait until others have ended, as no more are allowed at once. */
uint32_t prober_waiting(const struct prober *);

/* Whether connections of runs that have ended wait for their peers to close: 200 ms at most,
 * while the loop runs. */
bool prober_lingers(const struct prober *);

/* Ends the runs under way (all, or all but later attempts of a series, which confirm something),
 * each as unknown(interrupted), with the farewell; on_done comes for each. */
void prober_interrupt(struct prober *, bool all);

/* Where prober `index` looks at several certificates soon, dates are not judged for its first
 * minute until one was valid by our clock: the first that is not may be so because the clock is
 * wrong. */
void prober_hold_dates(struct prober *, uint32_t index);

/* The socket to the process that runs programs (runner/runner.h); -1, as at first: there is none,
 * and probes with a program end unknown. */
void prober_set_runner(struct prober *, int runner);

/* The page of what is in hand (duty.h); NULL: none. */
void prober_set_page(struct prober *, struct duty_page *);
