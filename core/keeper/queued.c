/* A line for each target of the roll, and one behind them for all else: lines are short, but for that one. */
#include "keeper/queued.h"

#include <stdlib.h>
#include <string.h>

#include "keeper/keeper.h"

struct line {
	struct delivery *first, *last; /* by notice */
};

bool
queued_open(const struct keeper *keeper, struct courier *courier)
{
	courier->lines = calloc((size_t)keeper->roll.count + 1, sizeof *courier->lines);
	return courier->lines != NULL;
}

static struct line *
line_of(const struct keeper *keeper, const struct courier *courier, uint64_t target)
{
	const struct roll_known *row = roll_row(&keeper->roll, target);

	return &courier->lines[row == NULL ? keeper->roll.count : (size_t)(row - keeper->roll.rows)];
}

bool
queued_is_end(const struct delivery *delivery)
{
	return notice_alert(delivery->kind, delivery->code, delivery->target == 0) == NOTICE_ALERT_CLOSED;
}

void
queued_add(const struct keeper *keeper, struct courier *courier, struct delivery *delivery)
{
	struct line *line = line_of(keeper, courier, delivery->target);
	struct delivery **link = line->last != NULL && line->last->notice <= delivery->notice ? &line->last->behind : &line->first;

	while (*link != NULL && (*link)->notice <= delivery->notice)
		link = &(*link)->behind;
	delivery->behind = *link;
	*link = delivery;
	courier->ends += queued_is_end(delivery);
	if (delivery->behind == NULL)
		line->last = delivery;
}

void
queued_remove(const struct keeper *keeper, struct courier *courier, const struct delivery *delivery)
{
	struct line *line = line_of(keeper, courier, delivery->target);
	struct delivery **link = &line->first, *before = NULL;

	while (*link != delivery) {
		before = *link;
		link = &before->behind;
	}
	*link = delivery->behind;
	courier->ends -= queued_is_end(delivery);
	if (line->last == delivery)
		line->last = before;
}

struct delivery *
queued_next(const struct keeper *keeper, const struct courier *courier, uint64_t target, const struct delivery *behind)
{
	struct delivery *next = behind != NULL ? behind->behind : line_of(keeper, courier, target)->first;

	while (next != NULL && (next->target != target || !outbox_is_queued(next)))
		next = next->behind;
	return next;
}

bool
queued_is_behind(const struct keeper *keeper, const struct courier *courier, const struct delivery *delivery, uint64_t digest)
{
	const struct delivery *older = delivery->target == 0 ? NULL : queued_next(keeper, courier, delivery->target, NULL);

	while (older != NULL && older->notice < delivery->notice && ((digest != 0 && older->digest == digest)
	    || strcmp(older->recipient, delivery->recipient) != 0))
		older = queued_next(keeper, courier, delivery->target, older);
	return older != NULL && older->notice < delivery->notice;
}
