/*
 * For the keeper: has the notifier of the heartbeat request its URL every minute while all is well,
 * so that a service outside notices when Postwatch fails. No row of the store is written: a request
 * that was missed is not made up for.
 */
#include "keeper/heartbeat.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/service_private.h"
#include "keeper/policy.h"
#include "keeper/silences.h"
#include "keeper/ledgers.h"
#include "keeper/stale_targets.h"
#include "keeper/withhold.h"

enum { RAN_PERCENT = 90 };
static const int64_t late_max = 250 * (int64_t)MILLISECOND, store_max = 60 * (int64_t)SECOND,
    down_max = 600 * (int64_t)SECOND, reload_max = 600 * (int64_t)SECOND,
    health_max = 30 * (int64_t)SECOND;

bool
heartbeat_hear(struct keeper *keeper, struct wire_in *in)
{
	if (!message_get_health(in, &keeper->service->beat.health))
		return false;
	keeper->service->beat.heard = clock_mono();
	silences_hear(keeper, keeper->service->beat.health.blind);
	return true;
}

/* Results of history.db count as well: a daemon that cannot keep them is sick, though it can
 * still tell. */
static bool
store_is_well(const struct keeper *keeper)
{
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		int64_t since = commit_queue_since(keeper->commits, file);
		if (commit_queue_is_stuck(keeper->commits, file)
		    || (since != 0 && clock_mono() - since > store_max))
			return false;
	}
	return true;
}

/* Whether anybody has received it: that notice, or of a target any word that it is down. */
static bool
has_reached_somebody(const struct keeper *keeper, const struct delivery *delivery)
{
	uint32_t target = registry_target(keeper->registry, delivery->target);

	for (uint32_t i = 0; delivery->target != 0 && target != CONFIG_NONE
	    && i < keeper->config->notifier_count; i++)
		if (ledgers_sent_down(keeper, target, notifier_at(keeper, i)))
			return true;
	return store_was_sent(keeper->store, delivery->notice);
}

static bool
somebody_can_be_told(const struct keeper *keeper)
{
	uint32_t dead = 0, all = 0;

	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		all += !outbox_is_heartbeat(keeper, i);
		dead += !outbox_is_heartbeat(keeper, i) && notifier_is_dead(notifier_at(keeper, i));
	}
	assert(dead <= all);
	return all == 0 || dead < all;
}

/* The first word for a notifier that waits, in a digest or by itself, that nobody has heard of for
 * long, and that could be told. */
static void
look_at_notifiers(const struct keeper *keeper, struct text *why)
{
	if (!somebody_can_be_told(keeper))
		text_add(why, "no notifier can deliver anything");
	for (uint32_t i = 0; i < keeper->config->notifier_count && why->size == 0; i++) {
		const struct notifier *notifier = notifier_at(keeper, i);
		struct delivery unheard = { .notice = 0 };

		while (why->size == 0 && !policy_is_quiet(keeper, notifier)
		    && outbox_next_late(keeper, notifier,
		    down_max + notifier_rules(notifier)->after, true, &unheard))
			if (withhold_delivery(keeper, notifier, &unheard) == NULL
			    && !has_reached_somebody(keeper, &unheard))
				text_format(why, "nobody has been told of a %s"
				    " (notice %" PRIu64 ") for 10 min", notice_name(unheard.kind),
				    unheard.notice);
	}
}

