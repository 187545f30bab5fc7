/*
 * For the keeper: ends deliveries unsent while `shadow = true`, and counts them as if they had been
 * sent. A receipt of its own marks them in the store, by which `postwatch shadow` finds them, and
 * by which none of them is taken for told when shadow ends.
 */
#include "keeper/shadow.h"

#include <syslog.h>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/ledgers.h"
#include "keeper/policy_private.h"
#include "keeper/record.h"
#include "keeper/test_notice.h"
#include "keeper/withhold.h"

bool
shadow_takes(struct keeper *keeper, struct notifier *notifier, const struct delivery *delivery)
{
	const struct delivery told = *delivery;
	struct delivery each = { .notice = 0 };

	if (!keeper->config->shadow || test_notice_waits(keeper, notifier, told.notice))
		return false;
	if (told.kind == NOTICE_digest)
		ledgers_digest_sent(keeper, notifier, told.notice);
	while (outbox_next(keeper, notifier, STORE_QUEUE_NOTICE, told.notice, &each)) {
		if (each.state != STORE_DELIVERY_claimed)
			continue;
		each.withheld = true; /* so that it may be told when shadow has ended */
		outbox_drop(keeper, notifier, &each, SHADOW_RECEIPT);
		ledgers_sent(keeper, notifier, &each);
	}
	if (told.kind == NOTICE_digest)
		ledgers_digest_end(keeper, notifier, told.notice);
	keeper_log(keeper, LOG_INFO, "keeper: shadow: %s would be told of a notice (%s)",
	    notifier_rules(notifier)->name, notice_name(told.kind));
	record_commit(keeper);
	return true;
}

/* What is queued ends, and no notifier is known to have been told anything. */
static void
end(struct keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notifier *notifier = notifier_at(keeper, i);
		struct delivery each = { .notice = 0 };

		while (outbox_next(keeper, notifier, STORE_QUEUE_ALL, 0, &each)) {
			each.withheld = true;
			outbox_drop(keeper, notifier, &each, SHADOW_RECEIPT);
		}
		for (uint32_t target = 0; target < keeper->config->target_count; target++)
			if (ledgers_begin_anew(keeper, target, i))
				withhold_mark(keeper, target, true);
	}
}

void
shadow_recover(struct keeper *keeper)
{
	int64_t now = clock_wall();
	bool was = keeper_read_time(keeper, SHADOW_META) != 0;
	struct pw_bytes kept = { (const char *)&now, keeper->config->shadow ? sizeof now : 0 };

	if (keeper->config->shadow)
		keeper_log(keeper, LOG_NOTICE,
		    "keeper: shadow: nobody is told, what would have been told is recorded");
	if (was == keeper->config->shadow)
		return;
	if (was)
		end(keeper);
	keeper->policy->is_anew = was;
	store_put_meta(commit_queue_main(keeper), SHADOW_META, kept);
}
