/*
 * For the parent: the table of child processes, and what can be asked and told of several of them
 * at once. Places are fixed for the life of the daemon: links and numbers of probers mean the same
 * in all processes.
 */
#include "parent/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "config/programs.h"

enum { BEGINNINGS = 3 }; /* that may fail before the start is given up */

uint32_t
tree_room(const struct config *config)
{
	return TREE_PROBERS + config->probers + PROBERS_APART + config->notifier_count
	    + (config->web.listen_count > 0);
}

/* All children are something before anything can fail: what is all zeroes has descriptor 0. */
bool
tree_init(
    struct tree *tree, const struct config *config, const struct times *times, struct log *log)
{
	*tree = (struct tree){ .config = config,
		.times = *times,
		.log = log,
		.quarantine.times = times->quarantine,
		.count = tree_room(config) };
	tree->children = calloc(tree->count, sizeof *tree->children);
	if (tree->children == NULL)
		return false;
	child_init(&tree->children[TREE_KEEPER], DUTY_KEEPER, 0);
	child_init(&tree->children[TREE_MONITOR], DUTY_MONITOR, 0);
	for (uint32_t i = 0; i < config->probers + PROBERS_APART; i++) {
		struct child *child = &tree->children[TREE_PROBERS + i];

		child_init(child, DUTY_PROBER, i);
		child->apart = i >= config->probers;
		if (child->apart)
			child->stage = CHILD_GONE;
	}
	for (uint32_t i = 0; i < config->notifier_count; i++)
		child_init(&tree->children[TREE_PROBERS + config->probers + PROBERS_APART + i],
		    DUTY_NOTIFIER, i);
	if (config->web.listen_count > 0)
		child_init(&tree->children[tree->count - 1], DUTY_WEB, 0);
	/* A page is shared with the one prober that it is for, and with no other child: a prober
	 * that runs wild can write to its own page alone. */
	for (uint32_t i = 0; i < config->probers + PROBERS_APART; i++) {
		struct duty_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return false;
		(void)madvise(page, sizeof *page, MADV_DONTFORK);
		tree->children[TREE_PROBERS + i].page = page;
	}
	tree->processes = own_processes_create(2 * tree->count);
	if (tree->processes == NULL)
		return false;
	quarantine_take_back(&tree->quarantine, config, clock_mono());
	return true;
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

const char *
tree_beside(const struct tree *tree, const struct child *child)
{
	return programs_are_run_for(tree->config, child->kind, child->index) ? "runner" : "gate";
}

int64_t
tree_silence_limit(const struct tree *tree, const struct child *child)
{
	int64_t limit = tree->times.silence, start = tree->times.start;

	if (child->kind == DUTY_KEEPER)
		limit = tree->times.keeper_silence;
	else if (child->kind == DUTY_NOTIFIER) /* silent while it delivers */
		limit = tree->config->notifiers[child->index].deadline;
	return child->stage == CHILD_STARTED && limit < start ? start : limit;
}

/*
 * A duty that fails three times before any was ever ready will not do better: the start is given
 * up, so that whoever started us is told.
 */
void
tree_await(struct tree *tree, struct child *child, enum backoff_blame blame, int64_t now)
{
	int64_t healthy = child->stage == CHILD_READY ? now - child->ready : 0;
	int64_t wait = backoff_wait(&child->backoff, blame, healthy, tree->times.backoff);

	child->stage = tree->stopping ? CHILD_GONE : CHILD_AWAITED;
	assert(wait >= 0 && !child_lives(child));
	child->due = now + wait;
	child->deaths++;
	if (!tree->was_ready && child_is_needed(child) && child->backoff.deaths >= BEGINNINGS)
		tree->hopeless = true;
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
	assert(count <= tree->count);
	return count;
}

void
tree_forgive_silence(struct tree *tree, int64_t now)
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

/* Notifiers are not asked: a delivery may take minutes. */
const char *
tree_silent(const struct tree *tree, int64_t now)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		const struct child *child = &tree->children[i];

		if (child_is_needed(child) && (child->stage != CHILD_READY
		    || now - child->heard >= tree_silence_limit(tree, child)))
			return child->name;
	}
	return NULL;
}

/* What is not there any more need not be told, and is not awaited. */
void
tree_stop(struct tree *tree, unsigned kinds, int64_t grace, int64_t patience)
{
	tree->stopping = true;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if ((kinds & (1U << child->kind)) == 0)
			continue;
		child->stopping = true;
		child_stop(child, grace, patience);
		if (!child_lives(child))
			child->stage = CHILD_GONE;
	}
}

bool
tree_kill(struct tree *tree, unsigned kinds)
{
	bool killed = false;

	for (uint32_t i = tree->count; i-- > 0;) {
		if ((kinds & (1U << tree->children[i].kind)) == 0)
			continue;
		killed |= child_lives(&tree->children[i]);
		child_kill(&tree->children[i], "we end");
	}
	return killed;
}

bool
tree_is_left(const struct tree *tree, unsigned kinds)
{
	for (uint32_t i = 0; i < tree->count; i++)
		if ((kinds & (1U << tree->children[i].kind)) != 0 && child_lives(&tree->children[i]))
			return true;
	return false;
}
