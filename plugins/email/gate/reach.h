/* The way to the relay: its addresses, and a connection to the first of them that takes one. */
#ifndef EMAIL_GATE_REACH_H
#define EMAIL_GATE_REACH_H

#include "../settings.h"
#include "wire.h"

/* Gives the wire a connection. False: wire->why says for the name, or for each address, what failed. */
bool reach(struct wire *, const struct settings *, const struct pw_gate_host *);

/* Our own end as EHLO says it where there is no name (RFC 5321, section 4.1.3): "[192.0.2.1]", "[IPv6:2001:db8::1]". */
void reach_literal(const struct wire *, char *literal, size_t size);

#endif
