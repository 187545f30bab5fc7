/*
 * For the parent: stops all children in order, each group with its time limit: first the monitor
 * and the probers, which make news, then the keeper, which has to have heard it all.
 */
#include "parent/shutdown.h"

#include <assert.h>
#include <syslog.h>

#include "base/clock.h"

enum { TWICE = SECOND / 2 };

/* Parts of a clean end: most of the time for what is under way, a part for the last words about
 * what was not over by then, a part for the keeper. A reload, after which all goes on, lets
 * attempts that confirm something come to their end. */
void
shutdown_begin(struct parent *parent, int64_t now)
{
	int64_t grace = parent->times.stop * 4 / 5, last_words = parent->times.stop / 5;
	int64_t patience = parent->anew && parent->times.confirm > grace ? parent->times.confirm
	                                                                 : grace;

	parent->stage = ENDING;
	parent->notify_by = now + grace + last_words;
	parent->end_by = now + patience + last_words;
	assert(parent->notify_by <= parent->end_by);
	manager_tell(&parent->manager,
	    parent->anew ? "STATUS=reloading: what is under way gets its time"
	                 : "STOPPING=1\nSTATUS=ending: what is under way gets its time");
	tree_stop(&parent->tree, TREE_ALL & ~TREE_LAST, grace, patience);
}

static void
begin_keeper(struct parent *parent, int64_t now)
{
	parent->stage = ENDING_KEEPER;
	parent->end_by = now + parent->times.stop / 5;
	tree_stop(&parent->tree, TREE_LAST, parent->times.stop / 5, parent->times.stop / 5);
}

/* A prober that has thousands of runs in hand may need longer than it is given: no reason to kill
 * the keeper. */
static void
force_keeper(struct parent *parent, int64_t now)
{
	if (!tree_is_left(&parent->tree, TREE_ALL & ~TREE_LAST & ~TREE_NOTIFIERS)) {
		log_say(&parent->log, LOG_NOTICE,
		    "a notifier is not back from its delivery: it is killed, and the keeper ends");
	} else {
		log_say(&parent->log, LOG_WARNING,
		    "not all ended in time: what is left is killed, and the keeper ends");
		parent->status = PARENT_FORCED;
	}
	(void)tree_kill(&parent->tree, TREE_ALL & ~TREE_LAST);
	begin_keeper(parent, now);
}

static void
force(struct parent *parent, const char *why)
{
	log_say(&parent->log, LOG_WARNING, "%s: what is left is killed", why);
	parent->status = PARENT_FORCED;
	(void)tree_kill(&parent->tree, TREE_ALL);
	parent->stage = ENDED;
}

void
shutdown_turn(struct parent *parent, int64_t now)
{
	if (parent->stage == ENDING && !tree_is_left(&parent->tree, TREE_ALL & ~TREE_LAST))
		begin_keeper(parent, now);
	else if (parent->stage == ENDING && now >= parent->end_by)
		force_keeper(parent, now);
	else if (parent->stage == ENDING && now >= parent->notify_by) {
		/* The keeper knows what they had in hand: the next start tells it. */
		parent->notify_by = INT64_MAX;
		if (tree_kill(&parent->tree, TREE_NOTIFIERS))
			log_say(&parent->log, LOG_NOTICE,
			    "a notifier is not back from its delivery: it is killed");
	}
	if (parent->stage == ENDING_KEEPER && !tree_is_left(&parent->tree, TREE_LAST))
		parent->stage = ENDED;
	if (parent->stage == ENDING_KEEPER && now >= parent->end_by)
		force(parent, "the keeper did not end in time");
}

void
shutdown_signal(struct parent *parent, const char *name, int64_t now)
{
	if (parent->anew && parent->stage >= ENDING) { /* then it is an end, and no beginning */
		parent->anew = false;
		parent->told = now;
		log_say(&parent->log, LOG_NOTICE, "%s: ending", name);
		if (parent->stage == ENDING) /* with the times of an end */
			shutdown_begin(parent, now);
		return;
	}
	if (parent->stage >= ENDING) {
		/* timeout(1) and terminals send the first one twice. */
		if (now - parent->told >= TWICE)
			force(parent, "told to end a second time");
		return;
	}
	parent->told = now;
	log_say(&parent->log, LOG_NOTICE, "%s: ending", name);
	shutdown_begin(parent, now);
}
