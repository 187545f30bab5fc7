/*
 * For the parent: keeps the child processes running: starts what is due, kills what is silent,
 * replaces what has read old files. One prober is replaced at a time, and only while all others
 * serve, so that no more than one part of the targets waits.
 */
#include "parent/supervisor.h"

#include <assert.h>
#include <syslog.h>

#include "base/clock.h"
#include "parent/child_messages.h"
#include "parent/link.h"
#include "parent/spawn.h"

static const int64_t apart_stays = 60 * (int64_t)SECOND;

/*
 * A monitor has lost what it knew of the quarantine, and a keeper that the configuration is faulty.
 */
static void
spawn(struct tree *tree, struct child *child, int64_t now)
{
	struct reason why;

	assert(child->stage == CHILD_AWAITED && !child_lives(child));
	child->killed[0] = '\0';
	child->silent = child->stopping = child->stale = child->renewing = child->explained = false;
	child->started = child->heard = now;
	child->alone_by = 0;
	child->loop = (struct loop_watch){ 0 };
	child->alive = (struct message_alive){ .done = 0 };
	if (!spawn_child(tree, child, &why)) {
		child->stage = CHILD_STARTED;
		tree_await(tree, child, BLAME_NOBODY, now);
		log_say(tree->log, LOG_ERR, "%s: %s", child->name, why.text);
		return;
	}
	child->stage = CHILD_STARTED;
	if (child->kind == DUTY_KEEPER || child->kind == DUTY_PROBER)
		link_children(&tree->children[TREE_MONITOR], child, tree->log);
	link_all(tree, child);
	if (child->kind == DUTY_MONITOR)
		link_send_accounts(tree);
	if (child->kind == DUTY_KEEPER && tree->failing_since != 0)
		link_send_failing(tree, tree->failing_since);
}

/* One that is told to end has its own time for it. */
static bool
is_left_alone(const struct child *child)
{
	return child->alone_by != 0 && !child->stopping && !child->renewing
	    && child->killed[0] == '\0';
}

/* A process that hangs is worth as much as one that died, and is found out later: so it is made to
 * die. The signs of life of one that loops say that its loop turns, not that it gets anywhere. */
static void
kill_if_it_hangs(struct tree *tree, struct child *child, int64_t now)
{
	int64_t limit = tree_silence_limit(tree, child);

	if (child->killed[0] == '\0' && now - child->heard >= limit) {
		child->silent = true;
		child_kill(child, "%s %s",
		    child->stage == CHILD_STARTED ? "not ready after" : "silent for", SPAN(limit));
	}
	if (is_left_alone(child) && now >= child->alone_by)
		child_kill(child, "its %s has ended before it", tree_beside(tree, child));
	if (child->kind == DUTY_PROBER && child->stage == CHILD_READY && child->killed[0] == '\0'
	    && loop_watch_look(&child->loop, child->alive.done, loop_watch_cpu(child->pid), now,
	        tree->times.loop)) {
		child->silent = true;
		child_kill(child, "it loops: %s of processor time without a run done",
		    SPAN(tree->times.loop));
	}
}

/* Lets out whose time is over; what has changed is written, for the parent after a reload or a
 * restart. */
static void
tend_quarantine(struct tree *tree, int64_t now)
{
	uint32_t target;
	struct reason why;

	while (quarantine_release(&tree->quarantine, now, &target)) {
		log_say(tree->log, LOG_NOTICE, "%s is out of quarantine, on trial",
		    tree->config->targets[target].name);
		link_send_account(
		    tree, target, ACCOUNT_APART, "its time is over; it is tried once");
	}
	if (tree->quarantine.changes == tree->quarantine_kept)
		return;
	tree->quarantine_kept = tree->quarantine.changes;
	if (!quarantine_keep(&tree->quarantine, tree->config, now, &why))
		log_say(tree->log, LOG_WARNING,
		    "who is quarantined cannot be kept for the time after a restart: %s", why.text);
}

