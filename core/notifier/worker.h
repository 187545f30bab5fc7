/* The process of a notifier: one plugin, one session, one notice at a time. */
#pragma once

#include "base/duty.h"

/* Runs in the forked child; returns the exit status of the process. */
int notifier_main(struct duty *);
