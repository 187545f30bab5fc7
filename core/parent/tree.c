/*
 * The table of child processes: when each is started, which are linked, and how long each may be
 * silent. Deaths are in death.c.
 */
#include "parent/tree.h"
#include "parent/quarantine_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

static const int64_t apart_stays = 60 * (int64_t)SECOND;

static void
name_child(struct child *child, enum duty_kind kind, uint32_t index)
{
	child->kind = kind;
	child->index = index;
	child->socket = -1;
	if (kind == DUTY_PROBER || kind == DUTY_NOTIFIER)
		snprintf(child->name, sizeof child->name, "%s %u", duty_name(kind), index);
	else
		snprintf(child->name, sizeof child->name, "%s", duty_name(kind));
}

static struct duty_page *
map_page(void)
{
	struct duty_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	(void)madvise(page, sizeof *page, MADV_DONTFORK);
	return page;
}

uint32_t
tree_room(const struct config *config)
{
	return TREE_PROBERS + config->probers + PROBERS_APART + config->notifier_count;
}

bool
child_is_needed(const struct child *child)
{
	return child->kind != DUTY_NOTIFIER && !child->apart;
}

bool
tree_init(struct tree *tree, const struct config *config, const struct times *times, struct log *log)
{
	*tree = (struct tree){ .config = config, .times = *times, .log = log, .quarantine.times = times->quarantine,
		.count = tree_room(config) };
	tree->children = calloc(tree->count, sizeof *tree->children);
	tree->processes = own_processes_create(2 * tree->count);
	if (tree->children == NULL || tree->processes == NULL)
		return false;
	quarantine_take_back(&tree->quarantine, config, clock_mono());
	name_child(&tree->children[TREE_KEEPER], DUTY_KEEPER, 0);
	name_child(&tree->children[TREE_MONITOR], DUTY_MONITOR, 0);
	for (uint32_t i = 0; i < config->probers + PROBERS_APART; i++) {
		struct child *child = &tree->children[TREE_PROBERS + i];

		name_child(child, DUTY_PROBER, i);
		child->apart = i >= config->probers;
		if (child->apart)
			child->stage = CHILD_GONE;
		child->page = map_page();
		if (child->page == NULL)
			return false;
	}
	for (uint32_t i = 0; i < config->notifier_count; i++)
		name_child(&tree->children[TREE_PROBERS + config->probers + PROBERS_APART + i], DUTY_NOTIFIER, i);
	return true;
}

void
child_hang_up(struct child *child)
{
	if (child->socket >= 0)
		close(child->socket);
	child->socket = -1;
	packet_queue_clear(&child->packets);
}

void
tree_fini(struct tree *tree)
{
	for (uint32_t i = 0; i < tree->count && tree->children != NULL; i++) {
		child_hang_up(&tree->children[i]);
		if (tree->children[i].page != NULL)
			munmap(tree->children[i].page, sizeof *tree->children[i].page);
	}
	free(tree->children);
	tree->children = NULL;
	own_processes_leave(&tree->processes);
}

struct child *
tree_child(struct tree *tree, enum duty_kind kind, uint32_t index)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		if (tree->children[i].kind == kind && tree->children[i].index == index)
			return &tree->children[i];
	}
	return NULL;
}

bool
child_lives(const struct child *child)
{
	return child->pid > 0;
}

static void
bear(struct tree *tree, struct child *child, int64_t now)
{
	struct reason why;

	child->killed[0] = '\0';
	child->silent = child->stopping = child->stale = child->renewing = child->explained = false;
	child->born = child->heard = now;
	if (!child_bear(tree, child, &why)) {
		child->stage = CHILD_BORN;
		child_await(tree, child, BLAME_NOBODY, now);
		log_say(tree->log, LOG_ERR, "%s: %s", child->name, why.text);
		return;
	}
	child->stage = CHILD_BORN;
	if (child->kind == DUTY_KEEPER || child->kind == DUTY_PROBER)
		tree_link_children(&tree->children[TREE_MONITOR], child, tree->log);
	tree_link_all(tree, child);
	if (child->kind == DUTY_MONITOR)
		tree_send_accounts(tree);
	if (child->kind == DUTY_KEEPER && tree->failing_since != 0)
		tree_tell_failing(tree, tree->failing_since);
}

