/*
 * For the pages and the API of the web process: who was told of what is wrong with a target, or why
 * nobody was, in words for HTML and as members of JSON.
 */
#pragma once

#include "base/json.h"
#include "web/told.h"

struct board_row;
struct view;

/* "Told 29 Nov 20:55 through mail; not yet through pager, which fails", "Not told: it is paused until 29 Nov 23:00". Nothing where there is nothing to
 * tell. `row`: the target of an incident that is open, or of a condition; NULL: it is over.
 * `is_whole`: with the plugin and the recipient, which are not for pages of customers. */
void told_put(struct view *, const struct board_row *row, const struct told *, bool is_whole);
/* " until 29 Nov 23:00": the end of the last of the pauses and windows that hold the target; nothing where that is not known. */
void told_put_pause_end(struct view *, const struct board_row *);
/* "Down 2 times before, last on 28 Nov 10:00"; nothing where it was not. */
void told_put_before(struct view *, const struct told *);
/* What told_put() says, as members of the object at hand: told (a time), told_by, told_waits_for, not_told_because ("paused", "no_notifier" ...). */
void told_put_json(struct json *, const struct view *, const struct board_row *row, const struct told *);
