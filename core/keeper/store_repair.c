/*
 * For the keeper: tries every 10 s to get a database file out of its trouble (disk full, an error
 * of input or output), and has people told when the trouble began and ended.
 *
 * While it lasts, what should go into the file is held in memory, is told all the same, and is
 * written when the file is well. It is one trouble, told once, until both files have been well for
 * a while; what comes between is written to the log.
 */
#include "keeper/store_repair.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/service_private.h"
#include "keeper/record.h"

static const int64_t calm = 30 * (int64_t)SECOND;
static const char meta_key[] = "sick";

static const char *const file_names[STORE_FILES] = { "postwatch.db", "history.db" };

/* Of a file that is sick already only what is new is said. */
static void
say_trouble(struct keeper *keeper, enum store_file file)
{
	static const char words[] = "%s cannot be written: %s; what happens is held in memory, and"
	    " it is tried again every 10 s";
	struct sick *sick = &keeper->service->sick;
	struct reason why = { .text = "?" };
	enum store_trouble_kind kind = store_trouble(keeper->store, file, &why);

	sick->last = clock_mono();
	if (sick->said[file] == kind)
		return;
	sick->said[file] = kind;
	if (sick->since != 0) {
		keeper_log(keeper, LOG_ERR, words, file_names[file], why.text);
		return;
	}
	keeper_put_time(keeper, meta_key, sick->since = clock_wall());
	record_ours(keeper, "impaired", "undurable", sick->since, words, file_names[file],
	    why.text);
}

void
store_repair_say_found(struct keeper *keeper, enum store_file file, const struct store_found *found)
{
	static const char words[] =
	    "%s is set aside as %s (%s): what it held is no longer known%s; "
	    "`sqlite3 FILE .recover` may bring back some of it";
	const char *again = file == STORE_MAIN ? ", what is down is told again" : "";

	static const char kept[] =
	    "%s is set aside as %s (%s): what is open goes on, what was over is no longer known; "
	    "`sqlite3 FILE .recover` may bring back some of it";

	if (found->aside[0] != '\0' && found->goes_on)
		record_ours(keeper, "impaired", "damaged", clock_wall(), kept, file_names[file],
		    found->aside, found->why.text);
	else if (found->aside[0] != '\0' && keeper->end.begin_anew)
		keeper_log(keeper, LOG_ERR, words, file_names[file], found->aside, found->why.text,
		    again);
	else if (found->aside[0] != '\0')
		record_ours(keeper, "impaired", "damaged", clock_wall(), words, file_names[file],
		    found->aside, found->why.text, again);
	else if (found->lost)
		record_ours(keeper, "impaired", "damaged", clock_wall(),
		    "%s was %s: what it held is no longer known%s", file_names[file], found->first
		    ? "gone" : "empty", again);
	else if (found->fresh && !found->first)
		keeper_log(keeper, LOG_WARNING, "keeper: %s was empty: it begins anew%s",
		    file_names[file], found->goes_on ? " with what is open" : "");
	if (found->redone)
		keeper_log(keeper, LOG_NOTICE, "keeper: what happened while %s could not be written"
		    " is known, and is written as soon as it can be", file_names[file]);
	if (found->lock_aside[0] != '\0')
		record_ours(keeper, "impaired", "damaged", clock_wall(),
		    "store.lock was no file, and is set aside as %s; nothing is lost",
		    found->lock_aside);
}

static void
mend(struct keeper *keeper, enum store_file file)
{
	struct store_found found;
	bool mended = commit_queue_mend(keeper, file, &found);

	store_repair_say_found(keeper, file, &found);
	if (keeper->end.begin_anew)
		return;
	if (!mended) {
		say_trouble(keeper, file);
		return;
	}
	keeper->service->sick.said[file] = STORE_WELL;
	keeper->service->sick.last = clock_mono();
	keeper_log(keeper, LOG_NOTICE, "%s can be written again, and what happened meanwhile has"
	    " been written", file_names[file]);
}

bool
store_repair_distrust(struct keeper *keeper)
{
	if (store_distrust(keeper->store))
		mend(keeper, STORE_MAIN);
	return keeper->end.begin_anew;
}

static void
say_well(struct keeper *keeper)
{
	struct sick *sick = &keeper->service->sick;
	int64_t since = sick->since;
	char but[96] = "";

	keeper_put_time(keeper, meta_key, sick->since = 0);
	if (sick->dropped > 0)
		snprintf(but, sizeof but, ", but for %" PRIu64 " rows of what was over, for which"
		    " memory had no room", sick->dropped);
	sick->dropped = 0;
	record_ours(keeper, "cleared", "undurable", since,
	    "the store can be written again, and what happened meanwhile has been "
	    "written%s%s", but, store_renew_reserve(keeper->store) ? ""
	    : "; but there is little space left on its disk");
}

void
store_repair_end(struct keeper *keeper)
{
	for (enum store_file file = STORE_MAIN; file < STORE_FILES && !keeper->end.begin_anew;
	    file++)
		if (commit_queue_is_stuck(keeper->commits, file)
		    && store_trouble(keeper->store, file, NULL) == STORE_LOG_GONE)
			mend(keeper, file);
}

void
store_repair_turn(struct keeper *keeper)
{
	struct sick *sick = &keeper->service->sick;
	bool due = commit_queue_mends(keeper->commits), stuck = false;
	uint64_t dropped = store_dropped(keeper->store);

	for (enum store_file file = STORE_MAIN; file < STORE_FILES && !keeper->end.begin_anew;
	    file++) {
		if (!commit_queue_is_stuck(keeper->commits, file))
			continue;
		say_trouble(keeper, file);
		if (due && file == STORE_MAIN) /* whose memory is written in whole groups */
			record_commit(keeper);
		if (due)
			mend(keeper, file);
		stuck |= commit_queue_is_stuck(keeper->commits, file);
	}
	if (commit_queue_since(keeper->commits, STORE_MAIN) == 0)
		store_keep_redo(keeper->store);
	if (dropped > 0 && sick->dropped == 0) /* how many went is said at the end */
		record_ours(keeper, "impaired", "undurable", sick->since,
		    "%s cannot be written for so long that memory is full: "
		    "of what is over and was told, the oldest goes", file_names[STORE_MAIN]);
	if (dropped > 0)
		sick->dropped = dropped;
	if (sick->since != 0 && !stuck && clock_mono() - sick->last >= calm)
		say_well(keeper);
}

void
store_repair_recover(struct keeper *keeper)
{
	struct sick *sick = &keeper->service->sick;

	sick->since = keeper_read_time(keeper, meta_key);
	sick->last = clock_mono();
}
