/*
 * For the keeper: carries out `postwatch ack`, `pause` and `resume` in the open transaction. They
 * are answered when it is durable. Requests for the outbox, tests and reports are passed to
 * outbox_admin.c, test_notice.c and reports.c.
 */
#include "keeper/asks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/units.h"
#include "keeper/outbox_admin.h"
#include "keeper/service_private.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/reports.h"
#include "keeper/silences.h"
#include "keeper/test_notice.h"
#include "keeper/withhold.h"

enum { PAUSES_MAX = 256 };
static const int64_t shortest = SECOND, longest = 90 * 24 * 3600 * (int64_t)SECOND;

/* An acknowledgement is part of its incident's row: nobody is to be reminded of it until it
 * ends. */
static void
ack_incident(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct store_incident incident =
	    { .number = message->word_count == 2 ? ask_number(message->words[0]) : 0 };
	struct text why = TEXT_ROOM(ASK_REASON_ROOM);
	uint32_t target = CONFIG_NONE;

	if (incident.number == 0 || !ask_reason(message->words[1], &why)) {
		ask_refuse(ask, ASK_USAGE, "`ack` takes the number of an incident and a reason of 1"
		    " to %d bytes", ASK_REASON_MAX);
		return;
	}
	if (store_find_incident(keeper->store, incident.number, &incident))
		target = registry_target(keeper->registry, incident.target);
	if (incident.ended != 0)
		ask_refuse(ask, ASK_REFUSED, "incident %" PRIu64 " is over"
		    " since <utc %" PRId64 ">: there is nothing to acknowledge",
		    incident.number, incident.ended);
	else if (target == CONFIG_NONE)
		ask_refuse(ask, ASK_REFUSED, "there is no"
		    " incident %" PRIu64 ": `postwatch incidents` lists them", incident.number);
	if (target == CONFIG_NONE || incident.ended != 0)
		return;
	if (incident.acknowledged != 0)
		ask_say(ask, 'o', "it was acknowledged before, by %.*s: %.*s",
		    (int)incident.ack_by.size, incident.ack_by.data, (int)incident.ack_why.size,
		    incident.ack_why.data);
	incident.acknowledged = clock_wall();
	incident.ack_by = text_view(message->who);
	incident.ack_why = text_view(why.bytes);
	record_change_incident(keeper, &incident);
	withhold_acknowledged(keeper, target);
	ask->serial = commit_queue_serial(keeper->commits);
	const char *name = keeper->config->targets[target].name;
	keeper_log(keeper, LOG_NOTICE, "incident %" PRIu64 " of %s is acknowledged by %s: %s",
	    incident.number, name, message->who, why.bytes);
	ask_say(ask, 'o', "incident %" PRIu64 " of %s is acknowledged until it ends",
	    incident.number, name);
	ask_end(ask, 0);
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
	struct text text = TEXT_ROOM(64);
	struct reason why = { "" };

	text_add_bytes(&text, word.data, word.size);
	if (!units_parse_duration(text.bytes, span, &why))
		ask_refuse(ask, ASK_USAGE, "--for %s", why.text);
	else if (*span < shortest || *span > longest)
		ask_refuse(ask, ASK_USAGE, "--for: a pause takes from 1s to 90d");
	else
		return true;
	return false;
}

/* Whom a pause is of, as its row has it; a tag is cut, as no target has one so long. */
static void
name_whom(const struct keeper *keeper, const struct message_ask *message, struct store_pause *pause,
    char tag[static PAUSE_TAG_MAX])
{
	bool tagged = message->target == CONFIG_NONE;

	snprintf(tag, PAUSE_TAG_MAX, "%.*s", tagged ? (int)message->words[0].size : 0,
	    message->words[0].data);
	pause->target = tagged ? 0 : registry_number(keeper->registry, message->target);
	pause->tag = tag;
}

/* A pause is a row, of a target or of all that have a tag, with an end and a reason. */
static void
pause(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct text why = TEXT_ROOM(ASK_REASON_ROOM), tag = TEXT_ROOM(5 * PAUSE_TAG_MAX);
	char whose[PAUSE_TAG_MAX];
	struct store_pause pause = { .from = clock_wall() };
	uint32_t count = 0;
	int64_t span;

	if (message->word_count != 3 || !ask_reason(message->words[2], &why)) {
		ask_refuse(ask, ASK_USAGE, "`pause` takes a target or a tag, a time, and a reason"
		    " of 1 to %d bytes", ASK_REASON_MAX);
		return;
	}
	if (!read_span(ask, message->words[1], &span))
		return;
	for (struct store_pause other = { .number = 0 };
	    count < PAUSES_MAX && store_next_pause(keeper->store, pause.from, &other);)
		count++;
	if (count == PAUSES_MAX) {
		ask_refuse(ask, ASK_REFUSED,
		    "%d pauses are in force, and there is room for no more", PAUSES_MAX);
		return;
	}
	name_whom(keeper, message, &pause, whose);
	pause.number = store_number(keeper->store, STORE_PAUSES);
	pause.until = pause.from + span;
	pause.why = text_view(why.bytes);
	pause.by = text_view(message->who);
	store_put_pause(commit_queue_main(keeper), &pause);
	silences_recover(keeper);
	ask->serial = commit_queue_serial(keeper->commits);
	const char *name = name_of(keeper, message, &tag);
	keeper_log(keeper, LOG_NOTICE, "%s is paused by %s: %s", name, message->who, why.bytes);
	ask_say(ask, 'o', "%s is paused until <utc %" PRId64 ">", name, pause.until);
	ask_end(ask, 0);
}

