/*
 * For the parent: messages to systemd (READY, WATCHDOG, STATUS), as sd_notify(3) sends them,
 * without its library.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"

/*
 * Sends "READY=1", "STATUS=…", "WATCHDOG=1" (several: a line each) to $NOTIFY_SOCKET. Never blocks.
 * True also where nobody listens; false with a reason where somebody should, and cannot be reached.
 */
bool notify_send(const char *fields, struct reason *why);

/* Microseconds within which systemd wants to hear WATCHDOG=1 of this process; 0: it does not wait
 * for it. */
int64_t notify_watchdog(void);

/* Takes the variables out of the environment, so that no child takes them for its own. */
void notify_forget(void);
