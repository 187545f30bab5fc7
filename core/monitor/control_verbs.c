/*
 * Carries out the requests of commands that came by the control socket (control.h). `probe-now` is
 * the monitor's own to do; `ack`, `pause`, `outbox` and others are passed on to the keeper with the
 * target that they mean, and `reload` to the parent.
 */
#include "monitor/control_verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/messages_ask.h"

enum { NAMED_MAX = 5 /* targets, where a word may mean more */ };
static const int64_t patience = 10 * (int64_t)SECOND, spare = 60 * (int64_t)SECOND;

enum { BY_HOST = 1, BY_PORT = 2, BY_IDENTITY = 3, BY_NAME = 4 };

/* How well a word names a target: by its name, its identity, its host and port, its host; 0: not at
 * all. */
static int
rank(const struct target *target, const char *word)
{
	const char *probe = target->policy->probe->descriptor->name;
	char ends[600], bracketed[600];

	snprintf(ends, sizeof ends, "%s://%s:%u", probe, target->host, target->port);
	snprintf(bracketed, sizeof bracketed, "[%s]:%u", target->host, target->port);
	if (strcmp(target->name, word) == 0)
		return BY_NAME;
	if (strcmp(ends, word) == 0)
		return target->is_named ? BY_PORT : BY_IDENTITY;
	if (strcasecmp(ends + strlen(probe) + 3, word) == 0 || strcasecmp(bracketed, word) == 0)
		return BY_PORT;
	return strcasecmp(target->host, word) == 0 ? BY_HOST : 0;
}

/* Without the `tag:` that may stand before it. */
static char *
tag_of(char *word)
{
	return strncmp(word, "tag:", 4) == 0 ? word + 4 : word;
}

static bool
is_tag(const struct config *config, const char *word)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (target_has_tag(&config->targets[i], word))
			return true;
	return false;
}

/* What a word means, well enough; CONFIG_NONE: nothing. Who says what may mean several is
 * `refused`, and told which. */
static uint32_t
find_target(struct place *place, const char *word, int best, bool *refused)
{
	const struct config *config = place->control->monitor->watch.config;
	uint32_t found = CONFIG_NONE, matches = 0, said = 0;
	struct text line = TEXT_ROOM(ANSWER_LINE_MAX);

	for (uint32_t i = 0; i < config->target_count; i++) {
		int here = rank(&config->targets[i], word);

		if (here < best)
			continue;
		matches = here > best ? 1 : matches + 1;
		found = matches == 1 ? i : found;
		best = here;
	}
	*refused = matches > 1;
	if (!*refused)
		return found;
	text_add(&line, "this may mean");
	for (uint32_t i = found; i < config->target_count && said < NAMED_MAX; i++)
		if (rank(&config->targets[i], word) == best)
			text_format(&line, "%s %s", said++ == 0 ? "" : ",",
			    config->targets[i].name);
	if (matches > said)
		text_format(&line, " or %" PRIu32 " more", matches - said);
	text_add(&line, ": say which");
	control_refuse(place, CONTROL_USAGE, line.bytes);
	return CONFIG_NONE;
}

/* With the target that may have been meant, where one is called much like the word. */
static void
refuse_unknown(struct place *place, const char *word, const char *what)
{
	const struct config *config = place->control->monitor->watch.config;
	struct nearest near = nearest_to(word);
	struct text line = TEXT_ROOM(ANSWER_LINE_MAX);

	for (uint32_t i = 0; i < config->target_count; i++)
		nearest_try(&near, config->targets[i].name);
	text_add(&line, what);
	if (near.best != NULL)
		text_format(&line, ": did you mean `%s`?", near.best);
	else
		text_add(&line, ": `postwatch status` lists them");
	control_refuse(place, CONTROL_USAGE, line.bytes);
}

/* Whether the run goes on, or was begun; a run that was not due is none of a series. */
static bool
begin_run(struct place *place)
{
	struct monitor *monitor = place->control->monitor;
	struct watched *watched = &monitor->watch.targets[place->target];

	if (watched->run != 0)
		return true;
	if (!monitor->watch.begun || monitor->watch.stopping
	    || watched->state.quarantined
	    || watched->apart || !orders_can_run(monitor->orders, place->target))
		return false;
	if (watched->due > monitor->watch.now + 2 * TICK) {
		place->due = watched->due;
		watched->by_hand = true;
	}
	watched->full = 0;
	orders_plan(monitor->orders, place->target, monitor->watch.now);
	orders_flush(monitor->orders);
	if (watched->run != 0)
		return true;
	watched->by_hand = false;
	if (place->due != 0)
		orders_plan(monitor->orders, place->target, place->due);
	return false;
}

static void
probe_now(struct place *place, const char *verb, char **words, size_t count)
{
	bool refused;

	(void)verb, (void)count;
	place->target = find_target(place, words[0], BY_HOST, &refused);
	place->due = 0;
	if (refused)
		return;
	if (place->target == CONFIG_NONE)
		refuse_unknown(place, words[0], "no such target is watched");
	else if (!begin_run(place))
		control_refuse(place, CONTROL_BUSY,
		    "it cannot be run now: it is quarantined or kept apart, or we begin or end");
	else
		place->waits = WAITS_FOR_RUN;
}