static int64_t
silence_limit(const struct tree *tree, const struct child *child)
{
	int64_t limit = child->kind == DUTY_KEEPER ? tree->times.keeper_silence
	    : child->kind == DUTY_NOTIFIER ? tree->config->notifiers[child->index].deadline : tree->times.silence;

	return child->stage == CHILD_BORN && limit < tree->times.start ? tree->times.start : limit;
}

static void
kill_if_silent(struct tree *tree, struct child *child, int64_t now)
{
	int64_t limit = silence_limit(tree, child);
	char why[QUARANTINE_HOW_MAX];
	struct text text = TEXT_OVER(why);

	if (child->killed[0] != '\0' || now - child->heard < limit)
		return;
	text_add(&text, child->stage == CHILD_BORN ? "not ready after " : "silent for ");
	text_add_span(&text, limit);
	child->silent = true;
	child_kill(child, why);
}

static void
release(struct tree *tree, int64_t now)
{
	uint32_t target;

	while (quarantine_release(&tree->quarantine, now, &target)) {
		log_say(tree->log, LOG_NOTICE, "%s is out of quarantine, on trial", tree->config->targets[target].name);
		tree_send_account(tree, target, ACCOUNT_APART, "its time is over; it is tried once");
	}
}

/* For the parent after a reload or a restart. */
static void
keep_quarantine(struct tree *tree, int64_t now)
{
	struct reason why;

	if (tree->quarantine.changes == tree->quarantine_kept)
		return;
	tree->quarantine_kept = tree->quarantine.changes;
	if (!quarantine_keep(&tree->quarantine, tree->config, now, &why))
		log_say(tree->log, LOG_WARNING, "who is quarantined cannot be kept for the time after a restart: %s", why.text);
}

void
child_send(struct child *child, const void *bytes, size_t size, int passed)
{
	if (!packet_queue_add(&child->packets, bytes, size, passed))
		abort();
	(void)packet_queue_flush(&child->packets, child->socket);
}

static void
send_stop(struct child *child, int64_t grace, int64_t patience)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_stop(&out, &(struct message_stop){ grace, patience });
	if (child_lives(child) && child->socket >= 0)
		child_send(child, packet, out.size, -1);
}

void
tree_renew_probers(struct tree *tree)
{
	for (uint32_t i = TREE_PROBERS; i < tree->count; i++)
		tree->children[i].stale = tree->children[i].kind == DUTY_PROBER && child_lives(&tree->children[i]);
}

static void
begin_renewal(struct child *child, int64_t now, int64_t grace)
{
	child->stale = false;
	child->renewing = true;
	child->end_by = now + grace + SECOND;
	send_stop(child, grace, grace);
}

void
tree_renew_notifier(struct tree *tree, uint32_t index)
{
	struct child *child = tree_child(tree, DUTY_NOTIFIER, index);

	if (child_lives(child))
		child->stale = true;
}

/* Nobody waits for a notifier: each has the time of a delivery. */
static void
renew_notifiers(struct tree *tree, int64_t now)
{
	for (uint32_t i = TREE_PROBERS; i < tree->count && !tree->stopping; i++) {
		struct child *child = &tree->children[i];

		if (child->kind != DUTY_NOTIFIER)
			continue;
		if (child->renewing && now >= child->end_by)
			child_kill(child, "did not end to be renewed");
		else if (child->stale && !child->renewing && child->stage == CHILD_READY)
			begin_renewal(child, now, tree->config->notifiers[child->index].deadline);
	}
}

/* As many as there are targets for them, and for a while after. */
static void
tend_apart(struct tree *tree, int64_t now)
{
	uint32_t wanted = quarantine_count_apart(&tree->quarantine);

	if (wanted > 0)
		tree->apart_until = now + apart_stays;
	for (uint32_t i = 0; i < PROBERS_APART && !tree->stopping; i++) {
		struct child *child = &tree->children[TREE_PROBERS + tree->config->probers + i];

		if (child->stage == CHILD_GONE && i < wanted) {
			child->stage = CHILD_AWAITED;
			child->due = now;
		} else if (child->stage == CHILD_READY && !child->stopping && now >= tree->apart_until) {
			child->stopping = true;
			send_stop(child, tree->times.stop, tree->times.stop);
		} else if (child->stage == CHILD_AWAITED && now >= tree->apart_until)
			child->stage = CHILD_GONE;
	}
}

