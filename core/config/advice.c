/*
 * For the reading of a configuration: warns of settings that are correct and yet not what anybody
 * wants: targets of which nobody would be told, tags and notifiers that match nothing (a tag with a
 * typing error tells nobody, for ever), and a mail relay of a notifier that is itself watched.
 */
#include "config/advice.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "config/reader.h"

enum {
	TOKEN_MIN = 12,   /* bytes */
	UNTOLD_NAMED = 10 /* targets that nobody is told of, or late; others are counted */
};
static const int64_t late = 3600 * (int64_t)SECOND;

/* The host of "HOST" or "HOST:PORT". Returns false if it is none: the plugin will say so. */
static bool
parse_relay(struct reader *reader, const char *place, struct host *host)
{
	const char *colon = strrchr(place, ':'), *first = strchr(place, ':');
	bool has_port = colon != NULL && (colon == first || colon[-1] == ']');
	struct reason why;

	return host_parse(
	    reader->scratch, place, has_port ? (size_t)(colon - place) : strlen(place), host, &why);
}

/* The settings of its plugin, to which its values belong; NULL: there are none. */
static const struct pw_setting *
rows_of(const struct config_notifier *notifier)
{
	return notifier->plugin == NULL || notifier->values == NULL
	    ? NULL
	    : notifier->plugin->descriptor->settings;
}

void
advice_of_relays(struct reader *reader)
{
	const struct config *config = reader->config;

	for (uint32_t index = 0; index < config->notifier_count; index++) {
		const struct config_notifier *notifier = &config->notifiers[index];
		const struct pw_setting *rows = rows_of(notifier);
		struct host host;

		for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++) {
			const char *relay = rows[i].flags & PW_RELAY
			    ? notifier->values->items[i].string
			    : NULL;
			uint32_t target = 0;

			if (relay == NULL || !parse_relay(reader, relay, &host))
				continue;
			while (target < config->target_count
			    && strcmp(config->targets[target].host, host.ascii) != 0)
				target++;
			if (target < config->target_count)
				WARN(reader, reader->notifier_nodes[index]->place,
				    "the %s %s of notifier %s is watched itself, or a port "
				    "beside it, as %s (port %u): while that host is down it "
				    "tells nobody; name a second notifier that goes another way",
				    rows[i].key, QUOTE(reader, relay), notifier->name,
				    config->targets[target].name, config->targets[target].port);
		}
	}
}

/* What its notices go through; NULL: its plugin has no such setting. */
static const char *
relay_of(const struct config_notifier *notifier)
{
	const struct pw_setting *rows = rows_of(notifier);

	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++)
		if (rows[i].flags & PW_RELAY)
			return notifier->values->items[i].string;
	return NULL;
}

/* A part of a URL that nobody would guess: a path or query of services that know their callers
 * by it ("/services/T0AB/B0CD/x7Yq..."), or a name and password before the host. */
static bool
holds_token(const char *url)
{
	static const char bytes[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *host = strstr(url, "://"), *at;
	bool token = false;

	if (host == NULL)
		return false;
	host += strlen("://");
	at = host + strcspn(host, "/?#");
	token = memchr(host, '@', (size_t)(at - host)) != NULL;
	while (!token && *at != '\0') {
		size_t size = strspn(at, bytes);

		token = size >= TOKEN_MIN && strcspn(at, "0123456789") < size
		    && strspn(at, "0123456789_-") < size;
		at += size + (at[size] != '\0');
	}
	return token;
}

/* Whoever may read the configuration, or is shown it, has the token; one in a file of its own
 * only the process knows that needs it. */
static void
warn_of_token(struct reader *reader, uint32_t index)
{
	const struct config_notifier *notifier = &reader->config->notifiers[index];
	const struct pw_setting *rows = rows_of(notifier);

	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++)
		for (uint32_t j = 0; rows[i].type == PW_STRING && rows[j].key != NULL; j++)
			if (rows[j].type == PW_SECRET && strcmp(rows[i].key, rows[j].key) == 0
			    && notifier->values->items[i].string != NULL
			    && holds_token(notifier->values->items[i].string))
				WARN(reader, reader->notifier_nodes[index]->place,
				    "notifier %s: its %s holds what looks like a token: put it "
				    "into a file that nobody else can read, and write %s_file = "
				    "\"PATH\"", notifier->name, rows[i].key, rows[i].key);
}

static void
warn_of_untold(struct reader *reader)
{
	const struct config *config = reader->config;
	uint32_t untold = 0;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct target *target = &config->targets[i];
		struct place place = reader->targets.places[i];

		if (target_is_told(config, target) || untold++ >= UNTOLD_NAMED)
			continue;
		WARN(reader, place, "nobody would be told that %s is down: %s", target->name,
		    target->policy->notify_count == 0
		        ? "its `notify` names no notifier"
		        : target_is_always_in_window(config, target)
		        ? "its `windows` leave no minute of the week"
		        : "no notifier that is meant for it wants \"down\" (see `tags`, `notify`, "
		          "`kinds` and `quiet`)");
	}
	assert(untold <= config->target_count);
	if (untold > UNTOLD_NAMED)
		WARN(reader, reader_main_file(reader),
		    "nobody would be told that any of %u more targets is down",
		    untold - UNTOLD_NAMED);
}

/* Of neighbours with one policy once. */
static void
warn_of_late(struct reader *reader)
{
	const struct config *config = reader->config;
	uint32_t named = 0;

	for (uint32_t i = 0; i < config->target_count && named < UNTOLD_NAMED; i++) {
		const struct target *target = &config->targets[i];
		bool again = i > 0 && config->targets[i - 1].policy == target->policy;
		int64_t after = again ? 0 : target_told_after(config, target);
		struct text span = TEXT_ROOM(32);

		if (after <= late || after == INT64_MAX)
			continue;
		units_add_duration(&span, after);
		WARN(reader, reader->targets.places[i],
		    "that %s is down would be told %s later: each notifier that is meant for it "
		    "has an `after`", target->name, span.bytes);
		named++;
	}
}

