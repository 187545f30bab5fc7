/*
 * The gate: the second process of a notifier whose plugin has one, such as `email`. It connects to
 * the peer (the relay), while the first process, the worker, runs the plugin's library without any
 * network. It has read its files, those of name resolution included, when it gives up its rights;
 * from then on it connects, and opens nothing.
 */
#include "notifier/gate.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

#include "base/limits.h"
#include "base/sandbox.h"
#include "base/secret_memory.h"
#include "config/config.h"
#include "config/ports.h"
#include "notifier/confine.h"
#include "notifier/opening.h"
#include "prober/look_up.h"
#include "prober/sources.h"

enum { CANNOT_BEGIN = 71 };

struct gate {
	struct pw_gate_host host;
	struct duty *duty;
	struct look_up names;
	void *memory; /* of the plugin */
	struct opening opening;
};

/* What a gate does is its plugin's alone: a delivery begins where it asks for the addresses of its
 * peer. */
static uint32_t
look_up_for(const struct pw_gate_host *host, const char *name, int64_t limit,
    struct sockaddr_storage *found, uint32_t max, char *why, size_t why_size)
{
	struct gate *gate
	    = (struct gate *)(void *)((char *)(uintptr_t)host - offsetof(struct gate, host));
	struct address addresses[RESOLVED_MAX];
	struct text text = { .bytes = why, .room = why_size };
	uint32_t count, room = max < RESOLVED_MAX ? max : RESOLVED_MAX;

	limits_look(true);
	limits_of_work(limits_of(DUTY_NOTIFIER)->work_seconds);
	count = look_up_host(&gate->names, name, limit, addresses, room, &text);
	assert(count <= room);
	for (uint32_t i = 0; i < count; i++) {
		memset(&found[i], 0, sizeof found[i]);
		memcpy(&found[i], &addresses[i].any, address_length(&addresses[i]));
	}
	return count;
}

static void
dispose(struct gate *gate, const struct pw_gate_ops *ops)
{
	look_up_close(&gate->names);
	secret_memory_free(&gate->memory, ops->memory_size);
	opening_fini(&gate->opening);
}

static bool
prepare(struct duty *duty, const struct pw_gate_ops *ops, struct gate *gate, struct reason *why)
{
	struct sandbox_ports resolvers = { { 0 } };
	struct sources sources;

	tzset(); /* what OpenSSL asks of it would read the zone's file later */
	if (!sandbox_enter_lightly(why))
		return false;
	/* With the copies that probers keep: a damaged file keeps no notice back. */
	sources_init(&sources, duty->config->state);
	if (!look_up_open(&gate->names, duty->config, &sources, why))
		return false;
	if (sources.said[0] != '\0')
		duty_log(duty, LOG_WARNING, 0, "%s", sources.said);
	if (gate->memory == NULL) {
		reason_set(why, "no memory");
		return false;
	}
	ports_add_resolvers(&resolvers, duty->config);
	return opening_do(&gate->opening, duty, ops->open, gate->memory, ops->memory_size, why)
	    && confine_gate(duty, ops, gate->memory, &resolvers, why);
}

int
gate_main(struct duty *duty)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	const struct pw_gate_ops *ops = plugin_gate(notifier->plugin);
	struct gate gate = { .host = { sizeof gate.host, look_up_for },
	    .duty = duty,
	    .memory = secret_memory_make(ops->memory_size) };
	struct reason why;

	(void)setenv("HOME", "/nonexistent", 1); /* libraries look for files of a user's there */
	if (!prepare(duty, ops, &gate, &why)) {
		duty_log(duty, LOG_ERR, 0, "%s cannot begin: %s", notifier->name, why.text);
		dispose(&gate, ops);
		return CANNOT_BEGIN;
	}
	/* It is there, and says which of its files it could not use; a worker that is gone by now
	 * is seen to be gone by `serve`. */
	(void)send(duty->gate, gate.opening.said, strlen(gate.opening.said) + 1, MSG_NOSIGNAL);
	ops->serve(gate.memory, duty->gate, &gate.host);
	limits_look(true); /* why it has ended, if that is it */
	ops->close(gate.memory);
	dispose(&gate, ops);
	return 0;
}
