/*
 * The steady facts of a target (certificate, TLS version, capabilities, software …) as they were last seen at each of its
 * addresses: hashes only, enough to see that one is another now. What varies by itself is told once (varieties.h); the
 * version of TLS never is: a lower one is a loss.
 */
#ifndef MONITOR_FACTS_H
#define MONITOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/evidence.h"
#include "base/text.h"
#include "base/wire.h"

enum { FACTS_MAX = 255 }; /* of one target; what comes on top is not looked at */

struct facts;

/* Learns from a leg that answered. Adds to `changed` what is other than it was at that address: "tls_version is TLSv1.2",
 * "capabilities varies (3 values in 10 runs), now SIZE 1". What is seen for the first time, or not seen this time, is no
 * change. `now`, and the `span` of ten runs: seconds. Without memory nothing is learnt.
 * Returns whether anything is now known that was not. */
bool facts_learn(struct facts **, const struct evidence *leg, uint32_t now, uint32_t span, struct text *changed);

/* Whether the next run is to show its facts even if it looks like the last: something was seen that may stay. */
bool facts_wait(const struct facts *);

void facts_destroy(struct facts **);

/* As part of a record; and back, false where there is no memory. */
void facts_encode(const struct facts *, struct wire_out *);
bool facts_decode(struct facts **, struct wire_in *);

/* The same for those that vary, which stand behind them in a record. */
void facts_encode_varieties(const struct facts *, struct wire_out *);
bool facts_decode_varieties(struct facts **, struct wire_in *);

#endif
