/*
 * For the prober: reference addresses, whose connections tell a failure of our own network from one
 * of a server; the monitor asks for them. They are those that the user names, and the near ones
 * that everybody has, our routers and resolvers. They are connected to by TCP, nothing is sent, at
 * once closed. A refusal counts as reached: the host answered. Of the near ones (port 53) only
 * those count that have answered before: many never do.
 */
#pragma once

#include <ev.h>
#include "base/messages.h"
#include "config/config.h"
#include "prober/resolver.h"

struct references;

/* NULL where there is no memory. `on_round` is told of each round over all of them. */
struct references *references_create(struct ev_loop *, const struct config *, struct resolver *,
    void (*on_round)(void *arg, const struct message_references *), void *arg);
void references_destroy(struct references **);

/* A round, of 5 s at most, begins now, over the near ones as well where so said; where one is
 * under way the next one begins when it ends. NULL is fine. */
void references_ask(struct references *, bool near);
