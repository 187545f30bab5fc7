/*
 * Defaults taken from this host where the configuration sets nothing: host name, state folder,
 * number of cores, resolvers.
 */
#include "config/reader.h"

#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/input.h"

enum { TARGETS_A_PROBER = 5000 };

/* The name of this host, if it has a full one. Our own resolver is asked, with little patience. */
static const char *
own_name(struct reader *reader)
{
	static const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM };
	char name[256] = "";
	struct addrinfo *found = NULL;
	const char *helo = NULL;
	bool is_patient = getenv("RES_OPTIONS") != NULL;

	if (gethostname(name, sizeof name - 1) < 0 || name[0] == '\0')
		return NULL;
	if (strchr(name, '.') == NULL) {
		if (!is_patient)
			setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
		if (getaddrinfo(name, NULL, &hints, &found) == 0 && found->ai_canonname != NULL)
			snprintf(name, sizeof name, "%s", found->ai_canonname);
		if (found != NULL)
			freeaddrinfo(found);
		if (!is_patient)
			unsetenv("RES_OPTIONS");
	}
	if (strchr(name, '.') == NULL || strncasecmp(name, "localhost", 9) == 0 || !helo_parse(reader->arena, name, &helo, NULL))
		return NULL;
	return helo;
}

const char *
reader_find_state(struct reader *reader)
{
	const char *given = getenv("STATE_DIRECTORY");
	size_t size;

	if (reader->source->state != NULL)
		return path_absolute(reader->arena, "", reader->source->state);
	if (reader->global[GLOBAL_STATE].string != NULL)
		return reader->global[GLOBAL_STATE].string;
	if (given == NULL || given[0] != '/')
		return "/var/lib/postwatch";
	size = strcspn(given, ":");
	return arena_bytes(reader->arena, given, size);
}

static uint32_t
count_probers(const struct reader *reader)
{
	uint32_t wanted = (uint32_t)reader->global[GLOBAL_PROBERS].number, cores = 1;
	cpu_set_t set;

	if (wanted > 0)
		return wanted;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		cores = (uint32_t)CPU_COUNT(&set);
	wanted = (reader->config->target_count + TARGETS_A_PROBER - 1) / TARGETS_A_PROBER;
	if (wanted > cores)
		wanted = cores;
	return wanted == 0 ? 1 : wanted;
}

void
reader_look_around(struct reader *reader)
{
	struct config *config = reader->config;

	config->state = reader_find_state(reader);
	config->probers = count_probers(reader);
	if (reader->global[GLOBAL_HELO].string == NULL && (config->target_count > 0 || reader->source->own_name))
		config->helo = own_name(reader);
}
