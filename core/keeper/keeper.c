/*
 * The keeper's process: its start, its links to monitor and notifiers, and its loop. What the
 * monitor decided is written, then answered, then told to people. SQLite may make the keeper wait
 * for the disk; no other process waits for the keeper. Each start is a recovery: where the disk
 * cannot be read nothing is known, all targets begin anew, and so they do again once it can be
 * read.
 */
#include <poll.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "keeper/heartbeat.h"
#include "keeper/dispatch.h"
#include "keeper/evidence.h"
#include "keeper/removed_targets.h"
#include "keeper/lines.h"
#include "keeper/monitor_link.h"
#include "keeper/policy.h"
#include "keeper/record.h"
#include "keeper/remind.h"
#include "keeper/reports.h"
#include "keeper/service_private.h"
#include "keeper/servers.h"
#include "keeper/store_repair.h"
#include "keeper/silences.h"
#include "keeper/test_notice.h"
#include "keeper/stale_targets.h"
#include "keeper/watch_time.h"

enum { BROKEN = 70, CANNOT_BEGIN = 71, LAST_LINES_MS = 1000 };

/* What the loop goes by. */
struct loop {
	struct log_lines lines;  /* outlive the keeper */
	struct pollfd *polled;   /* parent, monitor, notifiers */
	bool tend_more;          /* the store has more to do in idle time */
	bool crowded_said;
	int64_t next_alive, late_max;
};

static bool
open_store(struct keeper *keeper, struct store_found found[STORE_FILES], struct reason *why)
{
	static const char *const words[] = { [STORE_BUSY] = "another process writes it",
		[STORE_NEWER] = "a newer version has written it",
		    [STORE_FAILED] = "the folder cannot be used" };
	struct store_settings settings = { .folder = keeper->config->state,
		.keep_incidents = keeper->config->keep_incidents };
	enum store_opening opening;
	struct reason what = { .text = "" };

	keeper->store = store_open(&settings, &opening, found, &what);
	if (keeper->store == NULL) {
		reason_set(why, "the store in %s: %s: %s", keeper->config->state, words[opening],
		    what.text);
		return false;
	}
	if ((keeper->commits = commit_queue_create(keeper->store)) == NULL) {
		reason_set(why, "no memory");
		return false;
	}
	if (commit_queue_is_unread(keeper->commits)
	    && store_trouble(keeper->store, STORE_MAIN, &what) != STORE_WELL)
		keeper_log(keeper, LOG_ERR,
		    "keeper: the store in %s cannot be read: %s: what is known is not known now",
		    keeper->config->state, what.text);
	keeper->service->link.run = store_read_last_run(store_inside(keeper->store));
	return true;
}

static bool
read_store(struct keeper *keeper, struct reason *why)
{
	if (!registry_recover(keeper->registry, keeper->store, commit_queue_main(keeper), why)
	    || !evidence_recover(keeper, why))
		return false;
	outbox_recover(keeper);
	silences_recover(keeper);
	removed_targets_tell(keeper);
	policy_look_at_windows(keeper);
	remind_recover(keeper);
	channel_recover(keeper);
	heartbeat_recover(keeper);
	policy_recover(keeper);
	store_repair_recover(keeper);
	stale_recover(keeper);
	watch_recover(keeper);
	reports_recover(keeper);
	return true;
}

static bool
open_service(struct keeper *keeper)
{
	const struct config *config = keeper->config;
	struct service *service = keeper->service = calloc(1, sizeof *service);

	if (service == NULL)
		return false;
	service->link.socket = -1;
	service->time.born = clock_wall();
	service->stale.targets = calloc(config->target_count + 1, sizeof *service->stale.targets);
	service->channels = calloc(config->notifier_count + 1, sizeof *service->channels);
	service->damages = calloc(config->notifier_count + 1, sizeof *service->damages);
	service->reported = calloc(config->report_count + 1, sizeof *service->reported);
	return service->stale.targets != NULL && service->channels != NULL
	    && service->damages != NULL && service->reported != NULL;
}

bool
keeper_recover(struct keeper *keeper, struct reason *why)
{
	struct store_found found[STORE_FILES] = { { 0 } };

	keeper->registry = registry_create(keeper->config);
	if (keeper->registry == NULL || !open_service(keeper) || !outbox_open(keeper)
	    || !policy_open(keeper) || !record_open(keeper)) {
		reason_set(why, "no memory");
		return false;
	}
	if (!open_store(keeper, found, why))
		return false;
	if (!read_store(keeper, why)) {
		(void)store_repair_distrust(keeper); /* so that the next one can begin */
		return false;
	}
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		store_repair_say_found(keeper, file, &found[file]);
	record_commit(keeper);
	return true;
}

