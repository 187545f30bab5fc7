/*
 * For the monitor: makes of a prober's report on a run the observation that the rules judge
 * (observation.h), and checks it. Also packs what was known of our own side at that time into flags
 * for the result that is kept, from which `postwatch backtest` judges the run again.
 */
#pragma once

#include "monitor/codes.h"
#include "monitor/observation.h"

/*
 * Fills all of an observation but its times, which are 0, and what is not said in a report: it
 * counts as due and as not patient. Returns false where the report has a name that neither the
 * host nor the probe knows, or a text that is no line.
 */
bool observe_report(
    struct codes *, const struct policy *, const struct report *, struct observation *);

/* The flags RESULT_… of a context, and back; that somebody is blind is in the result itself, whose
 * outcome is then `blind`. */
uint32_t run_context_flags(const struct run_context *);
struct run_context run_context_of_flags(uint32_t flags, const struct codes *);
