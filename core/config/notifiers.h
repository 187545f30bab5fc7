/* The notifiers of a configuration, and its heartbeat. */
#pragma once

struct reader;

/* Reads all groups of `notifiers`, and `heartbeat`; the plugins are loaded by then. */
void notifiers_take(struct reader *);
