/*
 * The steady facts of a target (certificate, TLS version, capabilities, software …) as they were
 * last seen at each of its addresses: a hash, by which the monitor sees that one is another now,
 * and where there is room the value, so that the notice of the change can tell the former one. What
 * varies by itself is told once (varieties.h). The version of TLS does not vary: a lower one is a
 * loss, which is told once as coming and going where it comes back, and again where it stays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/evidence.h"
#include "base/text.h"
#include "base/wire_form.h"

/*
 * When a server renews its certificate: how much of its lifetime the last one had left when another
 * took its place. A server that then lets that time go by has missed its renewal.
 */

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

extern const struct wire_form renewal_form; /* of a struct renewal */

enum {
	FACTS_MAX = 255,            /* of one target; what comes on top is not looked at */
	FACTS_VALUE_MAX = 200,      /* bytes that are kept of a value */
	FACTS_BYTES_MAX = 6 * 1024  /* of all values of a target; of what comes on top the hash
	                             * alone is kept */
};

struct facts;

/*
 * Learns from a leg that answered. Adds to `changed` what is other than it was at that address:
 * "software was Postfix, is Exim 4.96", "capabilities lost DSN and gained SIZE 1" (a list, with ",
 * " between its entries), "banner varies (3 values in 10 runs): was a, is b"; where the value
 * before is not known, "tls_version is TLSv1.2". What is seen for the first time, or not seen this
 * time, is no change. `now`, and the `span` of ten runs: seconds. Without memory nothing is learnt.
 * Returns whether anything is now known that was not.
 */
bool facts_learn(struct facts **, const struct evidence *leg, uint32_t now, uint32_t span,
    struct text *changed);

/* Whether the next run is to show its facts even if it looks like the last: something was seen that
 * may stay. */
bool facts_wait(const struct facts *);

void facts_destroy(struct facts **);

/* As part of a record; and back, false where there is no memory. */
void facts_encode(const struct facts *, struct wire_out *);
bool facts_decode(struct facts **, struct wire_in *);

/* The same for their values, in the same order. Without memory some are not known. */
void facts_encode_values(const struct facts *, struct wire_out *);
void facts_decode_values(struct facts *, struct wire_in *);

/* The same for those that vary, which stand behind them in a record. */
void facts_encode_varieties(const struct facts *, struct wire_out *);
bool facts_decode_varieties(struct facts **, struct wire_in *);