/* Nothing is written here: a death by kill has no time for it either. */
void
keeper_fini(struct keeper *keeper)
{
	struct service *service = keeper->service;

	if (service != NULL) {
		monitor_hang_up(keeper);
		free(service->stale.targets);
		free(service->channels);
		free(service->damages);
		free(service->reported);
		free(service);
	}
	policy_close(keeper);
	outbox_close(keeper);
	record_close(keeper);
	commit_queue_destroy(&keeper->commits);
	registry_destroy(&keeper->registry);
	*keeper = (struct keeper){ .end.status = -1 };
}

static bool
take_order(struct keeper *keeper, const void *packet, size_t size, int passed)
{
	struct wire_in in = wire_from(packet, size);
	struct message_link link;
	struct message_stop stop;

	if (message_kind(packet, size) == MESSAGE_LINK && passed >= 0
	    && message_get_link(&in, &link)) {
		if (link.duty == DUTY_MONITOR) {
			monitor_take_link(keeper, passed);
			return true;
		}
		if (link.duty == DUTY_NOTIFIER && link.index < keeper->config->notifier_count) {
			dispatch_link(keeper, link.index, passed);
			return true;
		}
	}
	if (passed >= 0)
		close(passed);
	if (message_kind(packet, size) == MESSAGE_FAILING)
		return message_get_failing(&in, &keeper->service->beat.failing_since);
	if (message_kind(packet, size) == MESSAGE_ABSENT)
		return channel_hear_parent(keeper, &in);
	if (message_kind(packet, size) != MESSAGE_STOP || !message_get_stop(&in, &stop))
		return false;
	keeper->end.by = clock_mono() + stop.grace;
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
			keeper->end.status = BROKEN;
			return;
		}
	}
	if (size == 0)
		keeper->end.status = BROKEN;
}

/* A step of what can wait: roll-ups, retention, checkpoints. */
static bool
tend(struct keeper *keeper, struct loop *loop)
{
	struct store_maintained tended = { .more = false };
	bool filling;

	if (!watch_may_tend(keeper))
		return false;
	filling = servers_fill(keeper);
	record_commit(keeper); /* nothing is to be under way */
	store_maintain(keeper->store, clock_wall(), &tended);
	if (tended.crowded > 0 && !loop->crowded_said) {
		loop->crowded_said = true;
		record_ours(keeper, "impaired", "history_max", clock_wall(),
		    "history.db has reached its largest size: what is oldest goes before its time");
	}
	return tended.more || filling;
}

static void
say_alive(struct keeper *keeper, struct loop *loop, int64_t now)
{
	if (now < loop->next_alive)
		return;
	if (loop->next_alive != 0 && now - loop->next_alive > loop->late_max)
		loop->late_max = now - loop->next_alive;
	duty_alive(keeper->duty, &(struct message_alive){ .late_max = loop->late_max,
	    .done = record_done(keeper) });
	loop->late_max = 0;
	loop->next_alive = now + SECOND;
	evidence_say(keeper);
}

/* How long the loop may wait, milliseconds. */
static int
wait_for(const struct keeper *keeper, const struct loop *loop)
{
	int64_t until = loop->next_alive, now = clock_mono();
	int64_t commit = commit_queue_next(keeper), dispatch = dispatch_next(keeper);

	if (keeper->end.by != 0 && keeper->end.by < until)
		until = keeper->end.by;
	if (commit < until)
		until = commit;
	if (dispatch < until)
		until = dispatch;
	return loop->tend_more || until <= now ? 0 : (int)((until - now) / MILLISECOND) + 1;
}

/* Returns whether nothing has come. */
static bool
wait_for_links(struct keeper *keeper, struct loop *loop)
{
	struct pollfd *polled = loop->polled;
	nfds_t count = 2;

	polled[0] = (struct pollfd){ .fd = keeper->duty->parent, .events = lines_wait(&loop->lines)
	    ? POLLIN | POLLOUT : POLLIN };
	polled[1] = (struct pollfd){ .fd = keeper->service->link.socket,
	    .events = monitor_waits(keeper) ? POLLIN | POLLOUT : POLLIN };
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		notifier_poll(notifier_at(keeper, i), &polled[count++]);
	store_let_go(keeper->store);
	return poll(polled, count, wait_for(keeper, loop)) == 0;
}

