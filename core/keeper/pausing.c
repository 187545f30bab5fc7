/*
 * Pauses: a row each, of a target or of all that have a tag, with an end and a reason. Those that have ended are known for
 * some time: what happened in them may be heard late, from a monitor that had no keeper.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/units.h"
#include "base/vec.h"
#include "keeper/asks.h"
#include "keeper/keeper.h"
#include "keeper/withhold.h"

enum { PAUSES_MAX = 256, PAGE = 1000 };
static const int64_t known_for = 3600 * (int64_t)SECOND, shortest = SECOND, longest = 90 * 24 * 3600 * (int64_t)SECOND;

struct pause_kept {
	uint64_t number, target_number;
	uint32_t target; /* CONFIG_NONE: by tag, or of one that is no longer watched */
	int64_t from, until;
	char *tag, *why, *by; /* owned */
};

static void
fini(struct pause_kept *pause)
{
	free(pause->tag);
	free(pause->why);
	free(pause->by);
}

static void
put(struct keeper *keeper, const struct pause_kept *pause, int64_t ended)
{
	store_put_pause(journal_main(keeper), &(struct store_pause){ .number = pause->number, .target = pause->target_number,
	    .tag = pause->tag, .from = pause->from, .until = pause->until, .ended = ended,
	    .why = { pause->why, strlen(pause->why) }, .by = { pause->by, strlen(pause->by) } });
}

static void
forget(struct pausing *pausing, uint32_t *at)
{
	fini(&pausing->items[*at]);
	pausing->items[(*at)--] = pausing->items[--pausing->count];
}

static void
forget_old(struct keeper *keeper)
{
	struct pausing *pausing = &keeper->pausing;
	int64_t since = clock_wall() - known_for;

	for (uint32_t i = 0; i < pausing->count; i++)
		if (pausing->items[i].until < since)
			forget(pausing, &i);
}

static bool
add(struct pausing *pausing, const struct pause_kept *pause)
{
	if (!VEC_RESERVE(pausing->items, pausing->count, pausing->room) || pause->tag == NULL || pause->why == NULL || pause->by == NULL)
		return false;
	pausing->items[pausing->count++] = *pause;
	return true;
}

bool
pausing_holds(const struct keeper *keeper, uint32_t target, int64_t at)
{
	for (uint32_t i = 0; i < keeper->pausing.count; i++) {
		const struct pause_kept *pause = &keeper->pausing.items[i];

		if (at < pause->from || at >= pause->until)
			continue;
		if (pause->tag[0] == '\0' ? pause->target == target : target_has_tag(&keeper->config->targets[target], pause->tag))
			return true;
	}
	return false;
}

struct recovery {
	struct keeper *keeper;
	uint64_t last;
	bool failed;
};

static bool
on_pause(void *arg, const struct store_pause *row)
{
	struct recovery *it = arg;
	struct pause_kept pause = { .number = row->number, .target_number = row->target,
		.from = row->from, .until = row->ended != 0 ? row->ended : row->until,
		.target = row->target == 0 ? CONFIG_NONE : roll_target(&it->keeper->roll, row->target), .tag = strdup(row->tag),
		.why = strndup(row->why.data, row->why.size), .by = strndup(row->by.data, row->by.size) };

	it->last = row->number;
	it->failed |= !add(&it->keeper->pausing, &pause);
	return !it->failed;
}

bool
pausing_recover(struct keeper *keeper, struct reason *why)
{
	struct recovery it = { .keeper = keeper };
	enum store_reading answer;

	do
		answer = store_read_pauses(keeper->reader, clock_wall() - known_for, it.last, PAGE, on_pause, &it);
	while (answer == STORE_READ_MORE && !it.failed);
	if (it.failed || answer == STORE_READ_BROKEN)
		reason_set(why, it.failed ? "no memory" : "pauses cannot be read: %s", store_reader_why(keeper->reader));
	return !it.failed && answer != STORE_READ_BROKEN;
}

void
pausing_fini(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->pausing.count; i++)
		fini(&keeper->pausing.items[i]);
	free(keeper->pausing.items);
}

static const char *
name_of(const struct keeper *keeper, const struct message_ask *message, struct text *tag)
{
	if (message->target != CONFIG_NONE)
		return keeper->config->targets[message->target].name;
	text_add(tag, "tag:");
	text_escape(tag, message->words[0]);
	return tag->bytes;
}

static bool
read_span(struct ask *ask, struct pw_bytes word, int64_t *span)
{
	char bytes[64];
	struct text text = TEXT_OVER(bytes);
	struct reason why = { "" };

	text_add_bytes(&text, word.data, word.size);
	if (!units_parse_duration(bytes, span, &why))
		ask_refuse(ask, ASK_USAGE, "--for %s", why.text);
	else if (*span < shortest || *span > longest)
		ask_refuse(ask, ASK_USAGE, "--for: a pause takes from 1s to 90d");
	else
		return true;
	return false;
}

