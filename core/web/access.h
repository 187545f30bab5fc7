/* Access control of the page: the passwords, tokens and shared secrets that let a request in, and
 * the host names under which the page may be asked for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* Who may look. Beside one of the first three the permissions of a UNIX socket decide. Strings are the caller's. */
struct access {
	bool is_public;
	const char *credentials;  /* "USER:PASSWORD" for HTTP Basic (RFC 7617); NULL: none are asked for */
	const char *token;        /* the first segment of every path; NULL: there is none */
	uint32_t share_count;
	const struct config_share *shares; /* addresses that let in by themselves, for one tag each */
	uint32_t name_count;
	const char *const *names; /* that may stand in Host beside address literals and localhost */
};

/* A socket through which visitors come. */
struct entrance {
	bool is_unix;        /* neither credentials, token nor Host are asked for */
	bool serves_page;    /* what is behind credentials or the token */
	bool serves_shares;  /* what is behind a secret */
};

/* Whether both are the same; takes the same time wherever the first difference is. The length of ours may be learned. */
bool access_is_secret(const char *given, const char *ours);

/* The tag that whoever knows this secret may see; NULL: it is none of ours. Takes the same time whichever it is. */
const char *access_shared_tag(const struct access *, const char *secret);

/* Whether Host (RFC 9110, 7.2), with or without a port, is one of our names, localhost or an address literal. NULL: it was
 * not given, which is none. */
bool access_has_name(const struct access *, const char *host);