static void
turn(struct keeper *keeper, struct loop *loop)
{
	bool idle = wait_for_links(keeper, loop), more;

	lines_flush(&loop->lines);
	hear_parent(keeper);
	watch_clock(keeper);
	more = monitor_hear(keeper);
	monitor_recover(keeper);
	policy_look_at_windows(keeper);
	stale_turn(keeper);
	watch_mark(keeper, false);
	if (commit_queue_is_due(keeper->commits, STORE_MAIN, !more))
		dispatch_commit(keeper);
	if (commit_queue_is_due(keeper->commits, STORE_HISTORY, !more))
		commit_queue_commit(keeper, STORE_HISTORY);
	store_repair_turn(keeper);
	test_notice_turn(keeper);
	monitor_answer(keeper);
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++)
		dispatch_hear(keeper, notifier_at(keeper, i));
	dispatch_turn(keeper);
	if (idle || clock_mono() >= loop->next_alive)
		loop->tend_more = tend(keeper, loop) && idle;
	say_alive(keeper, loop, clock_mono());
}

static bool
prepare(struct keeper *keeper, struct loop *loop, struct reason *why)
{
	const struct config *config = keeper->config;
	const struct sandbox_path state = { config->state, SANDBOX_WRITE, false };
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .paths = &state,
		.path_count = 1, .file_size = -1, .calls = CALLS_OF_KEEPER,
		.limits = limits_of(DUTY_KEEPER), .tell = duty_forbidden, .tell_to = keeper->duty };
	int landlock;

	loop->polled = calloc(config->notifier_count + 2, sizeof *loop->polled);
	return loop->polled != NULL && keeper_recover(keeper, why)
	    && sandbox_enter(&sandbox, &landlock, why);
}

static int
end(struct keeper *keeper)
{
	int status = keeper->end.status < 0 ? 0 : keeper->end.status;
	bool unread;

	for (int i = 0; i < 2 && !keeper->end.begin_anew; i++) {
		watch_mark(keeper, true);
		record_commit(keeper);
		commit_queue_commit(keeper, STORE_HISTORY);
		store_repair_turn(keeper);
		store_repair_end(keeper);
	}
	unread = commit_queue_is_unread(keeper->commits);
	if (keeper->end.begin_anew && unread) {
		/* The monitor sees that the next keeper writes another store, and says again what
		 * is open. But one that was never told what that store holds has to be told. */
		keeper_log(keeper, LOG_WARNING,
		    "keeper: the store can be read again: it begins anew with what is kept");
		duty_blame(keeper->duty, DUTY_MONITOR, 0,
		    "nothing: it has to begin anew with what is kept");
		status = BROKEN;
	} else if (keeper->end.begin_anew) {
		keeper_log(keeper, LOG_ERR,
		    "keeper: what was kept is gone: it begins anew with what is open");
		status = BROKEN;
	} else if (cache_lost(keeper->cache) > 0)
		keeper_log(keeper, LOG_INFO,
		    "keeper: %llu legs of evidence gave way to younger ones",
		    (unsigned long long)cache_lost(keeper->cache));
	keeper_fini(keeper);
	return status;
}

int
keeper_main(struct duty *duty)
{
	static struct keeper keeper;
	static struct loop loop;
	struct reason why = { .text = "no memory" };

	lines_init(&loop.lines, duty);
	keeper = (struct keeper){ .duty = duty, .config = duty->config, .end.status = -1 };
	if (!prepare(&keeper, &loop, &why)) {
		duty_log(duty, LOG_ERR, 0, "keeper: cannot begin: %s", why.text);
		lines_end(&loop.lines, LAST_LINES_MS);
		return CANNOT_BEGIN;
	}
	duty_ready(duty);
	/* Told to stop, it ends when the monitor has said its last, or the time is over. */
	while (keeper.end.status < 0 && !keeper.end.begin_anew && (keeper.end.by == 0
	    || (keeper.service->link.socket >= 0 && clock_mono() < keeper.end.by)))
		turn(&keeper, &loop);
	int status = end(&keeper);
	lines_end(&loop.lines, LAST_LINES_MS);
	lines_fini(&loop.lines);
	free(loop.polled);
	return status;
}
