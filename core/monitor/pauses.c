/* Few at once, in no order; their ends are on our own clock, which nobody sets. */
#include "monitor/pauses.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/vec.h"
#include "monitor/silence.h"

struct pause {
	uint64_t number;
	uint32_t target; /* CONFIG_NONE: by tag */
	int64_t until;   /* of the monotonic clock */
	bool doubted;
	char tag[PAUSE_TAG_MAX];
};

static bool
holds(const struct monitor *monitor, const struct pause *pause, uint32_t target)
{
	const struct policy *policy = monitor->config->targets[target].policy;

	if (pause->target != CONFIG_NONE)
		return pause->target == target;
	for (uint32_t i = 0; i < policy->tag_count; i++)
		if (strcmp(policy->tags[i], pause->tag) == 0)
			return true;
	return false;
}

static void
refresh(struct monitor *monitor)
{
	const struct pauses *pauses = &monitor->pauses;

	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		struct watched *watched = &monitor->targets[i];
		bool paused = false;

		for (uint32_t j = 0; !paused && j < pauses->count; j++)
			paused = holds(monitor, &pauses->items[j], i);
		watched->flags = (uint8_t)((watched->flags & ~WATCHED_PAUSED) | (paused ? WATCHED_PAUSED : 0));
		/* Before we begin, states are yet to come. */
		if (monitor->begun && paused != !!(watched->state.silence & SILENCE_paused))
			watch_hush(monitor, i);
	}
}

static struct pause *
find(struct pauses *pauses, uint64_t number)
{
	for (uint32_t i = 0; i < pauses->count; i++)
		if (pauses->items[i].number == number)
			return &pauses->items[i];
	return NULL;
}

static bool
add(struct pauses *pauses, const struct pause *pause)
{
	if (!VEC_RESERVE(pauses->items, pauses->count, pauses->room))
		return false;
	pauses->items[pauses->count++] = *pause;
	return true;
}

static bool
learn(struct monitor *monitor, const struct message_pause *message)
{
	struct pauses *pauses = &monitor->pauses;
	struct pause *known = find(pauses, message->number);
	struct pause pause = { .number = message->number, .target = message->target,
		.until = message->until - clock_wall() + clock_mono() };

	memcpy(pause.tag, message->tag, sizeof pause.tag);
	if (known != NULL && message->over)
		*known = pauses->items[--pauses->count];
	else if (known != NULL)
		*known = pause;
	else if (!message->over && !add(pauses, &pause))
		return false;
	if (!pauses->doubting)
		refresh(monitor);
	return true;
}

bool
pauses_heard(struct monitor *monitor, struct wire_in *in)
{
	struct message_pause pause;

	if (!message_get_pause(in, &pause, monitor->config->target_count))
		return false;
	if (!learn(monitor, &pause))
		duty_log(monitor->duty, LOG_ERR, 0, "out of memory: a pause is not kept");
	return true;
}

void
pauses_doubt(struct monitor *monitor)
{
	monitor->pauses.doubting = true;
	for (uint32_t i = 0; i < monitor->pauses.count; i++)
		monitor->pauses.items[i].doubted = true;
}

static void
forget(struct pauses *pauses, uint32_t *at)
{
	pauses->items[(*at)--] = pauses->items[--pauses->count];
}

void
pauses_are_told(struct monitor *monitor)
{
	struct pauses *pauses = &monitor->pauses;

	for (uint32_t i = 0; i < pauses->count; i++)
		if (pauses->items[i].doubted)
			forget(pauses, &i);
	pauses->doubting = false;
	refresh(monitor);
}

void
pauses_tick(struct monitor *monitor)
{
	struct pauses *pauses = &monitor->pauses;
	uint32_t count = pauses->count;

	for (uint32_t i = 0; i < pauses->count; i++)
		if (monitor->now >= pauses->items[i].until)
			forget(pauses, &i);
	if (pauses->count != count)
		refresh(monitor);
}

void
pauses_fini(struct monitor *monitor)
{
	free(monitor->pauses.items);
	monitor->pauses = (struct pauses){ .items = NULL };
}
