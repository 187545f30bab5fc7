/* The notifiers of a configuration, and its heartbeat. */
#ifndef CONFIG_NOTIFIERS_H
#define CONFIG_NOTIFIERS_H

struct reader;

/* Reads all groups of `notifiers`, and `heartbeat`; the plugins are loaded by then. */
void notifiers_take(struct reader *);

#endif
