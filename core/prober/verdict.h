/*
 * For the prober's dialogue: ends it with a verdict (ok, failed, degraded ...) and its outcome;
 * every verdict is made here.
 */
#pragma once

#include "prober/dialogue_private.h"

/* The dialogue is decided; the phase under way is the one that failed unless `outcome` is "ok".
 * `text`: escaped, "" for the outcome's own; copied. */
void dialogue_decide(struct dialogue *, int64_t now, const char *outcome, const char *text);
/* What failed is TLS: where that is opportunistic, a warning; on the second connection, the first
 * one's failure stands. */
void dialogue_decide_tls(struct dialogue *, int64_t now, const char *outcome, const char *text);

/* How TLS failed on the first connection. */
const char *dialogue_first_text(const struct dialogue *);
