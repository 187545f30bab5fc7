/*
 * For the parent: reports state to systemd: ready, status, stopping, watchdog. The signs of life
 * for the watchdog are not from a blind timer: they stop as soon as one child does not answer.
 */
#include "parent/manager.h"

#include <syslog.h>

#include "base/clock.h"
#include "base/notify.h"

void
manager_init(struct manager *manager, struct log *log)
{
	int64_t watchdog = notify_watchdog();

	*manager = (struct manager){
		.log = log, .watchdog = watchdog, .next_ping = clock_mono() + watchdog / 2
	};
}

void
manager_tell(struct manager *manager, const char *fields)
{
	struct reason why;

	if (!notify_send(fields, &why))
		log_say(manager->log, LOG_WARNING, "%s", why.text);
}

void
manager_ping(struct manager *manager, const struct tree *tree, bool ending, int64_t now)
{
	const char *silent;

	if (manager->watchdog == 0 || now < manager->next_ping)
		return;
	silent = ending ? NULL : tree_silent(tree, now);
	if (silent == NULL) {
		manager_tell(manager, "WATCHDOG=1");
		manager->next_ping = now + manager->watchdog / 2;
		manager->holds_back = false;
		return;
	}
	if (!manager->holds_back)
		log_say(manager->log, LOG_INFO,
		    "%s does not answer: the watchdog is not told that all is well", silent);
	manager->holds_back = true;
	manager->next_ping = now + SECOND; /* there is half the time left for it to be replaced */
}

int64_t
manager_next(const struct manager *manager)
{
	return manager->watchdog == 0 ? INT64_MAX : manager->next_ping;
}

void
manager_show(struct manager *manager, const struct tree *tree)
{
	const char *who = tree_missing(tree);
	struct text fields = TEXT_ROOM(64);

	if ((who != NULL) == manager->shows_missing)
		return;
	manager->shows_missing = who != NULL;
	text_add(&fields, "STATUS=");
	text_add(&fields, who != NULL ? who : "watching");
	text_add(&fields, who != NULL ? " is being replaced" : "");
	manager_tell(manager, fields.bytes);
}
