/*
 * For the parent: connects child processes with each other, and tells them what the parent alone
 * knows.
 *
 * A link is a socket pair whose ends go to the two children by message. A child that was started
 * anew gets links to all that have lost the one before: the keeper died -> the monitor and each
 * notifier that is ready get one end each, and the new keeper the others.
 */
#include "parent/link.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/messages_ask.h"
#include "base/messages_outbox.h"

static_assert(EVIDENCE_TEXT_MAX + 64 <= CHILD_MESSAGE_MAX && ABSENT_TEXT_MAX + 16 <= CHILD_MESSAGE_MAX,
    "all that is told of a child finds room");

/* Without the link the tree is deaf: one of the two is killed, and its death brings another try. */
void
link_children(struct child *one, struct child *other, struct log *log)
{
	struct child *const children[2] = { one, other };
	struct reason why;
	int ends[2];

	assert(one != other);
	if (!child_lives(one) || !child_lives(other))
		return;
	if (!child_socket_pair(ends, &why)) {
		log_say(log, LOG_ERR, "%s and %s cannot be linked: %s", one->name, other->name,
		    why.text);
		child_kill(one, "no link to the other");
		return;
	}
	for (int i = 0; i < 2; i++) {
		unsigned char packet[16];
		struct wire_out out = wire_over(packet, sizeof packet);

		message_put_link(
		    &out, &(struct message_link){ children[!i]->kind, children[!i]->index });
		child_send(children[i], packet, out.size, ends[i]);
	}
}

void
link_notifier(struct tree *tree, struct child *notifier)
{
	link_children(&tree->children[TREE_KEEPER], notifier, tree->log);
}

/*
 * A notifier that is not ready is linked when it is; until then the keeper is told why it is not
 * there.
 */
void
link_all(struct tree *tree, struct child *child)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *other = &tree->children[i];
		bool notifier = other->kind == DUTY_NOTIFIER;

		if (other != child && child->kind == DUTY_MONITOR && !notifier
		    && other->kind != DUTY_WEB)
			link_children(child, other, tree->log);
		if (child->kind == DUTY_KEEPER && notifier && other->stage == CHILD_READY)
			link_notifier(tree, other);
		else if (child->kind == DUTY_KEEPER && notifier)
			link_send_absence(tree, other);
	}
}

void
link_send_account(struct tree *tree, uint32_t target, enum account known, const char *text)
{
	struct message_account account = { .target = target, .account = known };

	assert(target < tree->config->target_count);
	snprintf(account.text, sizeof account.text, "%s", text);
	CHILD_TELL(&tree->children[TREE_MONITOR], message_put_account, &account);
}

void
link_send_limit(struct tree *tree, const struct child *prober, const char *how)
{
	const struct config *config = tree->config;
	const char *between = "";
	struct message_limit limit;
	struct text text = TEXT_OVER(limit.text);

	text_format(&text, "%s died %s; if that comes again, one of its probe plugins leaks: ",
	    prober->name, how);
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		bool used = false;

		for (uint32_t target = 0; target < config->target_count && !used; target++)
			used = config->targets[target].policy->probe == &config->plugins[i]
			    && (prober->apart ? quarantine_is_apart(&tree->quarantine, target)
			        : config_prober_of(config, target) == prober->index);
		if (!used)
			continue;
		text_format(&text, "%s%s", between, config->plugins[i].descriptor->name);
		between = ", ";
	}
	CHILD_TELL(&tree->children[TREE_MONITOR], message_put_limit, &limit);
}

/* A line that is too long for a packet is left out whole. */
void
link_answer(struct tree *tree, uint64_t number, char kind, uint8_t status, const char *line)
{
	struct child *monitor = &tree->children[TREE_MONITOR];
	unsigned char packet[ANSWER_LINE_MAX + 64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_answer(
	    &out, &(struct message_answer){ number, kind, status, { line, strlen(line) } });
	if (!out.bad)
		child_send(monitor, packet, out.size, -1);
}

void
link_send_failing(struct tree *tree, int64_t since)
{
	tree->failing_since = since;
	CHILD_TELL(&tree->children[TREE_KEEPER], message_put_failing, since);
}

void
link_send_absence(struct tree *tree, const struct child *notifier)
{
	struct message_absent absent = { .notifier = notifier->index };

	if (notifier->absence[0] == '\0')
		return;
	memcpy(absent.why, notifier->absence, sizeof absent.why);
	CHILD_TELL(&tree->children[TREE_KEEPER], message_put_absent, &absent);
}

/* A monitor that was started anew knows of no target that is kept apart or quarantined. */
void
link_send_accounts(struct tree *tree)
{
	for (uint32_t i = 0; i < tree->quarantine.count; i++) {
		const struct quarantine_entry *entry = &tree->quarantine.entries[i];

		struct text why = TEXT_ROOM(EVIDENCE_TEXT_MAX);

		if (entry->apart)
			link_send_account(
			    tree, entry->target, ACCOUNT_APART, "a prober died with it in hand");
		if (entry->stage != QUARANTINE_HELD)
			continue;
		quarantine_explain(&tree->quarantine, entry, &why);
		link_send_account(tree, entry->target, ACCOUNT_HELD, why.bytes);
	}
}
