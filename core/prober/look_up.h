/*
 * Blocking name resolution, for the gate, the process of the e-mail notifier that talks to the
 * relay. A resolver with a loop of its own, which turns until the answer is there.
 */
#pragma once

#include "prober/resolver.h"

struct look_up {
	struct ev_loop *loop;
	struct resolver *resolver;
};

/* Reads the hosts file and that of the host's resolvers, as resolver_create() does: before the
 * sandbox; no file is opened later. False with a reason. */
bool look_up_open(struct look_up *, const struct config *, struct sources *, struct reason *why);
void look_up_close(struct look_up *);

/*
 * The addresses of `name` (of a literal: itself), each once, in the order in which they are to be
 * tried, without ports; at most `max` of them, within `limit` microseconds and 1 s. Where no
 * server says anything of the name, those of its last good answer, not older than 24 h. Returns
 * how many; 0: `why` says whose answer was which.
 */
uint32_t look_up_host(struct look_up *, const char *name, int64_t limit, struct address *found,
    uint32_t max, struct text *why);
