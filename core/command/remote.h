/*
 * For users in the daemon's group, who may not look into the state folder: the store, read by the
 * daemon's web process, which is asked through its UNIX socket.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "config/config.h"

struct remote;

/* Where the service has its socket; and room for the path of one. */
#define REMOTE_USUAL "/run/postwatch/web.sock"
enum { REMOTE_PATH_MAX = 108 };

/* Asks at the socket for the configuration in force. Only root, ourselves, and the user of the
 * daemon are asked: the owner of its state folder, or, where that cannot be looked at, of the
 * folder that the socket lies in, if nobody else may write to that. NULL: `*status` is an exit status, and
 * the reason says what is wrong and what would help. */
struct remote *remote_open(const char *path, const char *state, int *status, struct reason *why);
void remote_close(struct remote **);

/* The configuration, as far as commands need it (web/outline.h), until remote_close(). */
const struct config *remote_config(const struct remote *);
/* Since when the daemon has not been able to write its store, UTC; 0: it can. */
int64_t remote_behind_since(const struct remote *);

/* A store_ask (store/remote.h) over a struct remote: a request of its own, whose answer is taken
 * within half a minute or given up. */
bool remote_ask(void *remote, const char *question, struct buffer *answer, struct reason *why);
