/*
 * The keeper's process: its links and its loop. What the monitor decided is written, then answered, then told. SQLite may
 * let it wait for the disk; nobody waits for it.
 */
#include "keeper/keeper.h"
#include "keeper/sick.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "keeper/ask.h"
#include "keeper/beat.h"
#include "keeper/dispatch.h"
#include "keeper/evidence.h"
#include "keeper/record.h"
#include "keeper/trial.h"

enum { PACKETS_A_TURN = 256, BROKEN = 70, CANNOT_BEGIN = 71, LAST_LINES_MS = 1000 };
static const int64_t mark_every = 60 * (int64_t)SECOND, a_day = 24 * 3600 * (int64_t)SECOND;
static const int64_t clock_slack = 60 * (int64_t)SECOND; /* so far it may go back */

static void
hang_up(struct keeper *keeper)
{
	if (keeper->monitor >= 0)
		close(keeper->monitor);
	keeper->monitor = -1;
	keeper->recovering = false;
	asks_forget(keeper);
}

/* Reads up to `count` packets of the monitor's; true where there may be more. */
static bool
hear_monitor(struct keeper *keeper, int count)
{
	static unsigned char packet[WIRE_MAX];

	for (; count > 0 && keeper->monitor >= 0; count--) {
		ssize_t size = packet_read(keeper->monitor, packet, sizeof packet, NULL);

		if (size < 0)
			return false;
		if (size > 0 && keeper_hear(keeper, packet, (size_t)size))
			continue;
		if (size > 0)
			duty_blame(keeper->duty, DUTY_MONITOR, 0, "to the keeper");
		hang_up(keeper);
	}
	return keeper->monitor >= 0;
}

/* Whether the clock says less than a time that is stored, and that was written by a clock that nobody set back since. */
static bool
is_clock_behind(const struct keeper *keeper)
{
	return keeper->newest != 0 && clock_wall() < keeper->newest - CLOCK_DOUBT;
}

static struct message_committed
committed_so_far(const struct keeper *keeper)
{
	return (struct message_committed){ journal_committed(&keeper->journal, STORE_MAIN),
		journal_committed(&keeper->journal, STORE_HISTORY) };
}

static void
put_recovered(struct wire_out *out, const struct keeper *keeper)
{
	const struct message_committed committed = committed_so_far(keeper);
	const struct journal_side *sides = keeper->journal.sides;
	struct message_recovered recovered = { .runs = committed.runs, .runs_taken = sides[STORE_MAIN].taken.number,
		.results = committed.results, .results_taken = sides[STORE_HISTORY].taken.number, .run = keeper->run,
		.newest = is_clock_behind(keeper) ? keeper->newest : 0 };

	message_put_recovered(out, &recovered);
}

struct next_state {
	const struct keeper *keeper;
	uint64_t cursor;
	struct wire_out *out;
};

static bool
on_state(void *arg, const struct store_state *row)
{
	struct next_state *it = arg;
	uint32_t target = roll_target(it->keeper->roll, row->target);

	it->cursor = row->target;
	if (target != CONFIG_NONE && row->record.size > 0)
		message_put_state(it->out, &(struct message_state){ target, row->state[0] == '\0', row->record });
	return true;
}

bool
keeper_put_state(struct keeper *keeper, uint64_t *cursor, struct wire_out *out)
{
	static char own[WIRE_MAX];
	struct next_state it = { keeper, *cursor, out };
	enum store_reading answer = STORE_READ_MORE;
	int64_t size;

	while (*cursor != UINT64_MAX && out->size == 0 && answer == STORE_READ_MORE)
		answer = store_read_states(store_inside(keeper->store), it.cursor, 1, on_state, &it);
	if (answer == STORE_READ_BROKEN) {
		duty_log(keeper->duty, LOG_ERR, 0, "keeper: what was kept cannot be read: %s", store_reader_why(store_inside(keeper->store)));
		if (!sick_distrust(keeper))
			keeper->status = BROKEN;
		return false;
	}
	if (*cursor == UINT64_MAX || out->size > 0) {
		*cursor = it.cursor;
		return out->size > 0;
	}
	*cursor = UINT64_MAX;
	size = store_read_meta(store_inside(keeper->store), OWN_META, own, sizeof own);
	if (size > 0 && size <= (int64_t)sizeof own)
		message_put_state(out, &(struct message_state){ CONFIG_NONE, false, { own, (size_t)size } });
	return out->size > 0;
}

