/* Recurring windows, in which targets are watched and nobody is told: of which targets, when, and
 * why. */
#ifndef CONFIG_WINDOWS_H
#define CONFIG_WINDOWS_H

struct reader;

/* Reads all groups of `windows`; the targets are known by then. */
void windows_take(struct reader *);

#endif
