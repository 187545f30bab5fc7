/* Warns of notifiers whose relay is itself a watched server: when that is down, nobody is told. */
#include "config/reader.h"

#include <string.h>

#include "config/host.h"

static const struct target *
find_target(const struct config *config, const struct host *relay)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].host, relay->ascii) == 0)
			return &config->targets[i];
	return NULL;
}

/* The host of "HOST" or "HOST:PORT". False: neither a name nor an address, and the plugin will say so. */
static bool
take_host(struct reader *reader, const char *place, struct host *host)
{
	const char *colon = strrchr(place, ':'), *first = strchr(place, ':');
	bool has_port = colon != NULL && (colon == first || colon[-1] == ']');
	struct reason why;

	return host_parse(reader->scratch, place, has_port ? (size_t)(colon - place) : strlen(place), host, &why);
}

static void
look_at(struct reader *reader, uint32_t index)
{
	const struct config_notifier *notifier = &reader->config->notifiers[index];
	const struct pw_setting *rows = notifier->plugin == NULL ? NULL : notifier->plugin->descriptor->settings;
	const struct target *target;
	struct host host;

	for (uint32_t i = 0; rows != NULL && notifier->values != NULL && rows[i].key != NULL; i++) {
		const char *place = rows[i].flags & PW_RELAY ? notifier->values->items[i].string : NULL;
		if (place == NULL || !take_host(reader, place, &host) || (target = find_target(reader->config, &host)) == NULL)
			continue;
		faults_warn(&reader->faults, reader->notifier_places[index], "the %s %s of notifier %s is watched itself, or a port beside it, "
		    "as %s (port %u): while that host is down it tells nobody; name a second notifier that goes another way", rows[i].key,
		    QUOTE(reader, place), notifier->name, target->name, target->port);
	}
}

void
reader_look_at_relays(struct reader *reader)
{
	for (uint32_t i = 0; i < reader->config->notifier_count; i++)
		look_at(reader, i);
}
