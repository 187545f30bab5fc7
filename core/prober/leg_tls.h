/* What TLS on a leg's connection is to know: the settings, whom to expect, and what time it is. */
#pragma once

#include "prober/leg.h"

/* The target's settings; NULL: its probe knows no TLS. */
const struct tls_settings *leg_tls_settings(const struct leg *);

/* Whom to expect, where there are settings. The names are views into the configuration. */
struct tls_names leg_tls_names(const struct leg *);

/* The time by which the certificates of a finished handshake are judged; what they say of it is
 * taken into account first. */
struct tls_clock leg_tls_clock(struct leg *);
