/* From a report to what the rules see of a run; and what of their outlook is kept with its
 * result. */
#pragma once

#include "monitor/codes.h"
#include "monitor/sighting.h"

/*
 * All of a sighting but its times, which are 0, and what is not said in a report: it counts as due
 * and as not patient. Returns false where the report has a name that neither the host nor the probe
 * knows, or a text that is no line.
 */
bool sight_report(struct codes *, const struct policy *, const struct report *, struct sighting *);

/* The flags RESULT_… of an outlook, and back; that somebody is blind is in the result itself, whose
 * outcome is then `blind`. */
uint32_t outlook_flags(const struct outlook *);
struct outlook outlook_of_flags(uint32_t flags, const struct codes *);
