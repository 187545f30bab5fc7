/*
 * For the text of a notice: what was seen of the server: how far a failed attempt came, what
 * differs from the last one that passed, and every attempt with its transcript; and what the notice
 * is of, a target or Postwatch itself.
 */
#pragma once

#include "base/outcome.h"
#include "notifier/text.h"

static inline bool
notice_is(const struct notice_view *view, const char *kind)
{
	return __builtin_strcmp(view->notice->kind, kind) == 0;
}

/* Says that something is over that was told as an outage, or would have been. */
static inline bool
notice_ends_outage(const struct notice_view *view)
{
	return notice_is(view, "up") || notice_is(view, "outage");
}

/* The last leg that failed among the runs before the end of an outage, or of them all; NULL: there
 * is none. */
const struct message_leg *notice_last_failure(const struct notice_view *);

/* The phases of the last attempt, and what is otherwise than at the last failure. */
void notice_add_phases(struct text *, const struct notice_view *);
void notice_add_changes(struct text *, const struct notice_view *);

/* Every attempt, within the room of the text; and the bytes that the last lines of the last failure
 * need. */
void notice_add_attempts(struct text *, const struct notice_view *);
size_t notice_attempts_least(const struct notice_view *);
