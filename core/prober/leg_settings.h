/*
 * For the prober: what a leg (the dialogue with one address of a target) needs of the target's
 * policy and of the run. Source address, TLS settings, the names that the certificate has to match
 * and the time by which it is judged; and, where TLS failed, whether to connect once more, with
 * legacy TLS or with a ClientHello of another size, to find out why.
 */
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
