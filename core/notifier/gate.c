/*
 * The second process of a notifier: what its plugin keeps away from its library. It has read its files when it gives up
 * its rights; from then on it connects, and opens what name resolution needs, nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

#include "base/duty.h"
#include "base/sandbox.h"
#include "config/config.h"

enum { CANNOT_BEGIN = 71 };

/* /etc, and the folder that its resolv.conf is a link into: what is replaced by renaming is read as it is then. */
static bool
confine(struct reason *why)
{
	struct sandbox_path paths[2] = { { "/etc", SANDBOX_READ } };
	struct sandbox sandbox = { .network = SANDBOX_CONNECTS, .paths = paths, .path_count = 1 };
	char *real = realpath("/etc/resolv.conf", NULL), *end = real == NULL ? NULL : strrchr(real, '/');
	int landlock;
	bool done;

	if (end != NULL && end > real && strncmp(real, "/etc/", 5) != 0) {
		*end = '\0';
		paths[sandbox.path_count++] = (struct sandbox_path){ real, SANDBOX_READ };
	}
	done = sandbox_enter(&sandbox, &landlock, why);
	free(real);
	return done;
}

static bool
prepare(const struct config_notifier *notifier, const struct pw_gate_ops *ops, void *memory, struct reason *why)
{
	char words[256] = "";

	tzset(); /* what OpenSSL asks of it would read the zone's file later */
	if (!sandbox_enter_lightly(why))
		return false;
	if (memory == NULL || !ops->open(memory, notifier->values, words, sizeof words)) {
		words[sizeof words - 1] = '\0';
		reason_set(why, "%s", memory == NULL ? "no memory" : words);
		return false;
	}
	return confine(why);
}

int
gate_main(struct duty *duty)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	const struct pw_gate_ops *ops = plugin_gate(notifier->plugin);
	void *memory = calloc(1, ops->memory_size + 1);
	static const char ready = 1;
	struct reason why;

	(void)setenv("HOME", "/nonexistent", 1); /* libraries look for files of a user's there */
	if (!prepare(notifier, ops, memory, &why)) {
		duty_log(duty, LOG_ERR, 0, "%s cannot begin: %s", notifier->name, why.text);
		free(memory);
		return CANNOT_BEGIN;
	}
	/* One that is gone by now is seen to be gone by `serve`. */
	(void)send(duty->gate, &ready, sizeof ready, MSG_NOSIGNAL);
	ops->serve(memory, duty->gate);
	ops->close(memory);
	free(memory);
	return 0;
}
