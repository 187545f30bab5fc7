/* Two batches for each file: one fills while the other is on its way, or waits for the disk. */
#include "keeper/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/vec.h"
#include "keeper/keeper.h"
#include "keeper/sick.h"

static const int64_t group_wait = 100 * (int64_t)MILLISECOND, history_wait = SECOND;
enum { SETTLED_MAX = 100000, HISTORY_GROUP = 2000 };

static const char *const file_names[STORE_FILES] = { "postwatch.db", "history.db" };

bool
journal_init(struct journal *journal, struct store *store)
{
	*journal = (struct journal){ .store = store, .serial = 1 };
	journal->open_last = &journal->open;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		journal->sides[file].open = store_batch_create(file);
		journal->sides[file].sent = store_batch_create(file);
		if (journal->sides[file].open == NULL || journal->sides[file].sent == NULL)
			return false;
	}
	return true;
}

static void
free_slips(struct slip **slips)
{
	for (struct slip *next; *slips != NULL; *slips = next) {
		next = (*slips)->next;
		free(*slips);
	}
}

void
journal_fini(struct journal *journal)
{
	store_close(&journal->store);
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		store_batch_destroy(&journal->sides[file].open);
		store_batch_destroy(&journal->sides[file].sent);
	}
	free_slips(&journal->open);
	free_slips(&journal->sent);
	free(journal->settled);
	*journal = (struct journal){ .store = NULL };
}

static struct store_batch *
fill(struct keeper *keeper, enum store_file file)
{
	struct journal_side *side = &keeper->journal.sides[file];

	if (side->since == 0)
		side->since = clock_mono();
	return side->open;
}

struct store_batch *
journal_main(struct keeper *keeper)
{
	return fill(keeper, STORE_MAIN);
}

struct store_batch *
journal_history(struct keeper *keeper)
{
	return fill(keeper, STORE_HISTORY);
}

bool
journal_has_room(const struct keeper *keeper, enum store_file file)
{
	const struct journal_side *side = &keeper->journal.sides[file];

	return store_batch_bytes(side->open) < JOURNAL_BYTES_MAX;
}

void
journal_add_change(struct keeper *keeper, uint64_t number, uint32_t generation, uint64_t notice, struct pw_bytes packet)
{
	struct journal *journal = &keeper->journal;
	struct slip *slip = malloc(sizeof *slip + packet.size);

	journal->changes++;
#ifdef KEEPER_ANSWERS_EARLY
	keeper_committed(keeper, generation, number);
#endif
	if (slip == NULL)
		keeper_out_of_memory(keeper, "a change");
	*slip = (struct slip){ .notice = notice, .number = number, .generation = generation, .size = (uint32_t)packet.size };
	memcpy(slip->packet, packet.data, packet.size);
	*journal->open_last = slip;
	journal->open_last = &slip->next;
}

struct knowledge
journal_known(const struct keeper *keeper)
{
	const struct journal_side *side = &keeper->journal.sides[STORE_MAIN];

	return (struct knowledge){ keeper->reader, { side->sent, side->open } };
}

void
journal_settle(struct keeper *keeper, uint32_t target, uint64_t run)
{
	struct journal *journal = &keeper->journal;

	if (journal->open == NULL && journal->sent == NULL) {
		cabinet_settle(keeper->cabinet, target, run);
		return;
	}
	if (journal->settled_count == SETTLED_MAX
	    || !VEC_RESERVE(journal->settled, journal->settled_count, journal->settled_room))
		return; /* its evidence gives way to newer in time */
	journal->settled[journal->settled_count++] = (struct settled){ target, run };
}

static void
tell(struct keeper *keeper, struct slip *slip)
{
	struct wire_in in = wire_from(slip->packet, slip->size);
	struct message_change change;

	if (slip->told || slip->size == 0)
		return;
	slip->told = true;
	if (message_get_change(&in, &change, keeper->config->target_count) && change.kind[0] != '\0')
		keeper_tell(keeper, &change);
}

/* What is committed is told, unless it was known: then it was told by who came before us. */
static void
finish_slips(struct keeper *keeper, const struct store_batch *batch)
{
	struct journal *journal = &keeper->journal;
	uint64_t as;

	for (struct slip *slip = journal->sent; slip != NULL; slip = slip->next) {
		if (slip->notice != 0 && batch != NULL && store_batch_notice_was_known(batch, slip->notice, &as))
			outbox_forget(keeper, slip->notice);
		else
			tell(keeper, slip);
		if (slip->generation != 0)
			keeper_committed(keeper, slip->generation, slip->number);
	}
	free_slips(&journal->sent);
	if (journal->open != NULL)
		return;
	for (uint32_t i = 0; i < journal->settled_count; i++)
		cabinet_settle(keeper->cabinet, journal->settled[i].target, journal->settled[i].run);
	journal->settled_count = 0;
}

void
journal_tell_sent(struct keeper *keeper)
{
	for (struct slip *slip = keeper->journal.sent; slip != NULL; slip = slip->next)
		tell(keeper, slip);
}

