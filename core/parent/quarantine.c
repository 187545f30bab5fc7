/*
 * Targets at which probers died: a small table, searched in full. A suspect that stays well for the
 * window, and a trial that ends well, are removed.
 */
#include "parent/quarantine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A target that is kept apart stays so until a run of it has ended well, whatever its time. */
static bool
is_over(const struct quarantine *quarantine, const struct quarantine_entry *entry, int64_t now)
{
	if (entry->apart)
		return false;
	switch (entry->stage) {
	case QUARANTINE_SUSPECT:
		return now - entry->since >= quarantine->times.window;
	case QUARANTINE_TRIAL:
		return now - entry->since >= quarantine->times.hold;
	case QUARANTINE_HELD:
		break;
	}
	return false;
}

static void
drop_what_is_over(struct quarantine *quarantine, int64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < quarantine->count; i++) {
		if (!is_over(quarantine, &quarantine->entries[i], now))
			quarantine->entries[kept++] = quarantine->entries[i];
	}
	assert(kept <= quarantine->count);
	quarantine->count = kept;
}

static uint32_t
place_of(const struct quarantine *quarantine, uint32_t target)
{
	uint32_t i = 0;

	while (i < quarantine->count && quarantine->entries[i].target != target)
		i++;
	return i;
}

static struct quarantine_entry *
find_entry(struct quarantine *quarantine, uint32_t target)
{
	uint32_t i = place_of(quarantine, target);

	return i < quarantine->count ? &quarantine->entries[i] : NULL;
}

/*
 * A place for one more; where there is none the oldest that is neither held nor kept apart gives
 * way, or nobody.
 */
static struct quarantine_entry *
place_for_one(struct quarantine *quarantine)
{
	struct quarantine_entry *oldest = NULL;

	if (quarantine->count < QUARANTINE_ROOM)
		return &quarantine->entries[quarantine->count++];
	for (uint32_t i = 0; i < quarantine->count; i++) {
		struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage != QUARANTINE_HELD && !entry->apart
		    && (oldest == NULL || entry->since < oldest->since))
			oldest = entry;
	}
	return oldest;
}

void
quarantine_explain(
    const struct quarantine *quarantine, const struct quarantine_entry *entry, struct text *text)
{
	if (entry->again)
		text_format(text, "the prober died again at the trial of it, %s", entry->last);
	else if (strcmp(entry->before, entry->last) == 0)
		text_format(
		    text, "the prober died twice with it in hand, both times %s", entry->last);
	else
		text_format(text, "the prober died twice with it in hand, %s and then %s",
		    entry->before, entry->last);
	text_add(text, "; it is not probed for ");
	text_add_span(text, quarantine->times.hold);
	text_add(text, ", then tried once");
}

static void
enter_stage(struct quarantine *quarantine, struct quarantine_entry *entry,
    enum quarantine_stage stage, int64_t now, const char *how)
{
	quarantine->changes++;
	entry->again = entry->stage == QUARANTINE_TRIAL;
	entry->stage = stage;
	entry->since = now;
	entry->apart = stage == QUARANTINE_SUSPECT;
	memcpy(entry->before, entry->last, sizeof entry->before);
	snprintf(entry->last, sizeof entry->last, "%s", how);
}

/*
 * One death may be chance, or another target's doing in the same process: only the second within
 * the window holds it.
 */
const struct quarantine_entry *
quarantine_learn(struct quarantine *quarantine, uint32_t target, int64_t now, const char *how)
{
	struct quarantine_entry *entry;

	drop_what_is_over(quarantine, now);
	entry = find_entry(quarantine, target);
	if (entry == NULL) {
		entry = place_for_one(quarantine);
		if (entry == NULL)
			return NULL;
		*entry = (struct quarantine_entry){ .target = target };
		enter_stage(quarantine, entry, QUARANTINE_SUSPECT, now, how);
		return entry;
	}
	/* A run that was under way elsewhere when its target was held: nothing new. */
	if (entry->stage == QUARANTINE_HELD)
		return NULL;
	enter_stage(quarantine, entry, QUARANTINE_HELD, now, how);
	return entry;
}

/* Tried apart, so that a third death costs no other target its run. */
bool
quarantine_release(struct quarantine *quarantine, int64_t now, uint32_t *target)
{
	for (uint32_t i = 0; i < quarantine->count; i++) {
		struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage != QUARANTINE_HELD || now - entry->since < quarantine->times.hold)
			continue;
		quarantine->changes++;
		entry->stage = QUARANTINE_TRIAL;
		entry->since = now;
		entry->apart = true;
		*target = entry->target;
		return true;
	}
	return false;
}

bool
quarantine_clear(struct quarantine *quarantine, uint32_t target)
{
	struct quarantine_entry *entry = find_entry(quarantine, target);

	if (entry == NULL || !entry->apart)
		return false;
	quarantine->changes++;
	entry->apart = false;
	return true;
}

bool
quarantine_is_apart(const struct quarantine *quarantine, uint32_t target)
{
	uint32_t i = place_of(quarantine, target);

	return i < quarantine->count && quarantine->entries[i].apart;
}

uint32_t
quarantine_count_apart(const struct quarantine *quarantine)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < quarantine->count; i++)
		count += quarantine->entries[i].apart;
	return count;
}

bool
quarantine_end(struct quarantine *quarantine, uint32_t target)
{
	struct quarantine_entry *entry = find_entry(quarantine, target);

	if (entry == NULL || entry->stage != QUARANTINE_HELD)
		return false;
	quarantine->changes++;
	assert(entry < quarantine->entries + quarantine->count);
	*entry = quarantine->entries[--quarantine->count];
	return true;
}

int64_t
quarantine_next(const struct quarantine *quarantine)
{
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; i < quarantine->count; i++) {
		const struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage == QUARANTINE_HELD && entry->since + quarantine->times.hold < next)
			next = entry->since + quarantine->times.hold;
	}
	return next;
}
