/*
 * The ways in which a connection of the prober ends: what the stream tells its owner, and what the
 * dialogue makes an outcome of.
 */
#pragma once

#include "base/address.h"

enum stream_end {
	STREAM_CLOSED,      /* FIN, or close_notify */
	STREAM_CLOSED_BARE, /* FIN inside TLS without close_notify: normal for SMTP, worth a note */
	STREAM_RESET,
	STREAM_REFUSED,
	STREAM_UNREACHABLE, /* ICMP from the path; `from` says who */
	STREAM_FILTERED,    /* ICMP prohibited */
	STREAM_TIMED_OUT,   /* the kernel gave up */
	STREAM_OURS,        /* our own trouble: `outcome` names it (no_descriptors,
	                     * no_local_port, no_route …) */
	STREAM_TLS_FAILED   /* the handshake, or TLS later: `outcome` and `text` say how */
};

enum { STREAM_CLEAR_MAX = 1024 }; /* bytes kept of what came in clear during a handshake */

struct close_reason {
	enum stream_end end;
	int error;              /* errno, 0: none */
	const char *outcome;    /* STREAM_OURS, STREAM_TLS_FAILED: a name of outcomes.def */
	bool cert_asked;        /* TLS asked for a certificate of ours, and none was sent */
	bool alert;             /* STREAM_TLS_FAILED: by an alert of the server */
	bool may_be_outdated;   /* STREAM_TLS_FAILED: worth one more try with a legacy context */
	struct pw_bytes in_clear; /* what came in clear during the TLS handshake; good while the
	                           * stream is */
	int64_t waited;         /* microseconds between the end and its being told, in which the
	                         * peer could say more */
	bool has_from;
	struct address from;    /* the source of an ICMP error */
	char text[200];         /* what happened, escaped */
};

/* Where an error came up: the same number from socket(), bind() or connect() itself is our own
 * system's word, and later it is the network's. */
enum close_stage { CLOSE_AT_CALL, CLOSE_LATER };

/* What `error` (an errno; 0: the peer closed) means. */
struct close_reason close_reason_of_error(int error, enum close_stage);

/*
 * The same for a connection to `to` that never stood: takes the ICMP error behind it, where there
 * is one, from the socket's error queue. What our own kernel says of a neighbour on our own
 * network is the path's; what it says of a router, or by a filter of its own, is ours.
 */
struct close_reason close_reason_of_connecting(int fd, int error, const struct address *to);

/* Empties the socket's error queue: while there is something in it, the socket shows an event. */
void close_reason_drop_icmp(int fd);
