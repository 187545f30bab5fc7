/*
 * For a dialogue of the prober (one probe that talks to one address): ends it and sets its verdict
 * (ok, degraded, blocked, failed, unknown) and its outcome, the code of what was found (`refused`,
 * `banner_timeout` ...). Nothing else sets the verdict of a dialogue; aggregate.h makes the
 * verdict of a whole run from those of its dialogues.
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
