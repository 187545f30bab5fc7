/*
 * An HTTP/1.1 server (RFC 9110, RFC 9112; libmicrohttpd) for pages that are only read. It decides who may look, bounds what
 * a client may cost, and adds what every answer has: security headers, ETag, gzip. It runs in one loop of its caller, and
 * each answer is made whole before the next request is looked at.
 *
 * Bounds: SERVER_CONNECTIONS_MAX connections, of which the oldest idle one is closed for a new one; 8 KiB of request line and
 * headers (431, 414); SERVER_PATIENCE for a whole request, an answer to be taken, or the next request; SERVER_HELD_MAX of
 * answers that were not taken yet (503), of which the oldest is given up for the next ones; PARTS_MAX answers in parts (503), of which
 * PARTS_LIVE_MAX may be such as go on for long, and of the others the oldest is given up for the next ones.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "web/admit.h"

enum { SERVER_LISTENERS_MAX = 8 + SHARE_LISTEN_MAX, SERVER_CONNECTIONS_MAX = 1024, SERVER_PATIENCE = 15 /* seconds */, SERVER_HELD_MAX = 64 * 1024 * 1024 };

struct server;

/* Fills in the answer to a GET or HEAD; of whatever the client sent it sees the path and the query alone. */
typedef void server_handler(void *arg, const struct server_request *, struct server_answer *);

/* After http_library_load(). NULL if out of memory. */
struct server *server_create(const struct access *, server_handler *, void *arg);
void server_destroy(struct server **);

/* Takes one more listening socket, which is the server's then; closed with a reason where it cannot be used. */
bool server_listen(struct server *, int socket, struct entrance, struct reason *why);

/* Descriptors to be waited for, into room for SERVER_LISTENERS_MAX; `*until` (clock_mono) becomes earlier where the server has
 * to turn before. Returns how many. */
uint32_t server_poll(const struct server *, struct pollfd *, int64_t *until);
/* Something has happened: answers in parts that had nothing to say are asked again. */
void server_wake(struct server *);
/* After the wait: takes what has come. */
void server_turn(struct server *);

uint64_t server_requests(const struct server *); /* answered since the beginning */
