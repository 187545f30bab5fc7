/*
 * The worker process of a notifier, which the parent starts: one plugin, to which it hands one
 * notice of the keeper at a time, and whose receipts it sends back.
 */
#pragma once

#include "base/duty.h"

/* Runs in the forked child; returns the exit status of the process. */
int notifier_main(struct duty *);
