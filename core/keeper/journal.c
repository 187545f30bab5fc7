/* Two batches for each file: one fills while the other is on its way, or, of history.db, waits for
 * the disk. */
#include "keeper/journal_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "keeper/keeper.h"

static const int64_t group_wait = 100 * (int64_t)MILLISECOND, history_wait = SECOND,
    mend_pause = 10 * (int64_t)SECOND;
enum { HISTORY_GROUP = 2000 };

static const char *const file_names[STORE_FILES] = { "postwatch.db", "history.db" };

static void
free_runs(struct pending_run **pending)
{
	for (struct pending_run *next; *pending != NULL; *pending = next) {
		next = (*pending)->next;
		free(*pending);
	}
}

struct journal *
journal_create(struct store *store)
{
	struct journal *journal = calloc(1, sizeof *journal);

	if (journal == NULL) {
		store_close(&store);
		return NULL;
	}
	*journal = (struct journal){ .store = store, .unread = !store_is_read(store), .serial = 1 };
	journal->open_last = &journal->open;
	journal->done_last = &journal->done;
	journal->held_last = &journal->held;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		struct journal_side *side = &journal->sides[file];

		side->open = file == STORE_MAIN ? store_batch_of(store) : store_batch_create(file);
		side->sent = file == STORE_MAIN ? store_batch_of(store) : store_batch_create(file);
		side->taken = side->submitted = side->committed = store_sequence(store, file);
		if (side->open == NULL || side->sent == NULL) {
			journal_destroy(&journal);
			return NULL;
		}
	}
	return journal;
}

void
journal_destroy(struct journal **journal)
{
	if (*journal == NULL)
		return;
	store_close(&(*journal)->store);
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		store_batch_destroy(&(*journal)->sides[file].open);
		store_batch_destroy(&(*journal)->sides[file].sent);
	}
	free_runs(&(*journal)->open);
	free_runs(&(*journal)->done);
	free_runs(&(*journal)->held);
	free(*journal);
	*journal = NULL;
}

