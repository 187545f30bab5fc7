/*
 * The steady facts of a target (certificate, TLS version, capabilities, software …) as they were last seen at each of its
 * addresses: hashes only, enough to see that one is another now.
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

/* Learns from a leg that answered. Adds to `changed` what is other than it was at that address: "tls_version is TLSv1.2".
 * What is seen for the first time, or not seen this time, is no change. Without memory nothing is learnt.
 * Returns whether anything is now known that was not. */
bool facts_learn(struct facts **, const struct evidence *leg, struct text *changed);
void facts_destroy(struct facts **);

/* As part of a record; and back, false where there is no memory. */
void facts_encode(const struct facts *, struct wire_out *);
bool facts_decode(struct facts **, struct wire_in *);

#endif
