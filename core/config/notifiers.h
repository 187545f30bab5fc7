/*
 * For the reading of a configuration: its notifiers, and its heartbeat (a URL that is requested
 * while all is well).
 */
#pragma once

struct reader;

/* Reads all groups of `notifiers`, and `heartbeat`; the plugins are loaded by then. */
void notifiers_take(struct reader *);