/* Everything that is known, as fast as the monitor takes it; what of it is not committed; then that it was everything. */
static void
recover(struct keeper *keeper)
{
	static unsigned char packet[WIRE_MAX];

	while (keeper->recovering) {
		struct wire_out out = wire_over(packet, sizeof packet);
		uint64_t cursor = keeper->cursor;
		const struct slip *run = NULL;
		bool more = keeper_put_state(keeper, &cursor, &out);

		if (keeper->status >= 0 || keeper->begin_anew)
			return;
		if (!more && (run = journal_uncommitted(&keeper->journal, keeper->run_sent)) == NULL)
			put_recovered(&out, keeper);
		if (!packet_send(keeper->monitor, run != NULL ? run->packet : packet, run != NULL ? run->size : out.size, -1))
			return;
		keeper->cursor = cursor;
		keeper->recovering = more || run != NULL;
		if (run != NULL)
			keeper->run_sent = run->number;
		if (!keeper->recovering)
			keeper->answered = committed_so_far(keeper);
	}
}

static bool
is_answer_due(const struct keeper *keeper)
{
	const struct message_committed now = committed_so_far(keeper);

	return keeper->monitor >= 0 && !keeper->recovering
	    && !(sequence_is_same(now.runs, keeper->answered.runs) && sequence_is_same(now.results, keeper->answered.results));
}

static void
answer(struct keeper *keeper)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);
	const struct message_committed now = committed_so_far(keeper);

	if (!is_answer_due(keeper))
		return;
	message_put_committed(&out, &now);
	if (packet_send(keeper->monitor, packet, out.size, -1))
		keeper->answered = now;
}

/* The new link is another monitor's, but first the last words of the one before are taken. */
static void
take_link(struct keeper *keeper, int socket)
{
	while (hear_monitor(keeper, PACKETS_A_TURN))
		continue;
	hang_up(keeper);
	keeper->monitor = socket;
	keeper->recovering = true;
	keeper->cursor = 0;
	keeper->run_sent = 0;
	keeper->blind_until = 0;
}

static bool
take_order(struct keeper *keeper, const void *packet, size_t size, int passed)
{
	struct wire_in in = wire_from(packet, size);
	struct message_link link;
	struct message_stop stop;

	if (message_kind(packet, size) == MESSAGE_LINK && passed >= 0 && message_get_link(&in, &link)) {
		if (link.duty == DUTY_MONITOR) {
			take_link(keeper, passed);
			return true;
		}
		if (link.duty == DUTY_NOTIFIER && link.index < keeper->outbox.count) {
			dispatch_link(keeper, link.index, passed);
			return true;
		}
	}
	if (passed >= 0)
		close(passed);
	if (message_kind(packet, size) == MESSAGE_FAILING)
		return beat_hear_parent(keeper, &in);
	if (message_kind(packet, size) == MESSAGE_ABSENT)
		return channel_hear_parent(keeper, &in);
	if (message_kind(packet, size) != MESSAGE_STOP || !message_get_stop(&in, &stop))
		return false;
	keeper->stop_by = clock_mono() + stop.grace;
	return true;
}

static void
hear_parent(struct keeper *keeper)
{
	unsigned char packet[1024];
	int passed;
	ssize_t size;

	while ((size = packet_read(keeper->duty->parent, packet, sizeof packet, &passed)) > 0) {
		if (!take_order(keeper, packet, (size_t)size, passed)) {
			keeper->status = BROKEN;
			return;
		}
	}
	if (size == 0)
		keeper->status = BROKEN;
}

/* The newest time by a clock that is believed. */
static void
mark_newest(struct keeper *keeper)
{
	if (is_clock_behind(keeper))
		return;
	keeper->newest = keeper->watched;
	store_put_meta(journal_main(keeper), "clock", (struct pw_bytes){ (const char *)&keeper->newest, sizeof keeper->newest });
}

