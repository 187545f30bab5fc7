/*
 * For `postwatch status --watch`, which has the terminal for itself: signals (end, stop, size of
 * the terminal) that it is told of by a descriptor, so that it can give the terminal back first.
 */
#pragma once

#include <signal.h>

#include "command/screen.h"

/* Blocks what would end or stop it, or tells of a change of the terminal. Returns the descriptor of
 * signalfd(2), -1 with errno where there is none; *before: what was blocked until then. */
int watch_signals_take(sigset_t *before);
/* Stops the program as SIGTSTP does by itself, the terminal as it was before the page; behind that
 * the page is drawn whole, whatever others have done to the terminal. */
void watch_signals_stop(const struct screen *);
/* Undoes watch_signals_take(), and sends itself the signal that ended it, 0: none. */
void watch_signals_give_back(const sigset_t *before, int ended_by);
