/*
 * Makes of changes of targets, and of our own side, the messages to the keeper, which records and
 * logs them, and has people notified.
 */
#pragma once

#include "base/notice.h"
#include "monitor/observation.h"

struct monitor;

/* Gives the keeper a change of the target, with its sentence; `report`: the run that it came of,
 * NULL: none. A number of a change is given by who found it. */
void notify_change(struct monitor *, uint32_t target, const struct change *, const struct report *);

/* The reasons for silence of the target were `was`, and may be others now (SILENCE_*). */
void notify_silence(struct monitor *, uint32_t target, uint32_t was);

/* Steady facts of the target of that run are others than before: `facts` says which. */
void notify_facts(struct monitor *, const struct report *, const char *facts);

/* Gives the keeper a change of our own, with the sentence that is made of `format`; `code`: an
 * outcome. Returns its number. */
uint64_t notify_own(struct monitor *, enum notice_kind, const char *code, struct moment since,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
