/*
 * How each child process of the daemon (monitor, keeper, prober, notifier, web) begins, and how it
 * talks to its parent. The parent forks; the child keeps its socket to the parent and the sockets
 * to other children that come as MESSAGE_LINK packets, closes all else, prepares (opens what it
 * needs), gives up its rights, says `ready`, and only then meets the first foreign byte.
 *
 * What a process is for is called its duty, and each has one: `struct duty` is its one context with
 * the parent.
 */
#pragma once

#include <stdarg.h>
#include <stdatomic.h>
#include <sys/types.h>
#include "base/limits.h"
#include "base/messages.h"

struct config;
struct own_processes;

/*
 * A page shared between a prober and the parent. The prober writes the target it enters a plugin,
 * OpenSSL or the resolver for, and clears it after; what stands there when the prober dies had it
 * in hand. Plain stores: there is one writer, and the parent reads after the death.
 */
struct duty_page {
	_Atomic uint32_t in_hand; /* target + 1; 0: none */
	_Atomic uint64_t run;
};

enum { DUTY_LINE_MAX = 4096 }; /* bytes of a log line; the end of a longer one is cut, and the cut
                                * shown */

struct duty {
	enum duty_kind kind;
	uint32_t index;             /* of several probers: which */
	int parent;                 /* SOCK_SEQPACKET, non-blocking, close-on-exec */
	const struct config *config;
	struct duty_page *page;     /* probers; NULL for others */
	const struct own_processes *processes; /* the monitor: the processes of the tree
	                                        * (base/own_processes.h); NULL for others */
	uint32_t log_dropped;       /* lines since the last that went through */
	/* sends lines in place of duty_log, or keeps them for a while; false: there is no room for
	 * it; NULL: a line that finds no room in the socket is dropped */
	bool (*keep_line)(void *arg, const void *packet, size_t size);
	void *keep_arg;
	int gate;                   /* where there is a gate or a runner, in both processes: the
	                             * socket to the other; -1: none */
};

/* The entry of each duty, called in the forked child; returns the exit status of the process. */
int prober_main(struct duty *);
int keeper_main(struct duty *);
int web_main(struct duty *);
/*
 * Says one line to the parent's log; never blocks: where the socket is full the line is dropped and
 * counted. `event` joins the lines of one event, 0: none. The text is made safe by its writer:
 * foreign bytes escaped.
 */
void duty_log(struct duty *, int level, uint64_t event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A call_filter_tell of the duty, `duty`: the line in the log before the process ends. */
void duty_forbidden(void *duty, int number, const char *name);

/* A limits_tell of the duty, `duty`: the line in the log. */
void duty_limit(void *duty, enum limit_kind, uint64_t value, bool ends);

/* Says that all is prepared and the rights are shed. */
void duty_ready(struct duty *);
/* Says that the loop turns, at least every second, and looks whether a limit was reached
 * (limits_look). May get lost where the parent does not read. */
void duty_alive(struct duty *, const struct message_alive *);

/*
 * Monitor and keeper: says that what came over the link from that duty is malformed; `what`: "to
 * the monitor", and more where it is known. The parent ends it; the link that comes with the next
 * one replaces this one.
 */
void duty_blame(struct duty *, enum duty_kind, uint32_t index, const char *what);

/*
 * Reads one packet from a SOCK_SEQPACKET socket, without waiting. >0: its size, 0: the other end is
 * gone, or sent what has no room, -1: nothing there. A descriptor that came along (close-on-exec)
 * is put into *passed and is the caller's, else -1 (NULL: none is expected; it is closed).
 */
ssize_t packet_read(int socket, void *bytes, size_t room, int *passed);
/* Sends one packet whole, with `passed` (-1: none). False: would block, or the other end is gone
 * (errno). */
bool packet_send(int socket, const void *bytes, size_t size, int passed);
