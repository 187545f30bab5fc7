/* The process of a notifier: one plugin, one session, one notice at a time. */
#ifndef NOTIFIER_WORKER_H
#define NOTIFIER_WORKER_H

#include "base/duty.h"

/* Runs in the forked child; returns the exit status of the process. */
int notifier_main(struct duty *);

#endif
