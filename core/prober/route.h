/*
 * For the prober: whether the kernel's route to an address leads over a router, and over which.
 * Nothing is sent but to the kernel, which answers at once.
 */
#pragma once

#include "base/address.h"

/* Whether a packet to there goes to a router first. */
bool route_has_router(const struct address *to);

/* The router to which a packet to there goes first, with port 0. False: there is none, or it has
 * an address of another family. */
bool route_router(const struct address *to, struct address *router);
