/*
 * For the keeper: gathers row operations into groups and commits each group as one transaction of
 * postwatch.db or history.db. There are two batches for each file: one fills while the other is on
 * its way, or, of history.db, waits for the disk.
 */
#include "keeper/commit_queue_private.h"

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

/* Frees the run that a link leads to. */
static void
drop_run(struct commit_queue *queue, struct pending_run **link)
{
	struct pending_run *run = *link;

	*link = run->next;
	if (queue->untold == &run->next)
		queue->untold = link;
	if (queue->end == &run->next)
		queue->end = link;
	free(run);
}

struct commit_queue *
commit_queue_create(struct store *store)
{
	struct commit_queue *queue = calloc(1, sizeof *queue);

	if (queue == NULL) {
		store_close(&store);
		return NULL;
	}
	*queue = (struct commit_queue){ .store = store, .unread = !store_is_read(store),
	    .serial = 1 };
	queue->untold = queue->end = &queue->runs;
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		struct commit_side *side = &queue->sides[file];

		side->open = file == STORE_MAIN ? store_batch_of(store) : store_batch_create(file);
		side->sent = file == STORE_MAIN ? store_batch_of(store) : store_batch_create(file);
		side->taken = side->submitted = side->committed = store_sequence(store, file);
		if (side->open == NULL || side->sent == NULL) {
			commit_queue_destroy(&queue);
			return NULL;
		}
	}
	return queue;
}

void
commit_queue_destroy(struct commit_queue **queue)
{
	if (*queue == NULL)
		return;
	store_close(&(*queue)->store);
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		store_batch_destroy(&(*queue)->sides[file].open);
		store_batch_destroy(&(*queue)->sides[file].sent);
	}
	while ((*queue)->runs != NULL)
		drop_run(*queue, &(*queue)->runs);
	free(*queue);
	*queue = NULL;
}

static struct store_batch *
fill(struct keeper *keeper, enum store_file file)
{
	struct commit_side *side = &keeper->commits->sides[file];

	if (side->since == 0)
		side->since = clock_mono();
	return side->open;
}

struct store_batch *
commit_queue_main(struct keeper *keeper)
{
	return fill(keeper, STORE_MAIN);
}

struct store_batch *
commit_queue_history(struct keeper *keeper)
{
	return fill(keeper, STORE_HISTORY);
}

void
commit_queue_add_run(struct keeper *keeper, const struct message_run *run, uint64_t left_out,
    struct pw_bytes packet)
{
	struct commit_queue *queue = keeper->commits;
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
	*queue->end = pending;
	queue->end = &pending->next;
	queue->open = queue->open != NULL ? queue->open : pending;
	queue->changes += run->change_count;
}

static void
forget_numbers(struct pending_run *from, const struct pending_run *until)
{
	for (; from != until; from = from->next)
		from->number = 0;
}

void
commit_queue_take(struct keeper *keeper, enum store_file file, struct sequence sequence)
{
	struct commit_side *side = &keeper->commits->sides[file];

	assert(sequence.birth != side->taken.birth || sequence.number > side->taken.number);
	(void)fill(keeper, file);
	/* What was taken of another sequence, and is not committed, is for no monitor any more to
	 * hold. */
	if (file == STORE_MAIN && sequence.birth != side->taken.birth)
		forget_numbers(keeper->commits->runs, NULL);
	side->taken = sequence;
#ifdef KEEPER_ANSWERS_EARLY /* a build of the tests, to show that they see it */
	side->committed = sequence;
#endif
}

const struct pending_run *
commit_queue_untold(const struct commit_queue *queue)
{
	return *queue->untold == queue->open ? NULL : *queue->untold;
}

/* Held is what a monitor that is born while the disk is sick needs. The oldest give way: of them it
 * learns from the states. */
