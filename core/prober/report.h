/*
 * For the prober: what came of a run, aggregated into one verdict with one sentence, as the monitor
 * gets it. The evidence of a leg is run_evidence() of prober.h.
 */
#pragma once

#include "prober/run.h"

/* Fills the result and the report of a run whose legs have all ended. Its text is written to
 * `bytes`; all else is lent by the run. */
void run_report(struct run *, struct run_result *, struct report *, char *bytes, size_t room);
