/* Who was told of what is wrong with a target, and why nobody was: from its notices and their deliveries in the store, and where it has no
 * notice yet from its state. */
#pragma once

#include "base/json.h"
#include "store/reader.h"

struct board_row;
struct view;

/* What the store has of the notices of one incident, or of the conditions of a target. */
enum { TOLD_NOTIFIER_ROOM = 64 };
struct told {
	bool has_notice;
	int64_t at;         /* UTC: the first delivery; 0: there was none */
	int64_t due;        /* UTC: before then the one that waits is not tried; 0: it may be */
	uint32_t sent, waiting, given_up;  /* deliveries */
	char by[TOLD_NOTIFIER_ROOM];       /* the notifier of the first delivery; "" */
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

/* "Told 29 Nov 20:55 by mail; not yet by pager, which fails", "Not told: it is paused until 29 Nov 23:00". Nothing where there is nothing to
 * tell. `row`: the target of an incident that is open, or of a condition; NULL: it is over. */
void told_put(struct view *, const struct board_row *row, const struct told *);
/* "Down 2 times before, last on 28 Nov 10:00"; nothing where it was not. */
void told_put_before(struct view *, const struct told *);
/* What told_put() says, as members of the object at hand: told (a time), told_by, told_waits_for, not_told_because ("paused", "no_notifier" ...). */
void told_json(struct json *, const struct view *, const struct board_row *row, const struct told *);