static void
pass_on(struct place *place, const char *verb, struct message_ask *ask, char **words, size_t count)
{
	struct control *control = place->control;
	const struct config *config = control->monitor->watch.config;
	int64_t longest = 0; /* what is sent is answered in the deadline of its notifier, which the keeper
	                      * knows */

	for (uint32_t i = 0; i < config->notifier_count; i++)
		if (config->notifiers[i].deadline > longest)
			longest = config->notifiers[i].deadline;
	ask->number = ++control->asks;
	snprintf(ask->verb, sizeof ask->verb, "%s", verb);
	snprintf(ask->who, sizeof ask->who, "%s", place->who);
	for (size_t i = 0; i < count; i++)
		ask->words[ask->word_count++] = (struct pw_bytes){ words[i], strlen(words[i]) };
	place->ask = ask->number;
	place->until = control->monitor->watch.now
	    + (strcmp(verb, "test") == 0 || strcmp(verb, "report") == 0 ? longest + spare
	                                                                : patience);
	place->waits = WAITS_FOR_KEEPER;
	if (!keeper_link_ask(control->monitor->keeper, ask))
		control_refuse(place, CONTROL_BUSY,
		    "the keeper cannot be asked now, so nothing was done: it begins, ends, or does "
		    "not keep up");
}

static void
pass_as_it_is(struct place *place, const char *verb, char **words, size_t count)
{
	struct message_ask ask = { .target = CONFIG_NONE };

	pass_on(place, verb, &ask, words, count);
}

/* What stands for a tag is no mere host. */
static uint32_t
find_or_tag(struct place *place, const char *word, bool *refused)
{
	return find_target(place, word, is_tag(place->control->monitor->watch.config, word)
	    ? BY_PORT : BY_HOST, refused);
}

/* A word is looked up as a target before it is taken for a tag, as the names of targets are what
 * people see. */
static void
pause_it(struct place *place, const char *verb, char **words, size_t count)
{
	const struct config *config = place->control->monitor->watch.config;
	bool refused;
	struct message_ask ask = { .target = find_or_tag(place, words[0], &refused) };
	bool known = ask.target != CONFIG_NONE;

	if (refused)
		return;
	if (!known)
		words[0] = tag_of(words[0]);
	known = known || is_tag(config, words[0]);
	if (!known || strlen(words[0]) >= (ask.target == CONFIG_NONE ? (size_t)PAUSE_TAG_MAX
	    : ASK_WORD_MAX))
		refuse_unknown(
		    place, words[0], "no such target is watched, and none has such a tag");
	else
		pass_on(place, verb, &ask, words, count);
}

static bool
end_quarantine(struct monitor *monitor, uint32_t target)
{
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (!monitor->watch.targets[target].state.quarantined)
		return false;
	message_put_release(&out, target);
	return packet_send(monitor->watch.duty->parent, packet, out.size, -1);
}

/* A pause may be of a tag that nobody has any more: the keeper knows. */
static void
resume(struct place *place, const char *verb, char **words, size_t count)
{
	struct monitor *monitor = place->control->monitor;
	bool refused;
	struct message_ask ask = { .target = find_or_tag(place, words[0], &refused) };

	if (refused)
		return;
	if (ask.target == CONFIG_NONE)
		words[0] = tag_of(words[0]);
	for (uint32_t i = 0; i < monitor->watch.config->target_count; i++)
		if (ask.target == CONFIG_NONE
		    ? target_has_tag(&monitor->watch.config->targets[i], words[0])
		    : i == ask.target)
			ask.released += end_quarantine(monitor, i);
	pass_on(place, verb, &ask, words, count);
}

/* The parent answers, or ends us: who asked sees the end of the connection. */
static void
reload(struct place *place, const char *verb, char **words, size_t count)
{
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)verb, (void)words, (void)count;
	place->ask = ++place->control->asks;
	place->waits = WAITS_FOR_PARENT;
	message_put_reload(&out, place->ask);
	if (!packet_send(place->control->monitor->watch.duty->parent, packet, out.size, -1))
		control_refuse(place, CONTROL_BUSY, "the parent cannot be asked now");
}

/*
 * Whether what we watch is what was kept: by then who asked for a reload need not wait any longer.
 */
static void
ready(struct place *place, const char *verb, char **words, size_t count)
{
	(void)verb, (void)words, (void)count;
	control_end(place, place->control->monitor->watch.begun ? 0 : CONTROL_BUSY);
}

static const struct verb {
	const char *name;
	size_t least, most; /* words */
	void (*run)(struct place *, const char *verb, char **words, size_t count);
} verbs[] = {
	{ "probe-now", 1, 1, probe_now },
	{ "ack", 2, 2, pass_as_it_is },
	{ "pause", 3, 3, pause_it },
	{ "resume", 1, 1, resume },
	{ "outbox", 2, 3, pass_as_it_is },
	{ "test", 1, 1, pass_as_it_is },
	{ "report", 3, 3, pass_as_it_is },
	{ "reload", 0, 0, reload },
	{ "ready", 0, 0, ready },
};

void
control_verbs_obey(struct place *place, char **words, size_t count)
{
	if (count < 2 || strcmp(words[0], "postwatch/1") != 0) {
		control_refuse(place, CONTROL_USAGE, "the running postwatch is of another version");
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, words[1]) != 0)
			continue;
		bool fits = count - 2 >= verb->least && count - 2 <= verb->most;
		for (size_t j = 2; j < count; j++)
			fits &= strlen(words[j]) <= ASK_WORD_MAX;
		if (!fits)
			control_refuse(place, CONTROL_USAGE,
			    "too many words, too few, or one that is too long");
		else
			verb->run(place, verb->name, words + 2, count - 2);
		return;
	}
	control_refuse(place, CONTROL_USAGE, "the running postwatch does not know that command");
}