void
commit_queue_told(struct commit_queue *queue)
{
	struct pending_run *pending = *queue->untold;

	assert(pending != NULL && pending != queue->open);
	if (pending->number == 0) {
		drop_run(queue, queue->untold);
		return;
	}
	queue->untold = &pending->next;
	queue->held_bytes += pending->size;
	while (queue->held_bytes > COMMIT_HELD_MAX) {
		assert(queue->untold != &queue->runs && queue->held_bytes >= queue->runs->size);
		queue->held_bytes -= queue->runs->size;
		drop_run(queue, &queue->runs);
	}
}

static void
say_lost(struct keeper *keeper, enum store_file file, uint64_t rows)
{
	if (rows > 0)
		keeper_log(keeper, LOG_CRIT, "keeper: %" PRIu64 " rows could not be kept in %s",
		    rows, file_names[file]);
}

static void
note_committed(struct commit_side *side)
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
begin_trouble(struct commit_queue *queue, enum store_file file)
{
	struct commit_side *side = &queue->sides[file];
	enum store_trouble_kind kind = store_trouble(queue->store, file, NULL);
	bool at_once = (kind == STORE_FULL || kind == STORE_LOG_GONE) && !side->mending;

	if (queue->mend_at == 0 || at_once)
		queue->mend_at = clock_mono() + (at_once ? 0 : mend_pause);
	if (queue->behind == 0)
		store_say_behind(queue->store, queue->behind = clock_wall());
	side->stuck = true;
}

static void
submit(struct keeper *keeper, enum store_file file)
{
	struct commit_queue *queue = keeper->commits;
	struct commit_side *side = &queue->sides[file];
	enum store_answer answer = store_submit(queue->store, side->sent);

	side->last = clock_mono();
	if (file == STORE_MAIN && store_batch_lacks_memory(side->sent))
		keeper_out_of_memory(keeper, "what is to be kept");
	if (answer == STORE_RETRY) {
		begin_trouble(queue, file);
		return;
	}
	say_lost(keeper, file, answer == STORE_LOST ? store_batch_count(side->sent)
	    : store_batch_refused(side->sent));
	store_batch_clear(side->sent);
	if (answer == STORE_IN_MEMORY)
		begin_trouble(queue, file);
	else {
		note_committed(side);
		queue->safe = file == STORE_MAIN ? queue->serial - 1 : queue->safe;
	}
}

bool
commit_queue_mend(struct keeper *keeper, enum store_file file, struct store_found *found)
{
	struct commit_queue *queue = keeper->commits;
	struct commit_side *side = &queue->sides[file];

	*found = (struct store_found){ .first = false };
	side->mending = true;
	if (!store_mend(queue->store, file, found)) {
		*found = (struct store_found){ .first = false };
		return false;
	}
	/* Where all that was kept is gone, or is read for the first time, what is true is to be
	 * told anew by the monitor, to a new keeper. But where what we hold is all there is, the
	 * file has that. */
	if (file == STORE_MAIN && (found->fresh ? !found->goes_on && !queue->unread
	    : found->unread || queue->unread)) {
		keeper->end.begin_anew = true;
		return false;
	}
	side->stuck = false;
	if (file == STORE_HISTORY)
		submit(keeper, file);
	else {
		queue->unread = false;
		say_lost(keeper, STORE_MAIN, found->refused);
		queue->safe = queue->serial - 1;
		while (queue->untold != &queue->runs)
			drop_run(queue, &queue->runs);
		queue->held_bytes = 0;
		forget_numbers(*queue->untold, queue->open);
		note_committed(side);
	}
	if (side->stuck)
		return false;
	side->mending = false;
	if (!queue->sides[STORE_MAIN].stuck && !queue->sides[STORE_HISTORY].stuck) {
		queue->mend_at = 0;
		store_say_behind(queue->store, queue->behind = 0);
	}
	return true;
}

bool
commit_queue_mends(struct commit_queue *queue)
{
	int64_t now = clock_mono();
	bool due = queue->mend_at != 0 && now >= queue->mend_at;
	bool stuck = queue->sides[STORE_MAIN].stuck || queue->sides[STORE_HISTORY].stuck;

	if (due || (stuck && queue->mend_at == 0))
		queue->mend_at = stuck ? now + mend_pause : 0;
	return due;
}

