/*
 * For the web process's HTTP server: decides whether a request is let in, and whether to all pages
 * or to those of one shared tag alone.
 */
#pragma once

#include "config/config.h"
#include "web/request.h"

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

enum { ADMIT_PREFIX_MAX = 160, ADMIT_ORIGIN_MAX = 264 };

/* What is known of it beside its headers. */
struct admitted {
	const struct access *access;
	const char *method;
	const struct entrance *entrance;
	bool is_malformed;
	char origin[ADMIT_ORIGIN_MAX]; /* the host and port that stand in its address; "": none do, and Host says them */
	char prefix[ADMIT_PREFIX_MAX]; /* room for that of the request */
};

/* Whether the request is let in, its path and prefix behind the token or the secret; what is not of ours is told as what is not
 * there. Else the answer says why. */
bool admit(struct admitted *, struct server_request *, struct server_answer *);
