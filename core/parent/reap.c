/*
 * For the parent: handles the death of children: which one, why, with which target in hand, and
 * when its replacement is started.
 */
#include "parent/reap.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/call_filter.h"
#include "base/clock.h"
#include "base/limits.h"
#include "parent/child_messages.h"
#include "parent/link.h"
#include "parent/reload.h"

/* Of reading; a process that a plugin forked may hold the socket open for ever. */
enum { TURNS_AFTER_DEATH = 64 };

/* Ends that a program's own fault brings; SIGKILL and SIGTERM come from elsewhere. */
static bool
is_fault(int status)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGSYS };

	if (WIFEXITED(status)
	    && (WEXITSTATUS(status) == CALL_FORBIDDEN_STATUS
	        || limits_of_status(WEXITSTATUS(status)) != NULL))
		return true;
	for (size_t i = 0; WIFSIGNALED(status) && i < sizeof faults / sizeof faults[0]; i++) {
		if (WTERMSIG(status) == faults[i])
			return true;
	}
	return false;
}

/* As the shell would tell it, but for the statuses by which our own children say that a limit or
 * the filter of system calls ended them. */
static void
tell_end(struct text *how, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == CALL_FORBIDDEN_STATUS)
		text_add(how, "of a forbidden system call");
	else if (WIFEXITED(status) && limits_of_status(WEXITSTATUS(status)) != NULL)
		text_format(how, "at its limit of %s", limits_of_status(WEXITSTATUS(status)));
	else if (WIFEXITED(status))
		text_format(how, "with exit status %d", WEXITSTATUS(status));
	else
		text_format(how, "of SIG%s", sigabbrev_np(WTERMSIG(status)));
}

/* The target that a prober was about when it died, CONFIG_NONE: none that we could name. It is what
 * the prober says: about a target that it never gets it has no say. */
static uint32_t
in_hand(const struct tree *tree, const struct child *child)
{
	uint32_t target = child->page == NULL
	    ? 0
	    : atomic_load_explicit(&child->page->in_hand, memory_order_relaxed);

	if (target < 1 || target > tree->config->target_count)
		return CONFIG_NONE;
	bool may_be = child->apart ? quarantine_is_apart(&tree->quarantine, target - 1)
	    : config_prober_of(tree->config, target - 1) == child->index;
	return may_be ? target - 1 : CONFIG_NONE;
}

static void
tell_death(struct tree *tree, const struct child *child, pid_t pid, const char *how, int64_t now)
{
	uint32_t target = in_hand(tree, child);
	struct text text = TEXT_ROOM(1024);

	text_format(&text, "%s (pid %d) died %s, after ", child->name, (int)pid, how);
	text_add_span(&text, now - child->started);
	if (target != CONFIG_NONE)
		text_format(&text, ", with %s in hand (run %llu)",
		    tree->config->targets[target].name, (unsigned long long)atomic_load_explicit(
		        &child->page->run, memory_order_relaxed));
	if (tree->stopping) {
		text_add(&text, ", while we end");
	} else if (child->due > now) {
		text_format(&text, "; replaced in %s", SPAN(child->due - now));
	} else {
		text_add(&text, "; replaced at once");
	}
	log_say(tree->log, child->repeats ? LOG_DEBUG : LOG_ERR, "%s", text.bytes);
}

/* Whether it died of the target that it had in hand: then that is kept away from it from now on. */
static enum backoff_blame
blame_target(struct tree *tree, const struct child *child, int status, const char *how, int64_t now)
{
	const struct quarantine_entry *entry;
	uint32_t target = in_hand(tree, child);
	struct text why = TEXT_ROOM(EVIDENCE_TEXT_MAX);

	if (target == CONFIG_NONE)
		return BLAME_NOBODY;
	if (!is_fault(status) && !child->silent)
		return BLAME_IN_HAND;
	entry = quarantine_learn(&tree->quarantine, target, now, how);
	if (entry == NULL)
		return BLAME_NOBODY;
	if (entry->stage != QUARANTINE_HELD) {
		link_send_account(tree, target, ACCOUNT_APART, "a prober died with it in hand");
		return BLAME_TARGET;
	}
	quarantine_explain(&tree->quarantine, entry, &why);
	log_say(tree->log, LOG_WARNING, "%s is quarantined, our own trouble: %s",
	    tree->config->targets[target].name, why.bytes);
	link_send_account(tree, target, ACCOUNT_HELD, why.bytes);
	return BLAME_TARGET;
}

/*
 * An end that we asked for is no death: exit status 0 of a child that was told to stop or to be
 * renewed.
 */
static void
reap_child(struct tree *tree, struct child *child, int status, int64_t now)
{
	struct text how = TEXT_ROOM(QUARANTINE_HOW_MAX + 32);
	pid_t pid = child->pid;

	assert(child->started <= now);
	child->pid = 0;
	/* Its last words are still in the socket. */
	for (int turn = 0; turn < TURNS_AFTER_DEATH && child->socket >= 0; turn++)
		child_messages_read(tree, child, now);
	child_hang_up(child);
	if ((child->stopping || child->renewing) && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		child->stage = child->stopping ? CHILD_GONE : CHILD_AWAITED;
		child->due = now; /* its gate sees the end of it, and takes leave of its peer */
		return;
	}
	child_kill_gate(child);
	if (WIFSIGNALED(status) && child->killed[0] != '\0')
		text_format(&how, "by our kill: %s", child->killed);
	else
		tell_end(&how, status);
	enum backoff_blame blame = blame_target(tree, child, status, how.bytes, now);
	if (child->kind == DUTY_PROBER && blame != BLAME_TARGET && WIFEXITED(status)
	    && limits_of_status(WEXITSTATUS(status)) != NULL)
		link_send_limit(tree, child, how.bytes);
	tree_await(tree, child, blame, now);
	tell_death(tree, child, pid, how.bytes, now);
	if (child->kind == DUTY_NOTIFIER && !child->explained)
		snprintf(child->absence, sizeof child->absence, "its process died %s", how.bytes);
	if (child->kind == DUTY_NOTIFIER)
		link_send_absence(tree, child);
}

/* One process of a notifier without the other is of no use, nor a prober without its runner. One
 * that ends well has seen the end of the other, which is yet to be heard of. */
static void
reap_beside(const struct tree *tree, struct child *child, int status, int64_t now)
{
	struct text how = TEXT_ROOM(QUARANTINE_HOW_MAX);

	child->gate = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		child->alone_by = now + SECOND;
		return;
	}
	tell_end(&how, status);
	child_kill(child, "its %s died %s", tree_beside(tree, child), how.bytes);
}

void
reap_children(struct tree *tree, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (tree->reload != NULL && reload_reaped(tree->reload, pid, status))
			continue;
		for (uint32_t i = 0; i < tree->count; i++) {
			if (tree->children[i].pid == pid)
				reap_child(tree, &tree->children[i], status, now);
			else if (tree->children[i].gate == pid)
				reap_beside(tree, &tree->children[i], status, now);
			else if (tree->children[i].reporter == pid) {
				tree->children[i].reporter = 0;
				if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
					log_say(tree->log, LOG_ERR,
					    "%s: a report could not be made: `postwatch report` by hand "
					    "says why", tree->children[i].name);
			}
		}
	}
}
