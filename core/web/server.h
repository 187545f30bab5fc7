/*
 * An HTTP/1.1 server (RFC 9110, RFC 9112; libmicrohttpd) for pages that are only read. It decides who may look, bounds what
 * a client may cost, and adds what every answer has: security headers, ETag, gzip. It runs in one loop of its caller, and
 * each answer is made whole before the next request is looked at.
 *
 * Bounds: SERVER_CONNECTIONS_MAX connections, of which the oldest idle one is closed for a new one; 8 KiB of request line and
 * headers (431, 414); SERVER_PATIENCE for a whole request, an answer to be taken, or the next request; SERVER_HELD_MAX of
 * answers that were not taken yet (503), of which the oldest is given up for the next ones; PARTS_MAX answers in parts (503), of which
 * PARTS_LIVE_MAX may be such as go on for long.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/reason.h"
#include "web/access.h"
#include "web/parts.h"

enum { SERVER_LISTENERS_MAX = 8, SERVER_CONNECTIONS_MAX = 1024, SERVER_PATIENCE = 15 /* seconds */, SERVER_HELD_MAX = 64 * 1024 * 1024 };

struct server;

struct server_request {
	const char *path;   /* decoded, without the token; begins with "/" */
	const char *prefix; /* what stands before every path of ours in a link: "" or "/TOKEN" */
	void *connection;   /* for server_query() */
	const char *tag;    /* what is shared with whoever asks; NULL: all */
};

/* The value of a parameter of the query, decoded; "" where it has none; NULL: it is not there. Good during the answer. */
const char *server_query(const struct server_request *, const char *name);

/* The value of a header of the request; NULL: it is not there. Good during the answer. */
const char *server_header(const struct server_request *, const char *name);

/* Whether the client accepts that media type by name. */
bool server_accepts(const struct server_request *, const char *type);

struct server_answer {
	unsigned status;      /* 200 at first */
	const char *type;     /* of the media, a constant; NULL: HTML */
	struct buffer *body;  /* empty at first */
	bool is_immutable;    /* its address changes with its content (RFC 8246) */
	bool is_secret;       /* nobody on the way keeps it */
	struct parts_source parts; /* makes it in place of `body` */
	char etag[40];        /* "": from its bytes */
};

/* Fills in the answer to a GET or HEAD; of whatever the client sent it sees the path and the query alone. */
typedef void server_handler(void *arg, const struct server_request *, struct server_answer *);

/* For an answer of which the version is known before it is made: whether the client has just that. The answer is 304 then. */
bool server_is_known(const struct server_request *, struct server_answer *, uint64_t version);

/* NULL if out of memory. */
struct server *server_create(const struct access *, server_handler *, void *arg);
void server_destroy(struct server **);

/* Takes one more listening socket, which is the server's then; closed with a reason where it cannot be used. Over a UNIX
 * socket neither credentials, token nor Host are asked for. */
bool server_listen(struct server *, int socket, bool is_unix, struct reason *why);

/* Descriptors to be waited for, into room for SERVER_LISTENERS_MAX; `*until` (clock_mono) becomes earlier where the server has
 * to turn before. Returns how many. */
uint32_t server_poll(const struct server *, struct pollfd *, int64_t *until);
/* Something has happened: answers in parts that had nothing to say are asked again. */
void server_wake(struct server *);
/* After the wait: takes what has come. */
void server_turn(struct server *);

uint64_t server_requests(const struct server *); /* answered since the beginning */

/* A short answer in plain words: plain text, or application/problem+json (RFC 9457) below /api/. */
void server_problem(const struct server_request *, struct server_answer *, unsigned status, const char *detail);

#endif
