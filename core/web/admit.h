/*
 * For the web process's HTTP server: decides whether a request is let in, and whether to all pages
 * or to those of one shared tag alone.
 */
#pragma once

#include "web/access.h"
#include "web/request.h"

struct MHD_Connection;

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
