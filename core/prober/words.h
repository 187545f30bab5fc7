/* The sentences of verdicts and warnings. Each function adds one sentence, or its part. */
#ifndef PROBER_WORDS_H
#define PROBER_WORDS_H

#include "prober/dialogue_private.h"
#include "prober/close_reason.h"

void words_timeout(const struct dialogue *, int64_t now, struct text *);
void words_leg_timeout(const struct dialogue *, int64_t now, struct text *);
void words_late(const struct dialogue *, int64_t now, int64_t late, int64_t limit, struct text *);
void words_end(const struct dialogue *, int64_t now, const struct close_reason *, struct text *);
void words_protocol(const struct dialogue *, enum reply_status, struct pw_bytes line,
    struct text *);
/* What a server said in clear on a connection that begins with TLS. */
void words_in_clear(const struct dialogue *, struct pw_bytes said, struct text *);
void words_other_protocol(const struct dialogue *, const char *name, struct pw_bytes line,
    struct text *);
void words_slow(const struct dialogue *, const char *phase, int64_t micros, int64_t slow,
    struct text *);
void words_where(const struct dialogue *, struct text *); /* "0 bytes, 192.0.2.1)" */
/* "greeting", "reply to EHLO" */
void words_awaited(const struct dialogue *, struct text *);

#endif