static void
on_done(struct keeper *keeper, enum store_file file, enum store_answer answer)
{
	struct journal *journal = &keeper->journal;
	struct journal_side *side = &journal->sides[file];

	side->flying = false;
	side->last = clock_mono();
	if (file == STORE_MAIN && store_batch_lacks_memory(side->sent))
		keeper_out_of_memory(keeper, "what is to be kept");
	if (answer == STORE_RETRY) {
		sick_begin(keeper, file);
		return;
	}
	if (answer == STORE_LOST)
		duty_log(keeper->duty, LOG_CRIT, 0, "keeper: %" PRIu32 " rows could not be kept in %s", store_batch_count(side->sent),
		    file_names[file]);
	if (file == STORE_MAIN) {
		journal->safe = journal->serial - 1;
		finish_slips(keeper, answer == STORE_COMMITTED ? side->sent : NULL);
	}
	store_batch_clear(side->sent);
}

static void
on_main(void *arg, enum store_answer answer)
{
	on_done(arg, STORE_MAIN, answer);
}

static void
on_history(void *arg, enum store_answer answer)
{
	on_done(arg, STORE_HISTORY, answer);
}

void
journal_submit(struct keeper *keeper, enum store_file file)
{
	struct journal_side *side = &keeper->journal.sides[file];

	side->flying = true;
	store_submit(keeper->journal.store, side->sent, file == STORE_MAIN ? on_main : on_history, keeper);
}

static void
commit(struct keeper *keeper, enum store_file file)
{
	struct journal *journal = &keeper->journal;
	struct journal_side *side = &journal->sides[file];
	struct store_batch *batch = side->open;

	if (side->flying || side->stuck || side->since == 0)
		return;
	side->open = side->sent;
	side->sent = batch;
	side->since = 0;
	if (file == STORE_MAIN) {
		journal->sent = journal->open;
		journal->open = NULL;
		journal->open_last = &journal->open;
		journal->changes = 0;
		journal->serial++;
	}
	journal_submit(keeper, file);
}

/* In trouble, what is new is told without waiting for the disk. */
static void
tell_open(struct keeper *keeper)
{
	for (struct slip *slip = keeper->journal.open; slip != NULL; slip = slip->next)
		tell(keeper, slip);
}

static bool
is_due(const struct keeper *keeper, enum store_file file, bool idle, int64_t now)
{
	const struct journal_side *side = &keeper->journal.sides[file];

	if (side->since == 0)
		return false;
	if (file == STORE_HISTORY)
		return now - side->since >= history_wait || store_batch_count(side->open) >= HISTORY_GROUP;
	return keeper->journal.changes >= JOURNAL_GROUP || now - side->since >= group_wait
	    || (idle && keeper->journal.changes > 0 && now - side->last >= group_wait);
}

void
journal_turn(struct keeper *keeper, bool idle)
{
	int64_t now = clock_mono();

	sick_turn(keeper);
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		if (is_due(keeper, file, idle, now))
			commit(keeper, file);
	if (keeper->journal.sides[STORE_MAIN].stuck)
		tell_open(keeper);
}

void
journal_hasten(struct keeper *keeper)
{
	commit(keeper, STORE_MAIN);
}

void
journal_flush(struct keeper *keeper)
{
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		commit(keeper, file);
}

int64_t
journal_next(const struct keeper *keeper)
{
	const struct journal *journal = &keeper->journal;
	int64_t next = journal->mend_at != 0 ? journal->mend_at : INT64_MAX;

	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		const struct journal_side *side = &journal->sides[file];
		int64_t due = side->since + (file == STORE_MAIN ? group_wait : history_wait);
		if (side->since != 0 && !side->stuck && due < next)
			next = due;
	}
	return next;
}

bool
journal_is_stuck(const struct journal *journal)
{
	return journal->sides[STORE_MAIN].stuck || journal->sides[STORE_HISTORY].stuck;
}

bool
journal_is_empty(const struct journal *journal)
{
	return journal->sides[STORE_MAIN].since == 0 && journal->sides[STORE_HISTORY].since == 0 && !journal_is_stuck(journal);
}

static void
lower(const struct slip *slip, uint32_t generation, uint64_t *lowest)
{
	for (; slip != NULL; slip = slip->next)
		if (slip->generation == generation && slip->number < *lowest)
			*lowest = slip->number;
}

uint64_t
journal_lowest(const struct journal *journal, uint32_t generation)
{
	uint64_t lowest = UINT64_MAX;

	lower(journal->open, generation, &lowest);
	lower(journal->sent, generation, &lowest);
	return lowest;
}

static uint64_t
hand_over(struct slip *slip, uint32_t generation, uint64_t number)
{
	for (; slip != NULL; slip = slip->next) {
		if (slip->generation == 0 || slip->size == 0)
			continue;
		slip->number = ++number;
		slip->generation = generation;
		slip->owed = true;
	}
	return number;
}

void
journal_hand_over(struct journal *journal, uint32_t generation)
{
	(void)hand_over(journal->open, generation, hand_over(journal->sent, generation, 0));
}

/* From what was sent to what is open. */
static struct slip *
next_slip(const struct journal *journal, const struct slip *slip)
{
	if (slip == NULL)
		return journal->sent != NULL ? journal->sent : journal->open;
	return slip->next != NULL || &slip->next == journal->open_last ? slip->next : journal->open;
}

struct slip *
journal_owed(const struct journal *journal, struct slip *after)
{
	struct slip *slip = next_slip(journal, after);

	while (slip != NULL && !slip->owed)
		slip = next_slip(journal, slip);
	return slip;
}
