/*
 * When a server renews its certificate: how much of its lifetime the last one had left when another
 * took its place. A server that then lets that time go by has missed its renewal.
 */
#ifndef MONITOR_RENEWAL_H
#define MONITOR_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/evidence.h"
#include "base/wire.h"

/* Starts as zeroes. */
struct renewal {
	int64_t from, end; /* of the certificate that was seen last, microseconds UTC; 0: none was
	                    * */
	uint8_t left;      /* percent of its lifetime that the one before it had left; 0: not known
	                    * */
	bool several;      /* it shows older ones after newer ones: each of its machines has its own
	                    * */
};

/*
 * Learns from the facts of a leg; `now`: UTC. Returns whether anything is now known that was not.
 */
bool renewal_learn(struct renewal *, const struct evidence *leg, int64_t now);

/* As part of a record, and back. */
void renewal_encode(const struct renewal *, struct wire_out *);
void renewal_decode(struct renewal *, struct wire_in *);

#endif