static struct store_batch *
fill(struct keeper *keeper, enum store_file file)
{
	struct journal_side *side = &keeper->journal->sides[file];

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
journal_has_room(const struct keeper *keeper)
{
	return store_has_room(keeper->journal->store);
}

void
journal_add_run(struct keeper *keeper, const struct message_run *run, uint64_t left_out,
    struct pw_bytes packet)
{
	struct journal *journal = keeper->journal;
	struct pending_run *pending = malloc(sizeof *pending + packet.size);

	if (pending == NULL)
		keeper_out_of_memory(keeper, "a run");
	assert(run->changes.data >= packet.data && run->changes.data + run->changes.size
	    <= packet.data + packet.size);
	*pending = (struct pending_run){ .number = run->sequence.number, .left_out = left_out,
	    .ours = run->sequence.birth == 0, .target = run->target, .size = (uint32_t)packet.size,
	    .changes_at = (uint32_t)(run->changes.data - packet.data),
	    .changes_size = (uint32_t)run->changes.size };
	memcpy(pending->packet, packet.data, packet.size);
	*journal->open_last = pending;
	journal->open_last = &pending->next;
	journal->changes += run->change_count;
}

static void
forget_numbers(struct pending_run *pending)
{
	for (; pending != NULL; pending = pending->next)
		pending->number = 0;
}

void
journal_take(struct keeper *keeper, enum store_file file, struct sequence sequence)
{
	struct journal_side *side = &keeper->journal->sides[file];

	assert(sequence.birth != side->taken.birth || sequence.number > side->taken.number);
	(void)fill(keeper, file);
	if (file == STORE_MAIN && sequence.birth != side->taken.birth) {
		/* What was taken of another sequence, and is not committed, is for no monitor any
		 * more to hold. */
		forget_numbers(keeper->journal->held);
		forget_numbers(keeper->journal->done);
		forget_numbers(keeper->journal->open);
	}
	side->taken = sequence;
#ifdef KEEPER_ANSWERS_EARLY /* a build of the tests, to show that they see it */
	side->committed = sequence;
#endif
}

/* For a monitor that is born while the disk is sick. The oldest give way: of them it learns from
 * the states. */
static void
hold(struct journal *journal, struct pending_run *pending)
{
	*journal->held_last = pending;
	journal->held_last = &pending->next;
	journal->held_bytes += pending->size;
	while (journal->held_bytes > JOURNAL_HELD_MAX) {
		struct pending_run *oldest = journal->held;

		journal->held = oldest->next;
		journal->held_bytes -= oldest->size;
		free(oldest);
	}
	if (journal->held == NULL)
		journal->held_last = &journal->held;
}

const struct pending_run *
journal_untold(const struct journal *journal)
{
	return journal->done;
}

void
journal_told(struct journal *journal)
{
	struct pending_run *pending = journal->done;

	assert(pending != NULL && journal->done_last != &journal->done);
	journal->done = pending->next;
	if (journal->done == NULL)
		journal->done_last = &journal->done;
	pending->next = NULL;
	if (pending->number == 0)
		free(pending);
	else
		hold(journal, pending);
}

static void
say_lost(struct keeper *keeper, enum store_file file, uint64_t rows)
{
	if (rows > 0)
		keeper_log(keeper, LOG_CRIT, "keeper: %" PRIu64 " rows could not be kept in %s",
		    rows, file_names[file]);
}

static void
note_committed(struct journal_side *side)
{
	assert(side->submitted.birth != side->taken.birth || side->submitted.number
	    <= side->taken.number);
#ifndef KEEPER_ANSWERS_EARLY
	side->committed = side->submitted;
#endif
}

/* What was sent to a file is not kept: it is held in memory, and so is all that comes behind it. A
 * full disk is helped at once as long as there is space in reserve, and what is in a lost log is
 * saved. */
static void
begin_trouble(struct journal *journal, enum store_file file)
{
	struct journal_side *side = &journal->sides[file];
	enum store_trouble_kind kind = store_trouble(journal->store, file, NULL);
	bool at_once = (kind == STORE_FULL || kind == STORE_LOG_GONE) && !side->mending;

	if (journal->mend_at == 0 || at_once)
		journal->mend_at = clock_mono() + (at_once ? 0 : mend_pause);
	if (journal->behind == 0)
		store_say_behind(journal->store, journal->behind = clock_wall());
	side->stuck = true;
}

static void
submit(struct keeper *keeper, enum store_file file)
{
	struct journal *journal = keeper->journal;
	struct journal_side *side = &journal->sides[file];
	enum store_answer answer = store_submit(journal->store, side->sent);

	side->last = clock_mono();
	if (file == STORE_MAIN && store_batch_lacks_memory(side->sent))
		keeper_out_of_memory(keeper, "what is to be kept");
	if (answer == STORE_RETRY) {
		begin_trouble(journal, file);
		return;
	}
	say_lost(keeper, file, answer == STORE_LOST ? store_batch_count(side->sent)
	    : store_batch_refused(side->sent));
	store_batch_clear(side->sent);
	if (answer == STORE_IN_MEMORY)
		begin_trouble(journal, file);
	else {
		note_committed(side);
		journal->safe = file == STORE_MAIN ? journal->serial - 1 : journal->safe;
	}
}

bool
journal_mend(struct keeper *keeper, enum store_file file, struct store_found *found)
{
	struct journal *journal = keeper->journal;
	struct journal_side *side = &journal->sides[file];

	*found = (struct store_found){ .first = false };
	side->mending = true;
	if (!store_mend(journal->store, file, found)) {
		*found = (struct store_found){ .first = false };
		return false;
	}
	/* Where all that was kept is gone, or is read for the first time, what is true is to be
	 * told anew by the monitor, to a new keeper. But where what we hold is all there is, the
	 * file has that. */
	if (file == STORE_MAIN && (found->fresh ? !found->goes_on && !journal->unread
	    : found->unread || journal->unread)) {
		keeper->begin_anew = true;
		return false;
	}
	side->stuck = false;
	if (file == STORE_HISTORY)
		submit(keeper, file);
	else {
		journal->unread = false;
		say_lost(keeper, STORE_MAIN, found->refused);
		journal->safe = journal->serial - 1;
		free_runs(&journal->held);
		journal->held_last = &journal->held;
		journal->held_bytes = 0;
		forget_numbers(journal->done);
		note_committed(side);
	}
	if (side->stuck)
		return false;
	side->mending = false;
	if (!journal->sides[STORE_MAIN].stuck && !journal->sides[STORE_HISTORY].stuck) {
		journal->mend_at = 0;
		store_say_behind(journal->store, journal->behind = 0);
	}
	return true;
}

bool
journal_mends(struct journal *journal)
{
	int64_t now = clock_mono();
	bool due = journal->mend_at != 0 && now >= journal->mend_at;
	bool stuck = journal->sides[STORE_MAIN].stuck || journal->sides[STORE_HISTORY].stuck;

	if (due || (stuck && journal->mend_at == 0))
		journal->mend_at = stuck ? now + mend_pause : 0;
	return due;
}

void
journal_commit(struct keeper *keeper, enum store_file file)
{
	struct journal *journal = keeper->journal;
	struct journal_side *side = &journal->sides[file];

	if (side->since == 0 || (file == STORE_HISTORY && side->stuck))
		return;
	assert(side->open != side->sent && journal->safe < journal->serial);
	struct store_batch *batch = side->open;
	side->open = side->sent;
	side->sent = batch;
	side->since = 0;
	if (!sequence_is_same(side->taken, side->submitted)) {
		side->submitted = side->taken;
#ifndef KEEPER_LOSES_A_NUMBER /* another one */
		store_put_sequence(side->sent, side->taken);
#endif
	}
	if (file == STORE_HISTORY) {
		submit(keeper, file);
		return;
	}
	*journal->done_last = journal->open;
	if (journal->open != NULL)
		journal->done_last = journal->open_last;
	journal->open = NULL;
	journal->open_last = &journal->open;
	journal->changes = 0;
	journal->serial++;
	submit(keeper, file);
	if (!side->stuck)
		forget_numbers(journal->done);
}

bool
journal_is_due(const struct journal *journal, enum store_file file, bool idle)
{
	const struct journal_side *side = &journal->sides[file];
	int64_t now = clock_mono();

	if (side->since == 0)
		return false;
	if (file == STORE_HISTORY)
		return now - side->since >= history_wait || store_batch_count(side->open)
		    >= HISTORY_GROUP;
	return journal->changes >= JOURNAL_GROUP || now - side->since >= group_wait
	    || (idle && journal->changes > 0 && now - side->last >= group_wait);
}

int64_t
journal_next(const struct keeper *keeper)
{
	const struct journal *journal = keeper->journal;
	int64_t next = journal->mend_at != 0 ? journal->mend_at : INT64_MAX;

	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		const struct journal_side *side = &journal->sides[file];
		int64_t due = side->since + (file == STORE_MAIN ? group_wait : history_wait);
		if (side->since != 0 && (file == STORE_MAIN || !side->stuck) && due < next)
			next = due;
	}
	return next;
}

