/*
 * For the web process: reads from the store who was told of an incident, or of a standing condition
 * of a target. `struct told` sums up its notices and their deliveries: how many were sent, wait or
 * were given up, by which notifier, and why nobody was told.
 */
#pragma once

#include "store/reader.h"

/* What the store has of the notices of one incident, or of the conditions of a target. */
enum { TOLD_NOTIFIER_ROOM = 64, TOLD_RECIPIENT_ROOM = 128 };
struct told {
	bool has_notice;
	int64_t at;         /* UTC: the first delivery; 0: there was none */
	int64_t due;        /* UTC: before then the one that waits is not tried; 0: it may be */
	uint32_t sent, waiting, given_up;  /* deliveries */
	char by[TOLD_NOTIFIER_ROOM];       /* the notifier of the first delivery; "" */
	char to[TOLD_RECIPIENT_ROOM];      /* its recipient; "" */
	char waits[TOLD_NOTIFIER_ROOM];    /* one whose delivery waits; "" */
	char dead[TOLD_NOTIFIER_ROOM];     /* one that gave up; "" */
	uint32_t before;    /* outages of the target before this one, as far as they are kept */
	int64_t before_at;  /* UTC: when the last of these began */
	char silence[16];   /* the last reason for silence ("paused", "parent" ...), or "over"; "" */
};

/* Of all notices of an incident. */
void told_read_incident(struct store_reader *, uint64_t incident, struct told *);
/* Of incidents one behind the other, by one statement. */
struct told_list {
	struct query *query; /* NULL: there are no more rows */
};
/* Of the incidents of a target (0: of all) with a number below `before`, at most `limit`. */
void told_list_open(struct told_list *, struct store_reader *, uint64_t target, uint64_t before, uint32_t limit);
/* Their numbers fall from call to call. */
void told_list_take(struct told_list *, uint64_t incident, struct told *);
void told_list_close(struct told_list *);
/* Adds what the store has of outages of the target before that one. */
void told_read_before(struct store_reader *, uint64_t target, uint64_t incident, struct told *);
/* Of the newest notice that a condition of the target stands, since then (UTC). */
void told_read_condition(struct store_reader *, uint64_t target, int64_t since, struct told *);