/* Of neighbours with one policy once; the whole leg is the phase behind the last. */
static void
warn_of_slow_limits(struct reader *reader)
{
	const struct config *config = reader->config;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct target *target = &config->targets[i];
		const struct policy *policy = target->policy;
		bool again = i > 0 && config->targets[i - 1].policy == policy;

		for (uint32_t phase = 0; !again && phase <= policy->phase_count; phase++) {
			const struct phase_plan *plan = phase < policy->phase_count
			    ? &policy->phases[phase]
			    : &policy->leg;
			struct text slow = TEXT_ROOM(32), limit = TEXT_ROOM(32);

			if (plan->slow == 0 || plan->slow < plan->routine
			    || plan->slow == policy_built_in(policy->probe, plan->name).slow)
				continue;
			units_add_duration(&slow, plan->slow);
			units_add_duration(&limit, plan->routine);
			WARN(reader, reader->targets.places[i],
			    "%s: `slow` of %s is %s, and its limit ends the attempt after %s: it "
			    "never warns; below %s it does",
			    target->name, plan->name, slow.bytes, limit.bytes, limit.bytes);
		}
	}
}

/* Of the tags of all targets, those of neighbours with one policy are tried once. */
static void
warn_of_tags(struct reader *reader, uint32_t index)
{
	const struct config *config = reader->config;
	const struct config_notifier *notifier = &config->notifiers[index];

	for (uint32_t i = 0; i < notifier->tag_count; i++) {
		const char *tag = notifier->tags[i];
		struct nearest near = nearest_to(tag);
		uint32_t target = 0;

		while (
		    target < config->target_count && !target_has_tag(&config->targets[target], tag))
			target++;
		if (target < config->target_count)
			continue;
		for (target = 0; target < config->target_count; target++) {
			const struct policy *policy = config->targets[target].policy;
			bool again = target > 0 && config->targets[target - 1].policy == policy;

			for (uint32_t j = 0; !again && j < policy->tag_count; j++)
				nearest_try(&near, policy->tags[j]);
		}
		WARN(reader, reader->notifier_nodes[index]->place,
		    "notifier %s: no target has the tag %s%s", notifier->name, QUOTE(reader, tag),
		    diagnostics_suggest(&reader->diagnostics,
		    near.best == NULL ? NULL : QUOTE(reader, near.best)));
	}
}

static bool
hears_of_any(const struct config *config, uint32_t index)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (notifier_hears_of(config, index, &config->targets[i]))
			return true;
	return false;
}

/* What stands in the way of a notifier: its fallback, its files, its hours, its targets. */
static void
warn_of_notifier(struct reader *reader, uint32_t index)
{
	const struct config *config = reader->config;
	const struct config_notifier *notifier = &config->notifiers[index];
	const struct pw_setting *rows = rows_of(notifier);
	const struct config_notifier *other = notifier->fallback == CONFIG_NONE
	    ? NULL
	    : &config->notifiers[notifier->fallback];
	const char *relay = relay_of(notifier), *others = other == NULL ? NULL : relay_of(other);
	struct place place = reader->notifier_nodes[index]->place;
	struct host host, beside;
	bool hears = hears_of_any(config, index);

	if (relay != NULL && others != NULL && parse_relay(reader, relay, &host)
	    && parse_relay(reader, others, &beside) && strcmp(host.ascii, beside.ascii) == 0)
		WARN(reader, place,
		    "notifier %s: its fallback %s sends through the same host: it helps only where "
		    "it goes another way", notifier->name, other->name);
	/* The daemon goes on by a copy of what was in a file, where it has one. */
	for (uint32_t i = 0; rows != NULL && rows[i].key != NULL; i++) {
		const char *path = strcmp(rows[i].key, "ca_file") == 0
		    ? notifier->values->items[i].string
		    : NULL;

		if (path != NULL && access(path, F_OK) != 0)
			WARN(reader, place, "notifier %s cannot work: ca_file: %s: %s",
			    notifier->name, QUOTE(reader, path), strerror(errno));
	}
	if (notifier_is_always_quiet(notifier))
		WARN(reader, place,
		    "notifier %s is told nothing: its `quiet` leaves no minute of the week",
		    notifier->name);
	/* As a fallback it is told what another could not tell. */
	for (uint32_t i = 0; !hears && i < config->notifier_count; i++)
		hears = config->notifiers[i].fallback == index && hears_of_any(config, i);
	if (!hears)
		WARN(reader, place,
		    "notifier %s is told of no target: neither its `tags` nor a `notify` lead to "
		    "it", notifier->name);
}

void
advice_of_reach(struct reader *reader)
{
	const struct config *config = reader->config;
	bool beats = config->heartbeat_interval != 0;

	for (uint32_t i = 0; i < config->notifier_count; i++)
		warn_of_token(reader, i);
	if (config->target_count == 0)
		return;
	warn_of_slow_limits(reader);
	if (config->notifier_count == (beats ? 1 : 0)) {
		WARN(reader, reader_main_file(reader),
		    "there are no `notifiers`: what happens is logged, and nobody is told");
		return;
	}
	warn_of_untold(reader);
	warn_of_late(reader);
	for (uint32_t i = 0; i < config->notifier_count; i++) {
		if (beats && i == config->heartbeat)
			continue;
		warn_of_tags(reader, i);
		warn_of_notifier(reader, i);
	}
}
