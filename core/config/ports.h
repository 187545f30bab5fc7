/*
 * For the sandbox of probers and notifiers: the TCP ports that they connect to, by the
 * configuration; to others they cannot.
 */
#pragma once

#include "base/sandbox.h"
#include "config/config.h"

/* Adds those at which names are looked up: of the configured resolvers, else 53. */
void ports_add_resolvers(struct sandbox_ports *, const struct config *);

/* Adds those of a prober: of all targets, since it may be one that takes the targets of another, of
 * references, of resolvers, and 53, at which routers near by are tried. */
void ports_add_prober(struct sandbox_ports *, const struct config *);