static uint32_t
count_in_force(const struct pausing *pausing, int64_t now)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pausing->count; i++)
		count += pausing->items[i].until > now;
	return count;
}

/* NULL: there are too many, or there is no memory. */
static struct pause_kept *
keep(struct keeper *keeper, const struct message_ask *message, int64_t span, const char *why)
{
	bool tagged = message->target == CONFIG_NONE;
	struct pause_kept pause = { .target = message->target, .from = clock_wall(), .why = strdup(why), .by = strdup(message->who),
		.target_number = tagged ? 0 : roll_number(&keeper->roll, message->target),
		.tag = tagged ? strndup(message->words[0].data, message->words[0].size) : strdup("") };

	pause.until = pause.from + span;
	if (count_in_force(&keeper->pausing, pause.from) >= PAUSES_MAX || !add(&keeper->pausing, &pause)) {
		fini(&pause);
		return NULL;
	}
	struct pause_kept *kept = &keeper->pausing.items[keeper->pausing.count - 1];
	kept->number = store_number(keeper->journal.store, STORE_PAUSES);
	return kept;
}

void
pausing_pause(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	char reason[ASK_REASON_ROOM], tagged[5 * PAUSE_TAG_MAX];
	struct text why = TEXT_OVER(reason), tag = TEXT_OVER(tagged);
	struct pause_kept *pause;
	int64_t span;

	forget_old(keeper);
	if (message->word_count != 3 || !ask_reason(message->words[2], &why)) {
		ask_refuse(ask, ASK_USAGE, "`pause` takes a target or a tag, a time, and a reason of 1 to %d bytes", ASK_REASON_MAX);
		return;
	}
	if (!read_span(ask, message->words[1], &span))
		return;
	pause = keep(keeper, message, span, reason);
	if (pause == NULL) {
		ask_refuse(ask, ASK_REFUSED, "%d pauses are in force, and there is room for no more", PAUSES_MAX);
		return;
	}
	put(keeper, pause, 0);
	ask->serial = keeper->journal.serial;
	const char *name = name_of(keeper, message, &tag);
	duty_log(keeper->duty, LOG_NOTICE, 0, "%s is paused by %s: %s", name, message->who, reason);
	ask_say(ask, 'o', "%s is paused until <utc %" PRId64 ">", name, pause->until);
	ask_end(ask, 0);
}

static bool
is_meant(const struct pause_kept *pause, const struct message_ask *message)
{
	if (message->target != CONFIG_NONE)
		return pause->target == message->target && pause->tag[0] == '\0';
	return pause->tag[0] != '\0' && strlen(pause->tag) == message->words[0].size
	    && memcmp(pause->tag, message->words[0].data, message->words[0].size) == 0;
}

/* A target may be paused by its tags as well: then it goes on being so, and nothing else is said. */
static void
say_resumed(struct keeper *keeper, struct ask *ask, const struct message_ask *message, const char *name, uint32_t ended)
{
	bool held = message->target != CONFIG_NONE && pausing_holds(keeper, message->target, clock_wall());

	if (message->released > 0)
		ask_say(ask, 'o', "%s is no longer quarantined", name);
	if (ended > 0) {
		duty_log(keeper->duty, LOG_NOTICE, 0, held ? "the pause of %s is ended by %s, and one of a tag of its holds it"
		    : "%s is paused no longer: resumed by %s", name, message->who);
		ask_say(ask, 'o', held ? "%s is still paused: its own pause has ended, and one of a tag holds it (`postwatch status` tells which)"
		    : "%s is paused no longer", name);
	} else if (held)
		ask_say(ask, 'e', "%s is paused by a tag: `postwatch status` tells which", name);
	if (ended == 0 && message->released == 0)
		ask_refuse(ask, ASK_REFUSED, "%s: no pause and no quarantine to be ended", name);
	else
		ask_end(ask, 0);
}

void
pausing_resume(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct pausing *pausing = &keeper->pausing;
	char tagged[5 * PAUSE_TAG_MAX];
	struct text tag = TEXT_OVER(tagged);
	int64_t now = clock_wall();
	uint32_t ended = 0;

	if (message->word_count != 1) {
		ask_refuse(ask, ASK_USAGE, "`resume` takes a target or a tag");
		return;
	}
	for (uint32_t i = 0; i < pausing->count; i++) {
		struct pause_kept *pause = &pausing->items[i];

		if (!is_meant(pause, message) || pause->until <= now)
			continue;
		put(keeper, pause, now);
		pause->until = now;
		ended++;
	}
	if (ended > 0) {
		withhold_turn(keeper); /* what was kept silent is told at once */
		ask->serial = keeper->journal.serial;
	}
	say_resumed(keeper, ask, message, name_of(keeper, message, &tag), ended);
}
