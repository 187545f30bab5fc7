/*
 * For the functions of the web process that make pages: a request and what can be read of it, and
 * the answer that they fill.
 */
#pragma once

#include "base/buffer.h"
#include "web/parts.h"

struct server_request {
	const char *path;   /* decoded, without the token; begins with "/" */
	const char *prefix; /* what stands before every path of ours in a link: "" or "/TOKEN" */
	void *connection;   /* for server_query() */
	const char *tag;    /* what is shared with whoever asks; NULL: all */
	bool is_local;      /* it came through a UNIX socket */
};

/* The value of a parameter of the query, decoded; "" where it has none; NULL: it is not there. Good during the answer. */
const char *server_query(const struct server_request *, const char *name);

/* The value of a header of the request; NULL: it is not there. Good during the answer. */
const char *server_header(const struct server_request *, const char *name);

struct server_answer {
	unsigned status;      /* 200 at first */
	const char *type;     /* of the media, a constant; NULL: HTML */
	struct buffer *body;  /* empty at first */
	bool is_immutable;    /* its address changes with its content (RFC 8246) */
	bool is_secret;       /* nobody on the way keeps it */
	bool is_embedded;     /* pages of others may show it (Fetch: Cross-Origin-Resource-Policy) */
	bool is_by_accept;    /* its form goes by what the client accepts */
	struct parts_source parts; /* makes it in place of `body` */
	char etag[40];        /* "": from its bytes */
};

/* Whether the client accepts that media type by name: the form of the answer goes by it. */
bool server_accepts(const struct server_request *, struct server_answer *, const char *type);

/* For an answer of which the version is known before it is made: whether the client has just that. The answer is 304 then. */
bool server_is_known(const struct server_request *, struct server_answer *, uint64_t version);

/* A short answer in plain words: plain text, or application/problem+json (RFC 9457) below /api/. */
void server_problem(const struct server_request *, struct server_answer *, unsigned status, const char *detail);

/* Whether a value stands in a header that lists such, separated by commas, with a weight above 0. */
bool server_lists(const struct server_request *, const char *header, const char *word);

/* Adds the headers of an answer (RFC 9110); `is_packed`: by gzip. */
void server_add_headers(struct MHD_Response *, const struct server_answer *, bool is_packed);
