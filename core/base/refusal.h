/*
 * What a server's refusal means: that it is about us (we are blocked), about its load, or about the
 * server itself. One table decides for every probe; its rows are tried in their order and the first
 * that applies decides, by the reply code and by whole words and phrases. What no row knows is a
 * temporary failure (4xx) or a refusal without a reason (5xx), never a word about us.
 */
#pragma once

#include "base/phrase.h"

/* What is known of the session beside the reply. */
struct refusal_session {
	struct phrase_names names;
	bool cert_asked; /* TLS stands, the server asked for a certificate of ours, and none was
	                  * sent */
};

/* Judges a reply with 4xx or 5xx. `because` is a view into the reply. */
struct pw_refusal refusal_judge(
    const struct pw_reply *, enum pw_stage, const struct refusal_session *);

/* What a refusal says beside that, for the rules: REPORT_TOO_MANY, REPORT_POLICY_CODE,
 * REPORT_MEANS_US (messages.h). */
struct refusal_marks {
	bool too_many;    /* 4xx because of too many connections, their rate, or throttling */
	bool policy_code; /* 4xx with an enhanced code x.7.x */
	bool means_us;    /* the text addresses us: "you", our address or name */
};
struct refusal_marks refusal_mark(const struct pw_reply *, const struct refusal_session *);

/* The table in words, for `postwatch explain --table`: order, what the reply says, the verdict. */
enum { REFUSAL_ROWS = 10 };
const char *refusal_cell(size_t row, size_t column);
