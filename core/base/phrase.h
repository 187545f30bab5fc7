/*
 * The text of a server's reply as words, and phrases looked for among them, to classify refusals
 * (base/refusal.h). A word is whole: "rbl" is not found in "marblehead", and a host name, a path, a
 * mail address and a URL are one word each, so that what a name happens to be made of is never
 * taken for something said. Chinese and Japanese, which know no blanks, are words of one sign each.
 */
#pragma once

#include <postwatch/probe.h>
#include "base/address.h"

enum { PHRASE_WORDS_MAX = 400 }; /* what comes behind them is not looked at */

enum phrase_kind {
	PHRASE_WORD,
	PHRASE_NAME,    /* with a dot, an underscore or an at sign in it, and a path */
	PHRASE_URL,
	PHRASE_ADDRESS, /* an IP address that is not the server's own */
	PHRASE_OURS,    /* our address, or a name made of it */
	PHRASE_HELO,    /* our EHLO name */
	PHRASE_THEIRS   /* what the server calls itself */
};

struct phrase_word {
	const char *bytes; /* a view into the reply */
	uint16_t size;
	uint8_t kind;
	uint8_t line;
	bool begins; /* a clause: it is the first, or a comma, colon, full stop … stands before it
	              * */
};

struct phrase_text {
	size_t count;
	struct phrase_word words[PHRASE_WORDS_MAX];
};

/* Who is talking to whom. NULL, and family 0: not known. */
struct phrase_names {
	const char *host; /* the server, as the target names it */
	const char *helo; /* what we call ourselves */
	struct address ours, theirs;
};

/* The words of all lines of a reply; views into it. A line's enhanced status code (RFC 3463) is no
 * word. */
void phrase_split(struct phrase_text *, const struct pw_reply *, const struct phrase_names *);

/* Makes the words of these phrases, the last of which is NULL, such as no phrase asks for. */
void phrase_drop(struct phrase_text *, const char *const *phrases);

/*
 * Whether one of several phrases is found, the last of which is NULL; case aside. A phrase is words
 * divided by blanks: "a|b" is either of them, "*" up to three words, or twelve signs, of any kind of
 * the same clause, "黑名单" three signs behind each other, "#ip" an address, "#us" our address,
 * "#name" our EHLO name where that has a dot, "#list" the host of a block list (by a label such as
 * "dnsbl"), "#known_list" that of a well-known one. `found`: where the first of them that is found
 * stands, as far as that is on one line; a view into the reply.
 */
bool phrase_find_any(const struct phrase_text *, const char *const *phrases,
    struct pw_bytes *found);