/* One at a time, and only while all others serve. */
static void
renew(struct tree *tree, int64_t now)
{
	struct child *next = NULL;
	bool all_serve = !tree->stopping;

	for (uint32_t i = TREE_PROBERS; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->kind == DUTY_NOTIFIER || child->stage == CHILD_GONE)
			continue;
		if (child->renewing && now >= child->end_by)
			child_kill(child, "did not end to be renewed");
		if (child->stage != CHILD_READY || child->renewing)
			all_serve = false;
		else if (child->stale && next == NULL)
			next = child;
	}
	if (next == NULL || !all_serve)
		return;
	begin_renewal(next, now, tree->times.stop);
}

void
tree_turn(struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->stage == CHILD_AWAITED && now >= child->due && !tree->stopping)
			bear(tree, child, now);
		else if (child_lives(child))
			kill_if_silent(tree, child, now);
	}
	release(tree, now);
	keep_quarantine(tree, now);
	tend_apart(tree, now);
	renew(tree, now);
	renew_notifiers(tree, now);
}

int64_t
tree_next(const struct tree *tree, int64_t now)
{
	int64_t next = quarantine_next(&tree->quarantine);

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct child *child = &tree->children[i];
		int64_t due = INT64_MAX;

		if (child->stage == CHILD_AWAITED && !tree->stopping)
			due = child->due;
		else if (child_lives(child) && child->killed[0] == '\0')
			due = child->heard + silence_limit(tree, child);
		if (child->renewing && child->killed[0] == '\0' && child->end_by < due)
			due = child->end_by;
		next = due < next ? due : next;
	}
	return next > now ? next : now;
}

uint32_t
tree_poll(const struct tree *tree, struct pollfd *polled)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct child *child = &tree->children[i];
		short events = packet_queue_is_empty(&child->packets) ? POLLIN : POLLIN | POLLOUT;

		if (child->socket >= 0)
			polled[count++] = (struct pollfd){ .fd = child->socket, .events = events };
	}
	return count;
}

void
tree_hear(struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->socket < 0)
			continue;
		(void)packet_queue_flush(&child->packets, child->socket);
		child_hear(tree, child, now);
	}
}

void
tree_excuse(struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++)
		tree->children[i].heard = now;
}

const char *
tree_missing(const struct tree *tree)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		if (child_is_needed(&tree->children[i]) && tree->children[i].stage != CHILD_READY)
			return tree->children[i].name;
	}
	return NULL;
}

bool
tree_is_ready(const struct tree *tree)
{
	return tree_missing(tree) == NULL;
}

bool
tree_answers(const struct tree *tree, int64_t now, const char **who)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		const struct child *child = &tree->children[i];

		if (!child_is_needed(child))
			continue;
		if (child->stage == CHILD_READY && now - child->heard < silence_limit(tree, child))
			continue;
		if (who != NULL)
			*who = child->name;
		return false;
	}
	return true;
}

void
tree_stop(struct tree *tree, bool keeper, int64_t grace, int64_t patience)
{
	tree->stopping = true;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if ((child->kind == DUTY_KEEPER) != keeper)
			continue;
		child->stopping = true;
		send_stop(child, grace, patience);
		if (!child_lives(child))
			child->stage = CHILD_GONE;
	}
}

bool
tree_kill_notifiers(struct tree *tree)
{
	bool killed = false;

	for (uint32_t i = 0; i < tree->count; i++) {
		if (tree->children[i].kind != DUTY_NOTIFIER || !child_lives(&tree->children[i]))
			continue;
		child_kill(&tree->children[i], "we end");
		killed = true;
	}
	return killed;
}

void
tree_kill(struct tree *tree, bool keeper)
{
	for (uint32_t i = 0; i < tree->count; i++)
		if ((tree->children[i].kind == DUTY_KEEPER) == keeper)
			child_kill(&tree->children[i], "we end");
}

void
tree_kill_all(struct tree *tree)
{
	tree_kill(tree, false);
	tree_kill(tree, true);
}

bool
tree_is_left(const struct tree *tree, bool keeper)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		if (child_lives(&tree->children[i]) && (tree->children[i].kind == DUTY_KEEPER) == keeper)
			return true;
	}
	return false;
}
