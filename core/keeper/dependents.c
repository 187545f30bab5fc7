/*
 * For the keeper: lists for a notice of `down` the targets that cannot be reached without that
 * target (its children by the setting `parent`). The list is made when the notice is sent, and not
 * stored: what counts is what is true then.
 */
#include "keeper/dependents.h"

#include <assert.h>
#include <inttypes.h>

#include "keeper/keeper.h"

enum { NAMED_MAX = 50, LINE_MAX = 300 };

/* The first of a sort. */
struct sort {
	uint32_t count;
	uint32_t named[NAMED_MAX];
};

static bool
is_behind(const struct config *config, uint32_t target, uint32_t other)
{
	uint32_t at = config->targets[other].parent;

	for (int i = 1; i < CONFIG_PARENTS_MAX && at != CONFIG_NONE && at != target; i++)
		at = config->targets[at].parent;
	return at == target && other != target;
}

static void
count(struct sort *sort, uint32_t target)
{
	if (sort->count < NAMED_MAX)
		sort->named[sort->count] = target;
	sort->count++;
}

static void
add_target(struct text *lines, const struct keeper *keeper, uint32_t target)
{
	struct store_incident incident;
	bool down = registry_open_incident(keeper->registry, target, &incident);
	struct text line = TEXT_ROOM(LINE_MAX);

	if (down && incident.text.size > 0)
		text_add_shown(&line, incident.text);
	else {
		text_add_shown(&line, text_view(keeper->config->targets[target].name));
		text_add(&line, !down ? ": not known to be down" : " down: ");
		text_add(&line, !down ? "" : incident.outcome);
	}
	text_add_bytes(lines, line.bytes, line.size);
	text_add(lines, line.cut ? " …\n" : "\n");
}

/* Returns how many of `most` are left. */
static uint32_t
add_sort(struct text *lines, const struct keeper *keeper, const struct sort *sort, uint32_t most)
{
	uint32_t i = 0;

	for (; i < sort->count && i < most; i++)
		add_target(lines, keeper, sort->named[i]);
	assert(i <= most && i <= sort->count);
	return most - i;
}

void
dependents_add(const struct keeper *keeper, uint32_t target, const struct notifier *notifier,
    struct text *lines)
{
	const struct config *config = keeper->config;
	uint32_t index = notifier_index(keeper, notifier), all, left;
	struct sort down = { .count = 0 }, others = { .count = 0 };

	for (uint32_t i = 0; target != CONFIG_NONE && i < config->target_count; i++)
		if (is_behind(config, target, i) && outbox_includes(keeper, i, index))
			count(registry_is_down(keeper->registry, i) ? &down : &others, i);
	all = down.count + others.count;
	if (all == 0)
		return;
	text_format(lines, "%" PRIu32 " target%s behind it; %" PRIu32 " of them %s down\n", all,
	    all == 1 ? " is" : "s are", down.count, down.count == 1 ? "is" : "are");
	left = add_sort(lines, keeper, &down, NAMED_MAX);
	(void)add_sort(lines, keeper, &others, left);
	if (all > NAMED_MAX)
		text_format(lines, "and %" PRIu32 " more\n", all - NAMED_MAX);
}
