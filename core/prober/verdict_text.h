/*
 * For the prober: the sentences of verdicts and warnings. Each function adds one sentence, or its
 * part, to a text.
 */
#pragma once

#include "prober/dialogue_private.h"
#include "prober/close_reason.h"

void verdict_text_timeout(const struct dialogue *, int64_t now, struct text *);
void verdict_text_leg_timeout(const struct dialogue *, int64_t now, struct text *);
void verdict_text_late(const struct dialogue *, int64_t now, int64_t late, int64_t limit,
    struct text *);
void verdict_text_end(const struct dialogue *, int64_t now, const struct close_reason *,
    struct text *);
void verdict_text_protocol(const struct dialogue *, enum reply_status, struct pw_bytes line,
    struct text *);
/* What a server said in clear on a connection that begins with TLS. */
void verdict_text_in_clear(const struct dialogue *, struct pw_bytes said, struct text *);
void verdict_text_other_protocol(const struct dialogue *, const char *name, struct pw_bytes line,
    struct text *);
void verdict_text_slow(const struct dialogue *, const char *phase, int64_t micros, int64_t slow,
    struct text *);
void verdict_text_where(const struct dialogue *, struct text *); /* "0 bytes, 192.0.2.1)" */
/* "greeting", "reply to EHLO" */
void verdict_text_awaited(const struct dialogue *, struct text *);
