/*
 * The gate process of a notifier: the second process, which does what its plugin keeps away from
 * its library. It has read its files when it gives up its rights, those of name resolution
 * included; from then on it connects, and opens nothing.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/duty.h"
#include "base/sandbox.h"
#include "config/accepted.h"
#include "config/config.h"
#include "prober/look_up.h"
#include "prober/sources.h"

enum { CANNOT_BEGIN = 71 };

struct gate {
	struct pw_gate_host host;
	struct look_up names;
	void *memory; /* of the plugin */
	struct pw_values *values; /* which name copies in the place of files that cannot be used; NULL: there are none */
	char (*copies)[PATH_MAX]; /* a row for each value */
};

static uint32_t
look_up_for(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max,
    char *why, size_t why_size)
{
	struct gate *gate = (struct gate *)(void *)((char *)(uintptr_t)host - offsetof(struct gate, host));
	struct address addresses[RESOLVED_MAX];
	struct text text = { .bytes = why, .room = why_size };
	uint32_t count = look_up(&gate->names, name, limit, addresses, max < RESOLVED_MAX ? max : RESOLVED_MAX, &text);

	for (uint32_t i = 0; i < count; i++) {
		memset(&found[i], 0, sizeof found[i]);
		memcpy(&found[i], &addresses[i].any, address_length(&addresses[i]));
	}
	return count;
}

/* With the copies that probers keep: a damaged file keeps no notice back. */
static bool
open_names(struct duty *duty, struct gate *gate, struct reason *why)
{
	struct sources sources;

	sources_init(&sources, duty->config->state);
	if (!look_up_open(&gate->names, duty->config, &sources, why))
		return false;
	if (sources.said[0] != '\0')
		duty_log(duty, LOG_WARNING, 0, "%s", sources.said);
	return true;
}

/* A file that is used, and may be copied: of a secret there is no copy. */
static const char *
file_of(const struct config_notifier *notifier, uint32_t setting)
{
	return notifier->plugin->descriptor->settings[setting].type == PW_PATH ? notifier->values->items[setting].string : NULL;
}

static void
keep_copies(struct duty *duty, const struct config_notifier *notifier)
{
	struct reason why;
	struct stat before;

	for (uint32_t i = 0; i < notifier->values->count; i++) {
		const char *path = file_of(notifier, i);

		if (path != NULL && stat(path, &before) == 0 && !accepted_copy(duty->config->state, path, &before, &why))
			duty_log(duty, LOG_WARNING, 0, "without a copy to go on with if it is damaged: %s", why.text);
	}
}

/* The values with the copies that there are. False: there is none. */
static bool
find_copies(struct duty *duty, const struct config_notifier *notifier, struct gate *gate)
{
	size_t size = sizeof *gate->values + notifier->values->count * sizeof gate->values->items[0];
	bool any = false;

	gate->values = malloc(size);
	gate->copies = calloc(notifier->values->count + 1, sizeof *gate->copies);
	if (gate->values == NULL || gate->copies == NULL)
		return false;
	memcpy(gate->values, notifier->values, size);
	for (uint32_t i = 0; i < notifier->values->count; i++) {
		const char *path = file_of(notifier, i);

		if (path == NULL || !accepted_copy_path(gate->copies[i], duty->config->state, path)
		    || access(gate->copies[i], R_OK) != 0)
			continue;
		gate->values->items[i].string = gate->copies[i];
		any = true;
	}
	return any;
}

/* Where a file cannot be used, what was in it before stays in force, also after a restart. */
static bool
open_plugin(struct duty *duty, const struct pw_gate_ops *ops, struct gate *gate, struct reason *why)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	char words[256] = "", ignored[256] = "";

	if (ops->open(gate->memory, notifier->values, words, sizeof words)) {
		keep_copies(duty, notifier);
		return true;
	}
	words[sizeof words - 1] = '\0';
	reason_set(why, "%s", words);
	memset(gate->memory, 0, ops->memory_size);
	if (!find_copies(duty, notifier, gate) || !ops->open(gate->memory, gate->values, ignored, sizeof ignored))
		return false;
	duty_log(duty, LOG_ERR, 0, "%s: %s: what was in its files before stays in force", notifier->name, why->text);
	return true;
}

static void
dispose(struct gate *gate)
{
	look_up_close(&gate->names);
	free(gate->values);
	free(gate->copies);
	free(gate->memory);
}

static bool
prepare(struct duty *duty, const struct pw_gate_ops *ops, struct gate *gate, struct reason *why)
{
	const struct sandbox sandbox = { .network = SANDBOX_CONNECTS };
	int landlock;

	tzset(); /* what OpenSSL asks of it would read the zone's file later */
	if (!sandbox_enter_lightly(why) || !open_names(duty, gate, why))
		return false;
	if (gate->memory == NULL) {
		reason_set(why, "no memory");
		return false;
	}
	return open_plugin(duty, ops, gate, why) && sandbox_enter(&sandbox, &landlock, why);
}

int
gate_main(struct duty *duty)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	const struct pw_gate_ops *ops = plugin_gate(notifier->plugin);
	struct gate gate = { .host = { sizeof gate.host, look_up_for }, .memory = calloc(1, ops->memory_size + 1) };
	static const char ready = 1;
	struct reason why;

	(void)setenv("HOME", "/nonexistent", 1); /* libraries look for files of a user's there */
	if (!prepare(duty, ops, &gate, &why)) {
		duty_log(duty, LOG_ERR, 0, "%s cannot begin: %s", notifier->name, why.text);
		dispose(&gate);
		return CANNOT_BEGIN;
	}
	/* One that is gone by now is seen to be gone by `serve`. */
	(void)send(duty->gate, &ready, sizeof ready, MSG_NOSIGNAL);
	ops->serve(gate.memory, duty->gate, &gate.host);
	ops->close(gate.memory);
	dispose(&gate);
	return 0;
}