bool
journal_is_stuck(const struct journal *journal, enum store_file file)
{
	return journal->sides[file].stuck;
}

bool
journal_is_unread(const struct journal *journal)
{
	return journal->unread;
}

size_t
journal_history_bytes(const struct journal *journal)
{
	return store_batch_bytes(journal->sides[STORE_HISTORY].open);
}

uint64_t
journal_serial(const struct journal *journal)
{
	return journal->serial;
}

bool
journal_is_safe(const struct journal *journal, uint64_t serial)
{
	return journal->safe >= serial;
}

int64_t
journal_since(const struct journal *journal, enum store_file file)
{
	return journal->sides[file].since;
}

struct sequence
journal_taken(const struct journal *journal, enum store_file file)
{
	return journal->sides[file].taken;
}

bool
journal_is_told(const struct journal *journal)
{
	return journal->open == NULL && journal->done == NULL;
}

struct sequence
journal_committed(const struct journal *journal, enum store_file file)
{
	const struct journal_side *side = &journal->sides[file];

	return (struct sequence){ side->taken.birth, side->committed.birth == side->taken.birth
	    ? side->committed.number : 0 };
}

static const struct pending_run *
first_above(const struct pending_run *pending, uint64_t number)
{
	while (pending != NULL && pending->number <= number)
		pending = pending->next;
	return pending;
}

const struct pending_run *
journal_uncommitted(const struct journal *journal, uint64_t above)
{
	const struct pending_run *found = first_above(journal->held, above);

	if (found == NULL)
		found = first_above(journal->done, above);
	return found != NULL ? found : first_above(journal->open, above);
}

void
keeper_out_of_memory(struct keeper *keeper, const char *what)
{
	keeper_log(keeper, LOG_CRIT,
	    "keeper: no memory for %s: it ends, and the next one goes on from what is kept", what);
	_exit(EX_OSERR);
}