/* That we watched until here, so that a gap can be told. */
static void
mark_watched(struct keeper *keeper)
{
	if (keeper->watched == keeper->watched_kept || keeper->journal.sides[STORE_MAIN].stuck)
		return;
	mark_newest(keeper);
	store_put_meta(journal_main(keeper), "watched",
	    (struct pw_bytes){ (const char *)&keeper->watched, sizeof keeper->watched });
	keeper->watched_kept = keeper->watched;
	keeper->next_mark = clock_mono() + mark_every;
}

static void
say_alive(struct keeper *keeper, int64_t now)
{
	if (now < keeper->next_alive)
		return;
	if (keeper->next_alive != 0 && now - keeper->next_alive > keeper->late_max)
		keeper->late_max = now - keeper->next_alive;
	duty_alive(keeper->duty, &(struct message_alive){ .late_max = keeper->late_max, .done = keeper->done });
	keeper->late_max = 0;
	keeper->next_alive = now + SECOND;
	evidence_say(keeper);
}

/* Told to stop, and either the monitor has said its last, or the time is over. */
static bool
may_end(const struct keeper *keeper, int64_t now)
{
	return keeper->stop_by != 0 && (keeper->monitor < 0 || now >= keeper->stop_by);
}

/* What is open, and what is to be told, goes by the new clock. */
static void
clock_set(struct keeper *keeper, int64_t moved)
{
	record_clock_set(keeper, moved);
	if (moved > SECOND || moved < -SECOND)
		store_set_clock(journal_main(keeper), moved);
}

/* Retention goes by the time of day, and what is deleted is gone: a clock that was set is believed after a day. */
static void
look_at_clock(struct keeper *keeper)
{
	int64_t offset = clock_wall() - clock_boot(), moved = offset - keeper->clock_offset;

	if (keeper->clock_offset != 0)
		clock_set(keeper, moved);
	if (keeper->clock_offset != 0 && (moved < -CLOCK_DOUBT || moved > CLOCK_DOUBT))
		keeper->newest = 0; /* somebody knows better, and what was written before may have been wrong */
	if (keeper->clock_offset == 0)
		moved = keeper->watched != 0 ? keeper->born - keeper->watched : 0;
	keeper->clock_offset = offset;
	if (moved > a_day || moved < -clock_slack) {
		duty_log(keeper->duty, LOG_NOTICE, 0, "keeper: the clock may be wrong: nothing that is kept is deleted for its age today");
		keeper->tend_from = clock_boot() + a_day;
	}
}

/* A step of what can wait: roll-ups, retention, checkpoints. */
static bool
tend(struct keeper *keeper)
{
	struct store_tended tended = { .more = false };

	if (clock_boot() < keeper->tend_from)
		return false;
	record_commit(keeper); /* nothing is to be under way */
	store_tend(keeper->store, clock_wall(), &tended);
	if (tended.crowded > 0 && !keeper->crowded_said) {
		keeper->crowded_said = true;
		record_ours(keeper, "impaired", "history_max", clock_wall(), "history.db has reached its largest size: what is oldest "
		    "goes before its time");
	}
	return tended.more;
}

static int
wait_for(const struct keeper *keeper)
{
	int64_t until = keeper->next_alive, now = clock_mono();
	int64_t journal = journal_next(keeper), outbox = dispatch_next(keeper);

	if (keeper->stop_by != 0 && keeper->stop_by < until)
		until = keeper->stop_by;
	if (journal < until)
		until = journal;
	if (outbox < until)
		until = outbox;
	return keeper->tend_more || until <= now ? 0 : (int)((until - now) / MILLISECOND) + 1;
}

