/* What the connection and the dialogue of a leg are to know, from its target's policy and its run:
 * source address, TLS settings, names to expect, the time to judge certificates by, and whether one
 * more connection is worth making. */
#pragma once

#include "prober/leg.h"

/* The address of ours to connect from; NULL: the kernel chooses. */
const struct address *leg_source(const struct leg *);

/* Sets leg->dialogue. Returns false if out of memory. */
bool leg_create_dialogue(struct leg *, int64_t at);

/* The target's TLS settings; NULL: its probe knows no TLS. */
const struct tls_settings *leg_tls(const struct leg *);

/* Whom to expect, where there are settings. The names are views into the configuration. */
struct tls_names leg_names(const struct leg *);

/* What one more connection may tell of one that is over; LOOK_USUAL: nothing. `unheard`: a large
 * ClientHello may not have arrived. */
enum dialogue_look leg_next_look(const struct leg *, bool unheard);

/* The time by which the certificates of a finished handshake are judged; what they say of it is
 * taken into account first. */
struct tls_clock leg_clock(struct leg *);