void
supervisor_renew_probers(struct tree *tree)
{
	for (uint32_t i = TREE_PROBERS; i < tree->count; i++)
		tree->children[i].stale = tree->children[i].kind == DUTY_PROBER
		    && child_lives(&tree->children[i]);
}

static void
begin_renewal(struct child *child, int64_t now, int64_t grace)
{
	child->stale = false;
	child->renewing = true;
	child->end_by = now + grace + SECOND;
	child_stop(child, grace, grace);
}

void
supervisor_renew_notifier(struct tree *tree, uint32_t index)
{
	struct child *child = tree_child(tree, DUTY_NOTIFIER, index);

	if (child_lives(child))
		child->stale = true;
}

/*
 * As many as there are targets for them, and for a while after: the next death is likely to come
 * soon.
 */
static void
adjust_probers_apart(struct tree *tree, int64_t now)
{
	uint32_t wanted = quarantine_count_apart(&tree->quarantine);

	if (wanted > 0)
		tree->apart_until = now + apart_stays;
	for (uint32_t i = 0; i < PROBERS_APART && !tree->stopping; i++) {
		struct child *child = &tree->children[TREE_PROBERS + tree->config->probers + i];

		if (child->stage == CHILD_GONE && i < wanted) {
			child->stage = CHILD_AWAITED;
			child->due = now;
		} else if (child->stage == CHILD_READY && !child->stopping
		    && now >= tree->apart_until) {
			child->stopping = true;
			child_stop(child, tree->times.stop, tree->times.stop);
		} else if (child->stage == CHILD_AWAITED && now >= tree->apart_until)
			child->stage = CHILD_GONE;
	}
}

/*
 * Probers one at a time, and only while all others serve. Nobody waits for a notifier: each has the
 * time of a delivery.
 */
static void
renew(struct tree *tree, int64_t now)
{
	struct child *next = NULL;
	bool all_serve = !tree->stopping;

	for (uint32_t i = TREE_PROBERS; i < tree->count; i++) {
		struct child *child = &tree->children[i];
		bool prober = child->kind == DUTY_PROBER, notifier = child->kind == DUTY_NOTIFIER;

		if ((!prober || child->stage == CHILD_GONE) && (!notifier || tree->stopping))
			continue;
		if (child->renewing && now >= child->end_by)
			child_kill(child, "did not end to be renewed");
		else if (notifier && child->stale && !child->renewing
		    && child->stage == CHILD_READY)
			begin_renewal(child, now, tree->config->notifiers[child->index].deadline);
		if (prober && (child->stage != CHILD_READY || child->renewing))
			all_serve = false;
		else if (prober && child->stale && next == NULL)
			next = child;
	}
	assert(next == NULL || next->kind == DUTY_PROBER);
	if (next != NULL && all_serve)
		begin_renewal(next, now, tree->times.stop);
}

void
supervisor_turn(struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->stage == CHILD_AWAITED && now >= child->due && !tree->stopping)
			spawn(tree, child, now);
		if (child_lives(child))
			kill_if_it_hangs(tree, child, now);
	}
	tend_quarantine(tree, now);
	adjust_probers_apart(tree, now);
	renew(tree, now);
}

int64_t
supervisor_next(const struct tree *tree, int64_t now)
{
	int64_t next = quarantine_next(&tree->quarantine);

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct child *child = &tree->children[i];
		int64_t due = INT64_MAX;

		if (child->stage == CHILD_AWAITED && !tree->stopping)
			due = child->due;
		else if (child_lives(child) && child->killed[0] == '\0')
			due = child->heard + tree_silence_limit(tree, child);
		if (child_lives(child) && is_left_alone(child) && child->alone_by < due)
			due = child->alone_by;
		if (child->renewing && child->killed[0] == '\0' && child->end_by < due)
			due = child->end_by;
		next = due < next ? due : next;
	}
	return next > now ? next : now;
}

void
supervisor_read(struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->socket < 0)
			continue;
		(void)packet_queue_flush(&child->packets, child->socket);
		child_messages_read(tree, child, now);
	}
}