static void
turn(struct keeper *keeper)
{
	bool waits = keeper->recovering || is_answer_due(keeper) || asks_wait(keeper);
	struct pollfd *polled = keeper->polled;
	bool idle;

	polled[0] = (struct pollfd){ .fd = keeper->duty->parent, .events = lines_wait(keeper->lines) ? POLLIN | POLLOUT : POLLIN };
	polled[1] = (struct pollfd){ .fd = keeper->monitor, .events = waits ? POLLIN | POLLOUT : POLLIN };
	store_let_go(keeper->store);
	idle = poll(polled, 2 + dispatch_poll(keeper, polled + 2), wait_for(keeper)) == 0;

	lines_flush(keeper->lines);
	hear_parent(keeper);
	look_at_clock(keeper);
	bool more = hear_monitor(keeper, PACKETS_A_TURN);
	if (keeper->monitor >= 0)
		recover(keeper);
	(void)window_clock_turn(&keeper->windows, clock_wall());
	unseen_turn(keeper);
	if (clock_mono() >= keeper->next_mark)
		mark_watched(keeper);
	if (journal_is_due(&keeper->journal, STORE_MAIN, !more))
		dispatch_commit(keeper);
	if (journal_is_due(&keeper->journal, STORE_HISTORY, !more))
		journal_commit(keeper, STORE_HISTORY);
	sick_turn(keeper);
	answer(keeper);
	trial_turn(keeper);
	if (keeper->monitor >= 0 && !keeper->recovering)
		asks_turn(keeper);
	for (uint32_t i = 0; i < keeper->outbox.count; i++)
		dispatch_hear(keeper, &keeper->outbox.couriers[i]);
	dispatch_turn(keeper);
	if (idle || clock_mono() >= keeper->next_alive)
		keeper->tend_more = tend(keeper) && idle;
	say_alive(keeper, clock_mono());
}

static bool
prepare(struct keeper *keeper, struct reason *why)
{
	const struct config *config = keeper->config;
	const struct sandbox_path state = { config->state, SANDBOX_WRITE, false };
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .paths = &state, .path_count = 1, .file_size = -1,
		.calls = CALLS_OF_KEEPER, .limits = limits_of(DUTY_KEEPER), .tell = duty_forbidden, .tell_to = keeper->duty };
	int landlock;

	keeper->zone = config->timezone == NULL ? zone_open_own() : zone_open(config->timezone, NULL);
	keeper->polled = calloc(config->notifier_count + 2, sizeof *keeper->polled);
	return keeper->polled != NULL && keeper_recover(keeper, why) && sandbox_enter(&sandbox, &landlock, why);
}

/* The monitor sees that the next keeper writes another store, and says again what is open. But one that was never told
 * what that store holds has to be told. */
static int
begin_anew(struct keeper *keeper)
{
	if (keeper->unread) {
		duty_log(keeper->duty, LOG_WARNING, 0, "keeper: the store can be read again: it begins anew with what is kept");
		duty_blame(keeper->duty, DUTY_MONITOR, 0, "nothing: it has to begin anew with what is kept");
		keeper_fini(keeper);
		return BROKEN;
	}
	duty_log(keeper->duty, LOG_ERR, 0, "keeper: what was kept is gone: it begins anew with what is open");
	keeper_fini(keeper);
	return BROKEN;
}

static int
end(struct keeper *keeper)
{
	if (keeper->begin_anew)
		return begin_anew(keeper);
	int status = keeper->status < 0 ? 0 : keeper->status;
	mark_watched(keeper);
	record_commit(keeper);
	journal_commit(keeper, STORE_HISTORY);
	sick_turn(keeper);
	sick_end(keeper);
	record_commit(keeper);
	journal_commit(keeper, STORE_HISTORY);
	if (cabinet_lost(keeper->cabinet) > 0)
		duty_log(keeper->duty, LOG_INFO, 0, "keeper: %llu legs of evidence gave way to younger ones",
		    (unsigned long long)cabinet_lost(keeper->cabinet));
	keeper_fini(keeper);
	return status;
}

int
keeper_main(struct duty *duty)
{
	static struct keeper keeper;
	static struct log_lines lines;
	struct reason why = { .text = "no memory" };

	lines_init(&lines, duty);
	keeper = (struct keeper){ .duty = duty, .config = duty->config, .monitor = -1, .status = -1, .lines = &lines };
	if (!prepare(&keeper, &why)) {
		duty_log(duty, LOG_ERR, 0, "keeper: cannot begin: %s", why.text);
		lines_end(&lines, LAST_LINES_MS);
		return CANNOT_BEGIN;
	}
	duty_ready(duty);
	while (keeper.status < 0 && !keeper.begin_anew && !may_end(&keeper, clock_mono()))
		turn(&keeper);
	int status = end(&keeper);
	lines_end(&lines, LAST_LINES_MS);
	lines_fini(&lines);
	return status;
}