bool
heartbeat_is_well(const struct keeper *keeper, struct text *why)
{
	const struct message_health *health = &keeper->service->beat.health;
	uint64_t due = (uint64_t)health->ran + health->passed_over;

	if (keeper->service->stale.since != 0) {
		stale_add_names(why, keeper);
		text_add(why, keeper->service->stale.count == 0
		    ? "targets that were not looked at have not been since"
		    : keeper->service->stale.count == 1 ? " is not looked at"
		    : " are not looked at");
	} else if (keeper->service->beat.heard == 0
	    || clock_mono() - keeper->service->beat.heard > health_max)
		text_add(why, "the monitor says nothing");
	else if (health->late > late_max)
		text_add(why, "runs begin too late");
	else if (due > 0 && health->ran * UINT64_C(100) < due * RAN_PERCENT)
		text_format(why, "%" PRIu32 " of %" PRIu64 " runs were passed over",
		    health->passed_over, due);
	else if (!store_is_well(keeper))
		text_add(why, "the store cannot be written");
	else if (keeper->service->beat.failing_since != 0
	    && clock_wall() - keeper->service->beat.failing_since > reload_max)
		text_add(why, "the configuration is faulty since it was to be reloaded");
	else
		look_at_notifiers(keeper, why);
	return why->size == 0;
}

/* In the store, for `status`. */
static void
put_why(struct keeper *keeper, const char *why)
{
	if (strcmp(keeper->service->beat.why, why) == 0)
		return;
	snprintf(keeper->service->beat.why, sizeof keeper->service->beat.why, "%s", why);
	store_put_meta(commit_queue_main(keeper), BEAT_META, text_view(why));
}

static void
say_change(struct keeper *keeper, bool well, const char *why)
{
	put_why(keeper, why);
	if (well == !keeper->service->beat.ill)
		return;
	keeper->service->beat.ill = !well;
	keeper_log(keeper, well ? LOG_NOTICE : LOG_WARNING, well
	    ? "keeper: all is well again: the heartbeat goes on%s"
	    : "keeper: the heartbeat is held back: %s", well ? "" : why);
}

/* The next one is due an interval after one that went out: one that found its notifier busy, or
 * us ill, goes as soon as that is over. */
void
heartbeat_turn(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	struct beat *beat = &keeper->service->beat;
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct text why = TEXT_ROOM(BEAT_WHY_MAX);
	bool well;

	if (config->heartbeat_interval == 0 || clock_mono() < beat->next)
		return;
	well = heartbeat_is_well(keeper, &why);
	if (beat->heard == 0 && keeper->service->stale.since == 0) /* it has hardly begun */
		return;
	say_change(keeper, well, why.bytes);
	struct notifier *notifier = notifier_at(keeper, config->heartbeat);
	if (!well || !notifier_is_free(notifier))
		return;
	message_put_notice(&out, &(struct message_notice){ .notice = BEAT_NOTICE,
	    .key = "heartbeat", .thread = "heartbeat", .kind = "test", .attempt = 1,
	    .detected = clock_wall(), .confirmed = clock_wall(), .text = { "all is well", 11 },
	    .recipient_count = 1, .recipients = { { "", 0 } } });
	if (!out.bad && notifier_hand(notifier, BEAT_NOTICE, packet, out.size))
		beat->next = clock_mono() + config->heartbeat_interval;
}

void
heartbeat_recover(struct keeper *keeper)
{
	char why[BEAT_WHY_MAX];
	int64_t size = store_read_meta(store_inside(keeper->store), BEAT_META, why, sizeof why - 1);

	if (size <= 0 || size >= (int64_t)sizeof why)
		return;
	why[size] = '\0';
	snprintf(keeper->service->beat.why, sizeof keeper->service->beat.why, "%s", why);
	if (keeper->config->heartbeat_interval == 0)
		put_why(keeper, "");
}

void
heartbeat_answered(struct keeper *keeper, const struct message_receipt *receipt)
{
	struct text text = TEXT_ROOM(4 * 256);
	bool sent = receipt->fate == PW_SENT;

	if (sent == !keeper->service->beat.refused)
		return;
	keeper->service->beat.refused = !sent;
	text_escape(&text, receipt->text);
	keeper_log(keeper, sent ? LOG_NOTICE : LOG_WARNING, "keeper: the heartbeat %s: %s", sent
	    ? "arrives again" : "does not arrive", text.bytes);
}
