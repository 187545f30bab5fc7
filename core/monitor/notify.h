/* Changes of targets become messages to the keeper, which records, logs and tells them. */
#ifndef MONITOR_NOTIFY_H
#define MONITOR_NOTIFY_H

#include "monitor/sighting.h"

struct monitor;

/* Gives the keeper a change of the target, with its sentence; `report`: the run that it came of,
 * NULL: none. A number of a change is given by who found it. */
void notify_change(struct monitor *, uint32_t target, const struct change *, const struct report *);

/* The reasons for silence of the target were `was`, and may be others now (SILENCE_*). */
void notify_silence(struct monitor *, uint32_t target, uint32_t was);

/* Steady facts of the target of that run are others than before: `facts` says which. */
void notify_facts(struct monitor *, const struct report *, const char *facts);

#endif
