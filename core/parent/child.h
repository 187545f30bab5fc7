/*
 * A child process as the parent sees it. A notifier may be two processes, which live and die
 * together: one that delivers, and a gate beside it that alone reaches the network.
 */
#pragma once

#include <sys/types.h>

#include "base/duty.h"
#include "base/messages_outbox.h"
#include "base/packet_queue.h"
#include "base/reason.h"
#include "parent/backoff.h"
#include "parent/loop_watch.h"
#include "parent/quarantine.h"

enum child_stage {
	CHILD_AWAITED, /* to be started at `due` */
	CHILD_STARTED, /* prepares itself */
	CHILD_READY,
	CHILD_GONE     /* ended, and not to be replaced */
};

/* Times are clock_mono(), microseconds. */
struct child {
	enum duty_kind kind;
	uint32_t index;
	char name[24]; /* "prober 0" */
	enum child_stage stage;
	pid_t pid;     /* 0: none */
	pid_t gate;    /* the process beside it, a gate or a runner; 0: none */
	pid_t reporter; /* the process that makes a report for it; 0: none */
	int socket;    /* -1: none */
	struct packet_queue packets;
	struct duty_page *page; /* shared with a prober: which target it has in hand */
	struct backoff backoff;
	int64_t due, started, ready, heard;

	/* How it is to end, or has ended. */
	char killed[QUARANTINE_HOW_MAX]; /* why we killed it; "": we did not */
	bool silent;     /* killed for silence, or since it looped */
	struct loop_watch loop; /* of a prober */
	bool stopping;   /* told to stop: its end is no death */
	bool stale;      /* what it has read has changed: to be renewed when its turn comes */
	bool renewing;   /* told to stop, to be started again at once */
	int64_t end_by;  /* of one that is renewed */
	int64_t alone_by; /* its gate or runner has ended as where it sees this one's end, which is
	                   * heard of by then; 0: that has not */
	uint32_t deaths; /* in all */

	/* For notes of spells in which it was late; from 0: it is not. */
	struct spell {
		int64_t from, most; /* UTC; microseconds */
	} late_loop, late_schedule;
	uint32_t deaths_noted;

	bool apart; /* a prober for targets that are kept apart; there only while it is needed */

	/* Why it could not begin, where it has said so; each reason is told once, louder than
	 * debug. */
	uint32_t start_faults[2]; /* hashes of the reasons told, its own and its gate's; 0: none */
	bool repeats;                  /* the last reason was one of them */
	char absence[ABSENT_TEXT_MAX]; /* of a notifier, for the keeper; "": it is there */
	bool explained;                /* `absence` is in its own words, of this life */

	int64_t lines_since; /* lines of the log are counted from here */
	uint32_t lines, lines_left_out;
	struct message_alive alive; /* as it said last */
};

void child_init(struct child *, enum duty_kind, uint32_t index);

/* Whether it has to be there for the tree to serve. */
bool child_is_needed(const struct child *);
bool child_lives(const struct child *);

/* A pair of sockets as our processes use them. Returns false with a reason. */
bool child_socket_pair(int ends[2], struct reason *why);

/* Sends a packet, or keeps it until the child's socket takes it; `passed` (-1: none) is a
 * descriptor that goes with it, taken over. To a child that is not there nothing is sent. Aborts if
 * there is no memory. */
void child_send(struct child *, const void *bytes, size_t size, int passed);

/* The same of a message that message_put_...() writes of the rest. */
#define CHILD_TELL(child, put, ...) \
	do { \
		unsigned char packet_[CHILD_MESSAGE_MAX]; \
		struct wire_out out_ = wire_over(packet_, sizeof packet_); \
		put(&out_, __VA_ARGS__); \
		child_send(child, packet_, out_.size, -1); \
	} while (0)
enum { CHILD_MESSAGE_MAX = 1024 };

/* Tells it to end within `grace`, with `patience` for attempts that confirm something;
 * microseconds. */
void child_stop(struct child *, int64_t grace, int64_t patience);

/* Closes the socket to it, and drops what waited there. */
void child_hang_up(struct child *);

/* Kills it, with its gate, for a reason that its death will be told with; the first reason holds.
 */
void child_kill(struct child *, const char *why, ...) __attribute__((format(printf, 2, 3)));
void child_kill_gate(const struct child *);