void
commit_queue_commit(struct keeper *keeper, enum store_file file)
{
	struct commit_queue *queue = keeper->commits;
	struct commit_side *side = &queue->sides[file];

	if (side->since == 0 || (file == STORE_HISTORY && side->stuck))
		return;
	assert(side->open != side->sent && queue->safe < queue->serial);
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
	queue->open = NULL;
	queue->changes = 0;
	queue->serial++;
	submit(keeper, file);
	if (!side->stuck)
		forget_numbers(*queue->untold, NULL);
}

bool
commit_queue_is_due(const struct commit_queue *queue, enum store_file file, bool idle)
{
	const struct commit_side *side = &queue->sides[file];
	int64_t now = clock_mono();

	if (side->since == 0)
		return false;
	if (file == STORE_HISTORY)
		return now - side->since >= history_wait || store_batch_count(side->open)
		    >= HISTORY_GROUP;
	return queue->changes >= COMMIT_GROUP || now - side->since >= group_wait
	    || (idle && queue->changes > 0 && now - side->last >= group_wait);
}

int64_t
commit_queue_next(const struct keeper *keeper)
{
	const struct commit_queue *queue = keeper->commits;
	int64_t next = queue->mend_at != 0 ? queue->mend_at : INT64_MAX;

	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++) {
		const struct commit_side *side = &queue->sides[file];
		int64_t due = side->since + (file == STORE_MAIN ? group_wait : history_wait);
		if (side->since != 0 && (file == STORE_MAIN || !side->stuck) && due < next)
			next = due;
	}
	return next;
}

bool
commit_queue_is_stuck(const struct commit_queue *queue, enum store_file file)
{
	return queue->sides[file].stuck;
}

bool
commit_queue_is_unread(const struct commit_queue *queue)
{
	return queue->unread;
}

size_t
commit_queue_history_bytes(const struct commit_queue *queue)
{
	return store_batch_bytes(queue->sides[STORE_HISTORY].open);
}

uint64_t
commit_queue_serial(const struct commit_queue *queue)
{
	return queue->serial;
}

bool
commit_queue_is_safe(const struct commit_queue *queue, uint64_t serial)
{
	return queue->safe >= serial;
}

int64_t
commit_queue_since(const struct commit_queue *queue, enum store_file file)
{
	return queue->sides[file].since;
}

struct sequence
commit_queue_taken(const struct commit_queue *queue, enum store_file file)
{
	return queue->sides[file].taken;
}

bool
commit_queue_is_told(const struct commit_queue *queue)
{
	return *queue->untold == NULL;
}

struct sequence
commit_queue_committed(const struct commit_queue *queue, enum store_file file)
{
	const struct commit_side *side = &queue->sides[file];

	return (struct sequence){ side->taken.birth, side->committed.birth == side->taken.birth
	    ? side->committed.number : 0 };
}

const struct pending_run *
commit_queue_uncommitted(const struct commit_queue *queue, uint64_t above)
{
	const struct pending_run *run = queue->runs;

	while (run != NULL && run->number <= above)
		run = run->next;
	return run;
}

void
keeper_put_time(struct keeper *keeper, const char *key, int64_t time)
{
	store_put_meta(commit_queue_main(keeper), key,
	    (struct pw_bytes){ (const char *)&time, sizeof time });
}

int64_t
keeper_read_time(const struct keeper *keeper, const char *key)
{
	int64_t time;

	return store_read_meta(store_inside(keeper->store), key, &time, sizeof time)
	    == (int64_t)sizeof time ? time : 0;
}

void
keeper_out_of_memory(struct keeper *keeper, const char *what)
{
	keeper_log(keeper, LOG_CRIT,
	    "keeper: no memory for %s: it ends, and the next one goes on from what is kept", what);
	_exit(EX_OSERR);
}
