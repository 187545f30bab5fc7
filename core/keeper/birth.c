/*
 * Birth is recovery: the store is opened, its targets are matched with the configuration's, and memory is filled with what
 * is open. Where the disk is too sick to be read nothing is known, all targets begin anew, and so they do again once it can be
 * read.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "keeper/ask.h"
#include "keeper/beat.h"
#include "keeper/evidence.h"
#include "keeper/gone.h"
#include "keeper/keeper.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/remind.h"
#include "keeper/rules.h"
#include "keeper/sick.h"
#include "keeper/silences.h"

enum { GAP_INTERVALS = 5 };
static const int64_t gap_min = 600 * (int64_t)SECOND;

static int64_t
shortest_interval(const struct config *config)
{
	int64_t shortest = INT64_MAX;

	for (uint32_t i = 0; i < config->target_count; i++)
		if (config->targets[i].policy->interval < shortest)
			shortest = config->targets[i].policy->interval;
	return shortest;
}

/* Time in which nobody watched is unknown time; a long one is told, once. */
static void
tell_gap(struct keeper *keeper)
{
	char bytes[64];
	struct text span = TEXT_OVER(bytes);
	int64_t now = clock_wall(), least;
	int64_t size = store_read_meta(store_inside(keeper->store), "watched", &keeper->watched, sizeof keeper->watched);

	if (size != sizeof keeper->watched || keeper->config->target_count == 0) {
		keeper->watched = 0;
		return;
	}
	keeper->watched_kept = keeper->watched;
	if (store_read_meta(store_inside(keeper->store), "clock", &keeper->newest, sizeof keeper->newest) != sizeof keeper->newest)
		keeper->newest = keeper->watched;
	least = GAP_INTERVALS * shortest_interval(keeper->config);
	if (now - keeper->watched <= (least > gap_min ? least : gap_min))
		return;
	text_add_span(&span, now - keeper->watched);
	record_ours(keeper, "impaired", "gap", keeper->watched, "nothing was watched for %s: that time is unknown", bytes);
	/* Once: whoever comes next before the first result has it told already. */
	store_put_meta(journal_main(keeper), "watched", (struct pw_bytes){ (const char *)&now, sizeof now });
}

static bool
read_store(struct keeper *keeper, struct reason *why)
{
	if (!roll_recover(keeper->roll, keeper->store, journal_main(keeper), why) || !evidence_recover(keeper, why)
	    || !outbox_recover(keeper, why))
		return false;
	silences_recover(keeper);
	gone_tell(keeper);
	(void)window_clock_turn(&keeper->windows, clock_wall());
	remind_recover(keeper);
	channel_recover(keeper);
	damage_recover(keeper);
	beat_recover(keeper);
	policy_recover(keeper);
	sick_recover(keeper);
	unseen_recover(keeper);
	tell_gap(keeper);
	return true;
}

static const char *const opening_words[] = {
	[STORE_BUSY] = "another process writes it", [STORE_NEWER] = "a newer version has written it",
	[STORE_FAILED] = "the folder cannot be used" };

static bool
open_store(struct keeper *keeper, struct store_found found[STORE_FILES], struct reason *why)
{
	struct store_settings settings = { .folder = keeper->config->state,
		.keep_incidents = keeper->config->keep_incidents };
	enum store_opening opening;
	struct reason what = { .text = "" };
	struct store *store = store_open(&settings, &opening, found, &what);

	if (store == NULL) {
		reason_set(why, "the store in %s: %s: %s", keeper->config->state, opening_words[opening], what.text);
		return false;
	}
	if (!journal_init(&keeper->journal, store)) {
		reason_set(why, "no memory");
		return false;
	}
	keeper->store = store;
	keeper->unread = !store_is_read(store);
	if (keeper->unread && store_trouble(store, STORE_MAIN, &what) != STORE_WELL)
		duty_log(keeper->duty, LOG_ERR, 0, "keeper: the store in %s cannot be read: %s: what is known is not known now",
		    keeper->config->state, what.text);
	keeper->run = store_read_last_run(store_inside(keeper->store));
	return true;
}

bool
keeper_recover(struct keeper *keeper, struct reason *why)
{
	struct store_found found[STORE_FILES] = { { 0 } };

	keeper->born = clock_wall();
	keeper->own_change = (uint64_t)keeper->born;
	keeper->files = calloc(keeper->config->target_count + 1, sizeof *keeper->files);
	keeper->cabinet = cabinet_create(keeper->config->target_count, CABINET_BYTES_MAX);
	if (keeper->files == NULL || keeper->cabinet == NULL || !unseen_init(keeper)
	    || (keeper->roll = roll_create(keeper->config)) == NULL || !outbox_open(keeper)
	    || !window_clock_init(&keeper->windows, keeper->config)) {
		reason_set(why, "no memory");
		return false;
	}
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		if (!rules_open(keeper, &keeper->outbox.couriers[i])) {
			reason_set(why, "no memory");
			return false;
		}
	if (!open_store(keeper, found, why))
		return false;
	if (!read_store(keeper, why)) {
		(void)sick_distrust(keeper); /* so that the next one can begin */
		return false;
	}
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		sick_say_found(keeper, file, &found[file]);
	record_commit(keeper);
	return true;
}

static void
forget_courier(struct courier *courier)
{
	if (courier->fd >= 0)
		close(courier->fd);
	packet_queue_clear(&courier->out);
	free(courier->handed);
	free(courier->missed);
	zone_close(&courier->zone);
}

static void
forget_outbox(struct keeper *keeper)
{
	struct outbox_of *outbox = &keeper->outbox;

	for (uint32_t i = 0; outbox->couriers != NULL && i < outbox->count; i++)
		forget_courier(&outbox->couriers[i]);
	free(outbox->couriers);
}

/* Nothing is written here: a death by kill has no time for it either. */
void
keeper_fini(struct keeper *keeper)
{
	asks_forget(keeper);
	forget_outbox(keeper);
	free(keeper->files);
	journal_fini(&keeper->journal);
	roll_destroy(&keeper->roll);
	unseen_fini(keeper);
	cabinet_destroy(&keeper->cabinet);
	zone_close(&keeper->zone);
	window_clock_fini(&keeper->windows);
	free(keeper->polled);
	if (keeper->monitor >= 0)
		close(keeper->monitor);
	*keeper = (struct keeper){ .monitor = -1 };
}
