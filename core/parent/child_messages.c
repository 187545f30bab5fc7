/*
 * For the parent: reads the messages of the children: log lines, signs of life, ready, requests. A
 * packet that is malformed ends its sender.
 */
#include "parent/child_messages.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/messages_ask.h"
#include "parent/link.h"
#include "parent/reload.h"
#include "parent/reporter.h"

enum { PACKETS_A_TURN = 256, LINES_MAX = 100, LINES_SPAN = 10 * SECOND, RELOAD_ABSENT = 75 };

/*
 * A prober has little to say: one that floods the log, and with it a disk, is heard in part. A
 * notifier that cannot begin is tried again every minute, and says why each time: a reason is told
 * once, and the keeper is told what is to be said of it.
 */
static bool
take_log(struct tree *tree, struct child *child, struct wire_in *in, int64_t now)
{
	static const char mark[] = " cannot begin: ";
	/* What monitor and keeper say in words is about targets; the others speak of themselves,
	 * and of no event. */
	bool named = child->kind != DUTY_MONITOR && child->kind != DUTY_KEEPER;
	struct message_log line;
	const char *at = NULL;

	if (!message_get_log(in, &line) || (named && line.event != 0))
		return false;
	if (named && now - child->lines_since >= LINES_SPAN) {
		if (child->lines_left_out > 0)
			log_say(tree->log, LOG_WARNING, "%s: %u of its log lines were left out",
			    child->name, child->lines_left_out);
		child->lines_since = now;
		child->lines = child->lines_left_out = 0;
	}
	if (named && child->lines++ >= LINES_MAX) {
		child->lines_left_out++;
		return true;
	}
	if (line.dropped > 0)
		log_say(tree->log, LOG_WARNING, "%s: %u of its log lines were dropped", child->name,
		    line.dropped);
	if (child->kind == DUTY_NOTIFIER || child->kind == DUTY_WEB)
		at = memmem(line.text.data, line.text.size, mark, strlen(mark));
	if (at != NULL) {
		uint32_t hash = hash_end(hash_add(HASH_BEGIN, line.text.data, line.text.size));

		snprintf(child->absence, sizeof child->absence, "%.*s",
		    (int)(line.text.data + line.text.size - at - 1), at + 1);
		child->explained = true;
		child->repeats = child->start_faults[0] == hash || child->start_faults[1] == hash;
		if (!child->repeats) {
			child->start_faults[1] = child->start_faults[0];
			child->start_faults[0] = hash;
		}
		line.level = child->repeats ? LOG_DEBUG : line.level;
	}
	assert(child->lines_left_out <= child->lines);
	log_relay(tree->log, child, named ? child->name : NULL, line.level, line.event, line.text);
	return true;
}

/* What it could not begin for is over, so the same reason is told anew should it come again. */
static bool
take_ready(struct tree *tree, struct child *child, int64_t now)
{
	if (child->stage != CHILD_STARTED)
		return false;
	child->stage = CHILD_READY;
	child->start_faults[0] = child->start_faults[1] = 0;
	child->repeats = false;
	child->absence[0] = '\0';
	assert(now >= child->started);
	child->ready = now;
	if (child->deaths > 0 && tree->was_ready)
		log_say(tree->log, LOG_NOTICE, "%s is back", child->name);
	if (child->kind == DUTY_NOTIFIER)
		link_notifier(tree, child);
	if (!tree->was_ready)
		tree->was_ready = tree_is_ready(tree);
	return true;
}

/* Who meets foreign bytes has no say over others. */
static bool
take_blame(struct tree *tree, const struct child *child, struct wire_in *in)
{
	struct message_blame blame;
	struct child *other;

	if ((child->kind != DUTY_MONITOR && child->kind != DUTY_KEEPER)
	    || !message_get_blame(in, &blame))
		return false;
	other = tree_child(tree, blame.duty, blame.index);
	if (other == NULL || other == child)
		return false;
	child_kill(other, "malformed message %.*s", (int)blame.text.size, blame.text.data);
	return true;
}

/*
 * Somebody has asked the monitor for it. What a prober says about targets is not believed here: it
 * meets foreign bytes.
 */
static bool
take_release(struct tree *tree, const struct child *child, struct wire_in *in)
{
	uint32_t target;

	if (child->kind != DUTY_MONITOR
	    || !message_get_release(in, &target, tree->config->target_count))
		return false;
	if (quarantine_end(&tree->quarantine, target)) {
		log_say(tree->log, LOG_NOTICE, "%s is out of quarantine, by hand",
		    tree->config->targets[target].name);
		link_send_account(tree, target, ACCOUNT_FREE, "its quarantine was ended by hand");
	}
	return true;
}

static bool
take_cleared(struct tree *tree, const struct child *child, struct wire_in *in)
{
	uint32_t target;

	if (child->kind != DUTY_MONITOR
	    || !message_get_cleared(in, &target, tree->config->target_count))
		return false;
	if (quarantine_clear(&tree->quarantine, target))
		log_say(tree->log, LOG_NOTICE,
		    "%s: the prober that has it alone is alive after a run of it: it is run among "
		    "the others again", tree->config->targets[target].name);
	return true;
}

static bool
take_message(struct tree *tree, struct child *child, struct pw_bytes packet, int passed,
    int64_t now)
{
	struct wire_in in = wire_from(packet.data, packet.size);
	uint64_t number;

	child->heard = now;
	switch (message_kind(packet.data, packet.size)) {
	case MESSAGE_READY:
		return packet.size == 1 && take_ready(tree, child, now);
	case MESSAGE_ALIVE:
		return message_get_alive(&in, &child->alive);
	case MESSAGE_LOG:
		return take_log(tree, child, &in, now);
	case MESSAGE_BLAME:
		return take_blame(tree, child, &in);
	case MESSAGE_RELEASE:
		return take_release(tree, child, &in);
	case MESSAGE_CLEARED:
		return take_cleared(tree, child, &in);
	case MESSAGE_REPORT:
		return reporter_begin(tree, child, &in, passed);
	case MESSAGE_RELOAD:
		/* Somebody has asked the monitor, at the control socket. */
		if (child->kind != DUTY_MONITOR || !message_get_reload(&in, &number))
			return false;
		if (tree->reload != NULL)
			reload_want(tree->reload, number);
		else
			link_answer(tree, number, 'x', RELOAD_ABSENT, "");
		return true;
	default:
		return false;
	}
}

/*
 * A bound for one turn: one child that talks without end does not keep the others from being heard.
 */
void
child_messages_read(struct tree *tree, struct child *child, int64_t now)
{
	static char packet[WIRE_MAX];

	for (int i = 0; i < PACKETS_A_TURN && child->socket >= 0; i++) {
		int passed;
		ssize_t size = packet_read(child->socket, packet, sizeof packet, &passed);
		bool is_good;

		if (size < 0)
			return;
		if (size == 0) {
			/* It has ended, or is about to. */
			close(child->socket);
			child->socket = -1;
			return;
		}
		is_good = take_message(
		    tree, child, (struct pw_bytes){ packet, (size_t)size }, passed, now);
		if (passed >= 0)
			close(passed);
		if (!is_good) {
			child_kill(child, "malformed message to the parent");
			return;
		}
	}
}
