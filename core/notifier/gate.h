/*
 * The gate: the second process of a notifier whose plugin has one, such as `email`. It alone
 * reaches the network; the parent starts it.
 */
#pragma once

#include "base/duty.h"

/* Runs in the forked child; returns the exit status of the process. It shares the socket to the
 * parent with the first, and says nothing there but lines for the log. */
int gate_main(struct duty *);
