/*
 * Pauses: a row each, of a target or of all that have a tag, with an end and a reason. Those that have ended are looked at for
 * some time: what happened in them may be heard late, from a monitor that had no keeper.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/units.h"
#include "keeper/asks.h"
#include "keeper/keeper.h"
#include "keeper/withhold.h"

enum { PAUSES_MAX = 256 };
static const int64_t known_for = 3600 * (int64_t)SECOND, shortest = SECOND, longest = 90 * 24 * 3600 * (int64_t)SECOND;

/* Most of the time there is no pause, and so nothing to be looked up. */
void
pausing_recover(struct keeper *keeper)
{
	struct store_pause pause = { .number = 0 };
	int64_t since = clock_wall() - known_for;

	for (keeper->paused_until = since; store_next_pause(keeper->journal.store, since, &pause);) {
		int64_t end = pause.ended != 0 ? pause.ended : pause.until;
		keeper->paused_until = end > keeper->paused_until ? end : keeper->paused_until;
	}
}

bool
pausing_holds(const struct keeper *keeper, uint32_t target, int64_t at)
{
	const struct target *of = &keeper->config->targets[target];
	struct store *store = keeper->journal.store;
	struct store_pause pause;
	bool held;

	if (at >= keeper->paused_until)
		return false;
	held = store_find_pause(store, roll_number(&keeper->roll, target), "", at, &pause);
	for (uint32_t i = 0; !held && i < of->policy->tag_count; i++)
		held = store_find_pause(store, 0, of->policy->tags[i], at, &pause);
	return held;
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

static bool
is_room(struct keeper *keeper, int64_t now)
{
	struct store_pause pause = { .number = 0 };
	uint32_t count = 0;

	while (count < PAUSES_MAX && store_next_pause(keeper->journal.store, now, &pause))
		count++;
	return count < PAUSES_MAX;
}

/* Whom a pause is of, as its row has it; a tag is cut, as no target has one so long. */
static void
name_whom(const struct keeper *keeper, const struct message_ask *message, struct store_pause *pause, char tag[static PAUSE_TAG_MAX])
{
	bool tagged = message->target == CONFIG_NONE;

	snprintf(tag, PAUSE_TAG_MAX, "%.*s", tagged ? (int)message->words[0].size : 0, message->words[0].data);
	pause->target = tagged ? 0 : roll_number(&keeper->roll, message->target);
	pause->tag = tag;
}

void
pausing_pause(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	char reason[ASK_REASON_ROOM], tagged[5 * PAUSE_TAG_MAX], whose[PAUSE_TAG_MAX];
	struct text why = TEXT_OVER(reason), tag = TEXT_OVER(tagged);
	struct store_pause pause = { .from = clock_wall() };
	int64_t span;

	if (message->word_count != 3 || !ask_reason(message->words[2], &why)) {
		ask_refuse(ask, ASK_USAGE, "`pause` takes a target or a tag, a time, and a reason of 1 to %d bytes", ASK_REASON_MAX);
		return;
	}
	if (!read_span(ask, message->words[1], &span))
		return;
	if (!is_room(keeper, pause.from)) {
		ask_refuse(ask, ASK_REFUSED, "%d pauses are in force, and there is room for no more", PAUSES_MAX);
		return;
	}
	name_whom(keeper, message, &pause, whose);
	pause.number = store_number(keeper->journal.store, STORE_PAUSES);
	pause.until = pause.from + span;
	pause.why = text_view(reason);
	pause.by = text_view(message->who);
	store_put_pause(journal_main(keeper), &pause);
	pausing_recover(keeper);
	ask->serial = keeper->journal.serial;
	const char *name = name_of(keeper, message, &tag);
	duty_log(keeper->duty, LOG_NOTICE, 0, "%s is paused by %s: %s", name, message->who, reason);
	ask_say(ask, 'o', "%s is paused until <utc %" PRId64 ">", name, pause.until);
	ask_end(ask, 0);
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
	char tagged[5 * PAUSE_TAG_MAX], whose[PAUSE_TAG_MAX];
	struct text tag = TEXT_OVER(tagged);
	struct store_pause meant = { .number = 0 }, pause;
	int64_t now = clock_wall();
	uint32_t ended = 0;

	if (message->word_count != 1) {
		ask_refuse(ask, ASK_USAGE, "`resume` takes a target or a tag");
		return;
	}
	for (name_whom(keeper, message, &meant, whose); store_find_pause(keeper->journal.store, meant.target, meant.tag, now, &pause); ended++) {
		pause.ended = now;
		store_put_pause(journal_main(keeper), &pause);
	}
	if (ended > 0) {
		withhold_turn(keeper); /* what was kept silent is told at once */
		ask->serial = keeper->journal.serial;
	}
	say_resumed(keeper, ask, message, name_of(keeper, message, &tag), ended);
}
