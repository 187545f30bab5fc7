/*
 * For the monitor: stops ordering runs of a target whose probers died of it, or has it run in a
 * prober of its own, as the parent says, and tells people so.
 *
 * The parent decides that and says it to every monitor anew; people are told once, by the first
 * monitor.
 */
#include "monitor/held_targets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/vec.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"

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

/* Before the keeper has said what was known, what is done here would be undone by it: it is put
 * off. */
void
held_targets_take(struct monitor *monitor, const struct message_account *account)
{
	struct accounts_put_off *early = &monitor->watch.put_off;
	uint32_t target = account->target;

	assert(account->account < ACCOUNTS && target < monitor->watch.config->target_count);
	if (!monitor->watch.begun) {
		/* Without memory the target is run, and held anew where its prober dies. */
		if (VEC_RESERVE(early->items, early->count, early->room))
			early->items[early->count++] = *account;
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
	struct accounts_put_off *early = &monitor->watch.put_off;

	assert(monitor->watch.begun);
	for (uint32_t i = 0; i < early->count; i++)
		held_targets_take(monitor, &early->items[i]);
	free(early->items);
	*early = (struct accounts_put_off){ .items = NULL };
}
