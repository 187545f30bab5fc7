/*
 * For the gate, the process of the e-mail notifier that talks to the relay: looks up the relay's
 * name and connects to its addresses in turn.
 */
#ifndef EMAIL_GATE_REACH_H
#define EMAIL_GATE_REACH_H

#include "../settings.h"
#include "wire.h"

/* Connects wire->fd to the first address that accepts. Each of the addresses left has an equal
 * share of the time left, at most 20 s. Returns false with wire->why: the failure of the name, or
 * of each address. */
bool reach(struct wire *, const struct settings *, const struct pw_gate_host *);

/* Writes our end of the connection as an address literal for EHLO (RFC 5321 4.1.3):
 * "[192.0.2.1]", "[IPv6:2001:db8::1]". */
void reach_literal(const struct wire *, char *literal, size_t size);

#endif