/* A target may be paused by its tags as well: then it goes on being so, and nothing else is
 * said. */
static void
say_resumed(struct keeper *keeper, struct ask *ask, const struct message_ask *message,
    const char *name, uint32_t ended)
{
	bool held = message->target != CONFIG_NONE
	    && silences_paused(keeper, message->target, clock_wall());

	if (message->released > 0)
		ask_say(ask, 'o', "%s is no longer quarantined", name);
	if (ended > 0) {
		keeper_log(keeper, LOG_NOTICE, held
		    ? "the pause of %s is ended by %s, and one of a tag of its holds it"
		    : "%s is paused no longer: resumed by %s", name, message->who);
		ask_say(ask, 'o', held ? "%s is still paused: its own pause has ended, and one of a"
		    " tag holds it (`postwatch status` tells which)"
		    : "%s is paused no longer", name);
	} else if (held)
		ask_say(ask, 'e', "%s is paused by a tag: `postwatch status` tells which", name);
	if (ended == 0 && message->released == 0)
		ask_refuse(ask, ASK_REFUSED, "%s: no pause and no quarantine to be ended", name);
	else
		ask_end(ask, 0);
}

static void
resume(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct text tag = TEXT_ROOM(5 * PAUSE_TAG_MAX);
	char whose[PAUSE_TAG_MAX];
	struct store_pause pause = { .number = 0 };
	int64_t now = clock_wall();
	uint32_t ended = 0;

	if (message->word_count != 1) {
		ask_refuse(ask, ASK_USAGE, "`resume` takes a target or a tag");
		return;
	}
	for (name_whom(keeper, message, &pause, whose); store_find_pause(keeper->store, now,
	    &pause);
	    ended++) {
		pause.ended = now;
		store_put_pause(commit_queue_main(keeper), &pause);
	}
	if (ended > 0) {
		policy_compare(keeper); /* what was kept silent is told at once */
		ask->serial = commit_queue_serial(keeper->commits);
	}
	say_resumed(keeper, ask, message, name_of(keeper, message, &tag), ended);
}

static const struct {
	const char *verb;
	void (*run)(struct keeper *, struct ask *, const struct message_ask *);
} verbs[] = {
	{ "ack", ack_incident },
	{ "pause", pause },
	{ "resume", resume },
	{ "outbox", outbox_admin },
	{ "test", test_notice_begin },
	{ "report", reports_send },
};

bool
asks_hear(struct keeper *keeper, struct wire_in *in)
{
	struct message_ask message;
	struct ask *ask;
	size_t verb = 0;
	uint32_t others = 0;

	if (!message_get_ask(in, &message, keeper->config->target_count))
		return false;
	ask = calloc(1, sizeof *ask);
	if (ask == NULL)
		return true; /* the monitor says that nothing came */
	ask->number = message.number;
	for (const struct ask *other = keeper->service->asks; other != NULL; other = other->next)
		others++;
	if (commit_queue_is_stuck(keeper->commits, STORE_MAIN)
	    || commit_queue_is_stuck(keeper->commits, STORE_HISTORY))
		ask_refuse(ask, ASK_BUSY,
		    "the store cannot be written, so nothing was done: the log says why");
	else if (others >= ASKS_MAX)
		ask_refuse(ask, ASK_BUSY, "too much is asked for at once, so nothing was done");
	else {
		while (verb < sizeof verbs / sizeof verbs[0]
		    && strcmp(verbs[verb].verb, message.verb) != 0)
			verb++;
		if (verb < sizeof verbs / sizeof verbs[0])
			verbs[verb].run(keeper, ask, &message);
		else
			ask_refuse(ask, ASK_USAGE, "the keeper does not know `%s`", message.verb);
	}
	if (ask->serial != 0 && ask->serial != UINT64_MAX) {
		/* be there nothing left to write: then it is answered with that */
		(void)commit_queue_main(keeper);
		record_commit(keeper);
	}
	asks_add(keeper, ask);
	return true;
}
