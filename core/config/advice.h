/*
 * For the reading of a configuration: warnings about it as a whole, after all settings were read:
 * targets of which nobody would be told, tags that match nothing, a relay that is itself watched.
 */
#pragma once

struct reader;

/* Warns of notifiers whose relay is itself a watched server: while that is down, they tell nobody.
 */
void advice_of_relays(struct reader *);

/* Warns of limits in vain, and of targets, tags and notifiers that reach nobody. For those who
 * check a configuration; it has no faults by then. */
void advice_of_reach(struct reader *);
