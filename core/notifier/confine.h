/*
 * The rights that the processes of a notifier keep (network, files, programs): those that its
 * plugin says it needs, within bounds.
 */
#pragma once

#include <postwatch/notifier.h>

#include "base/duty.h"
#include "base/reason.h"
#include "base/sandbox.h"

/* For a process that is one with its plugin, whose session is open. A plugin that was made
 * before it could say what it needs is confined lightly, which the log says. False with a
 * reason: the process must not go on. */
bool confine_notifier(
    struct duty *, const struct pw_notifier_ops *, void *session, struct reason *);

/* For a worker beside a gate, before it opens its session: it keeps neither files nor network. */
bool confine_worker(struct duty *, struct reason *);

/* For a gate, whose memory is open. `resolvers`: the ports that names are looked up at, to which
 * this adds those of the plugin. */
bool confine_gate(struct duty *, const struct pw_gate_ops *, void *memory,
    struct sandbox_ports *resolvers, struct reason *);
