/*
 * Quarantines targets and releases them, as the parent says, whose probers died of them.
 *
 * Whether a target is held is the parent's to say, and it says so to every monitor: it is told
 * once, by the first one.
 */
#include "monitor/held_targets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "monitor/monitor.h"
#include "monitor/notify.h"

struct account_put_off {
	struct account_put_off *next;
	struct message_account account;
};

static void
hold(struct monitor *monitor, uint32_t target, const char *text)
{
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[target];
	const struct moment now = watch_moment(watch);
	const struct change change = { .kind = NOTICE_impaired,
	    .code = codes_of(watch->codes, "plugin", NULL),
		.number = ++watched->state.number, .detected = now, .confirmed = now };
	const struct report report = { .target = target, .text = { text, strlen(text) } };

	orders_cancel(monitor->orders, target);
	watched->state.quarantined = true;
	if (!watched->was_held) /* else a monitor before us has told it */
		notify_change(monitor, target, &change, &report);
	watched->was_held = false;
	keeper_link_mark(monitor->keeper, target);
}

/* It is run again, if only apart. */
static void
release(struct monitor *monitor, uint32_t target, const char *text)
{
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[target];

	if (!watched->state.quarantined)
		return;
	watched->state.quarantined = false;
	duty_log(watch->duty, LOG_NOTICE, 0, "%s is watched again: %s",
	    watch_target(watch, target)->name, text);
	keeper_link_mark(monitor->keeper, target);
	orders_plan_soon(monitor->orders, target);
}

static void
put_off(struct account_put_off **last, const struct message_account *account)
{
	struct account_put_off *item = malloc(sizeof *item);

	if (item == NULL)
		return; /* the target is run, and held anew where its prober dies */
	*item = (struct account_put_off){ .account = *account };
	while (*last != NULL)
		last = &(*last)->next;
	*last = item;
}

/* Before the keeper has said what was known, what is done here would be undone by it: it is put
 * off. */
void
held_targets_take(struct monitor *monitor, const struct message_account *account)
{
	uint32_t target = account->target;

	assert(account->account < ACCOUNTS && target < monitor->watch.config->target_count);
	if (!monitor->watch.begun) {
		put_off(&monitor->accounts, account);
		return;
	}
	switch (account->account) {
	case ACCOUNT_FREE:
		release(monitor, target, account->text);
		return;
	case ACCOUNT_APART:
		release(monitor, target, account->text);
		orders_isolate(monitor->orders, target);
		return;
	case ACCOUNT_HELD:
		orders_end_isolation(monitor->orders, target);
		if (!monitor->watch.targets[target].state.quarantined)
			hold(monitor, target, account->text);
		return;
	case ACCOUNTS:
		break;
	}
}

void
held_targets_begin(struct monitor *monitor)
{
	assert(monitor->watch.begun);
	for (const struct account_put_off *item = monitor->accounts; item != NULL;
	    item = item->next)
		held_targets_take(monitor, &item->account);
	held_targets_end(monitor);
}

void
held_targets_end(struct monitor *monitor)
{
	while (monitor->accounts != NULL) {
		struct account_put_off *item = monitor->accounts;
		monitor->accounts = item->next;
		free(item);
	}
}
