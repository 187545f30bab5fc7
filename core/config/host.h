/* Host names and address literals as users write them, made ready for DNS, TLS and comparing. */
#pragma once

#include "base/address.h"
#include "base/arena.h"

struct host {
	const char *ascii; /* a name in lower case, as DNS has it, without a dot at its end; or an
	                      address literal */
	const char *shown; /* as written; the same pointer where equal */
	bool is_literal;
	struct address address; /* is_literal */
};

/* International names become their ASCII form (IDNA 2008). Returns false with a reason: neither a
 * name nor an address; or an address that nobody may probe (address_is_forbidden). Strings lie in
 * the arena.
 */
bool host_parse(struct arena *, const char *text, size_t size, struct host *, struct reason *why);

/* A name as it may stand in EHLO, and an address literal in brackets. */
bool helo_parse(struct arena *, const char *text, const char **helo, struct reason *why);
