/*
 * Birth is recovery: the store is opened, its targets are matched with the configuration's, and memory is filled with what
 * is open. Where the disk is too sick to be read nothing is known, all targets begin
 * anew, and so they do again once it can be read.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/beat.h"
#include "keeper/gone.h"
#include "keeper/keeper.h"
#include "keeper/remind.h"
#include "keeper/rules.h"
#include "keeper/sick.h"
#include "keeper/withhold.h"

enum { PAGE = 1000, GAP_INTERVALS = 5 };
static const int64_t gap_min = 600 * (int64_t)SECOND;

uint32_t
keeper_runs_wanted(const struct keeper *keeper, uint32_t target)
{
	const struct policy *policy = keeper->config->targets[target].policy;
	uint32_t tries = policy->tries > CHANGE_ATTEMPTS_RAISED ? policy->tries : CHANGE_ATTEMPTS_RAISED;
	uint32_t runs = tries + policy->recover_tries + 2;

	return runs < CHANGE_ATTEMPTS_MAX ? runs : CHANGE_ATTEMPTS_MAX;
}

/* Reading goes on page by page from where `last` is; `failed`: there was no memory. */
struct reading {
	struct keeper *keeper;
	uint64_t last;
	struct store_evidence_key key;
	bool failed;
	bool broken;
};

static bool
on_target(void *arg, const struct store_target *row)
{
	struct reading *reading = arg;

	reading->last = row->number;
	reading->failed |= !roll_add(&reading->keeper->roll, row);
	return !reading->failed;
}

void
keeper_take_back(struct keeper *keeper, uint32_t target, const struct store_evidence *row)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_evidence evidence;

	if (!message_get_evidence(&in, &evidence, CONFIG_NONE))
		return;
	/* It went by the number that its target had then. */
	evidence.target = target;
	message_put_evidence(&out, &evidence);
	if (out.bad)
		return;
	cabinet_put(keeper->cabinet, &evidence, packet, out.size, keeper_runs_wanted(keeper, target));
	cabinet_mark(keeper->cabinet, target, evidence.run);
}

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct reading *reading = arg;
	uint32_t target = roll_target(&reading->keeper->roll, row->target);

	reading->key = (struct store_evidence_key){ row->run, row->leg, row->target };
	if (target != CONFIG_NONE)
		keeper_take_back(reading->keeper, target, row);
	return true;
}

static enum store_reading
read_targets(struct store_reader *reader, struct reading *reading)
{
	return store_read_targets(reader, reading->last, PAGE, on_target, reading);
}

static enum store_reading
read_evidence(struct store_reader *reader, struct reading *reading)
{
	return store_read_evidence(reader, 0, &reading->key, PAGE, on_evidence, reading);
}

static bool
read_all(struct keeper *keeper, enum store_reading (*read)(struct store_reader *, struct reading *), struct reason *why)
{
	struct reading reading = { .keeper = keeper, .key = STORE_EVIDENCE_FIRST };
	enum store_reading answer = STORE_READ_MORE;

	while (answer == STORE_READ_MORE && !reading.failed)
		answer = read(keeper->reader, &reading);
	if (reading.failed)
		reason_set(why, "no memory");
	else if (answer == STORE_READ_BROKEN)
		reason_set(why, "what was kept cannot be read: %s", store_reader_why(keeper->reader));
	return !reading.failed && answer != STORE_READ_BROKEN;
}

static uint64_t
next_target(void *arg)
{
	return store_number(arg, STORE_TARGETS);
}

static void
put_target(void *arg, const struct store_target *row, uint32_t target, bool anew)
{
	struct keeper *keeper = arg;
	struct store_batch *batch = journal_main(keeper);

	store_put_target(batch, row);
	/* One that comes back after it was gone begins anew. */
	if (target == CONFIG_NONE || (anew && row->known != 0))
		store_put_state(batch, &(struct store_state){ .target = row->number, .at = clock_wall(),
		    .record = { "", 0 } });
}

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
	int64_t size = store_read_meta(keeper->reader, "watched", &keeper->watched, sizeof keeper->watched);

	if (size != sizeof keeper->watched || keeper->config->target_count == 0) {
		keeper->watched = 0;
		return;
	}
	keeper->watched_kept = keeper->watched;
	if (store_read_meta(keeper->reader, "clock", &keeper->newest, sizeof keeper->newest) != sizeof keeper->newest)
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
	if (!read_all(keeper, read_targets, why) || !roll_match(&keeper->roll, next_target, keeper->journal.store))
		return false;
	roll_update(&keeper->roll, put_target, keeper, clock_wall());
	if (!read_all(keeper, read_evidence, why) || !outbox_recover(keeper, why))
		return false;
	pausing_recover(keeper);
	gone_tell(keeper);
	(void)window_clock_turn(&keeper->windows, clock_wall());
	remind_recover(keeper);
	channel_recover(keeper);
	damage_recover(keeper);
	beat_recover(keeper);
	withhold_recover(keeper);
	rules_recover(keeper);
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
	keeper->reader = store_inside(store);
	keeper->unread = !store_is_read(store);
	if (keeper->unread && store_trouble(store, STORE_MAIN, &what) != STORE_WELL)
		duty_log(keeper->duty, LOG_ERR, 0, "keeper: the store in %s cannot be read: %s: what is known is not known now",
		    keeper->config->state, what.text);
	keeper->run = store_read_last_run(keeper->reader);
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
	if (keeper->files == NULL || keeper->cabinet == NULL || !unseen_init(keeper) || !roll_init(&keeper->roll, keeper->config) || !outbox_open(keeper)
	    || !window_clock_init(&keeper->windows, keeper->config)) {
		reason_set(why, "no memory");
		return false;
	}
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (keeper->config->targets[i].parent != CONFIG_NONE)
			keeper->files[keeper->config->targets[i].parent].has_behind = true;
	if (!open_store(keeper, found, why))
		return false;
	if (!read_store(keeper, why)) {
		(void)sick_distrust(keeper); /* so that the next one can begin */
		return false;
	}
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		sick_say_found(keeper, file, &found[file]);
	journal_flush(keeper);
	return true;
}
