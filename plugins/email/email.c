/*
 * The notifier `email`: one mail for each notice, sent through a relay. These are the functions
 * of the worker process; those of the gate process are in gate/gate.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"
#include "relay.h"
#include "settings.h"

struct session {
	struct relay relay;
	struct mailbox from;
	const char *sender;
	int gate;
};

static bool
take_addresses(struct session *session, const struct settings *settings, char *why, size_t why_size)
{
	bool good = mailbox_parse(settings->from, &session->from);

	if (!good)
		settings_fail(why, why_size,
		    "from: write an ASCII address, \"watch@example.org\" or \"Postwatch <watch@example.org>\"");
	session->sender = settings->envelope_from != NULL ? settings->envelope_from
	    : session->from.address;
	if (settings->envelope_from != NULL && session->sender[0] != '\0'
	    && !mailbox_is_address(session->sender))
		good = settings_fail(why, why_size,
		    "envelope_from: write an ASCII address, or \"\" for none");
	for (uint32_t i = 0; i < settings->to->count; i++)
		if (!mailbox_is_address(settings->to->items[i]))
			good = settings_fail(why, why_size,
			    "to: entry %u is no ASCII address such as \"ops@example.org\"", i + 1);
	return good;
}

static bool
check(const struct pw_values *values, char *why, size_t why_size)
{
	struct settings settings;
	struct session session;
	bool good = settings_take(&settings, values, why, why_size);

	if (!take_addresses(&session, &settings, why, why_size) || !good)
		return false;
	settings_tell(&settings, why, why_size);
	return true;
}

static void
join(void *memory, int gate)
{
	struct session *session = memory;

	session->gate = gate;
}

static bool
open_session(void *memory, const struct pw_values *values, char *why, size_t why_size)
{
	struct session *session = memory;
	struct settings settings;

	return settings_take(&settings, values, why, why_size)
	    && take_addresses(session, &settings, why, why_size)
	    && relay_open(&session->relay, session->gate, why, why_size);
}

static void
refuse(struct pw_result *result, uint32_t fate, const char *words)
{
	result->fate = fate;
	result->channel = false;
	snprintf(result->receipt, sizeof result->receipt, "%s", words);
}

/* An entry that is no address stays one at every attempt, so it is PW_NEVER; the other recipients
 * are tried again without it. */
static bool
are_addresses(const struct pw_recipients *recipients, struct pw_result *results)
{
	bool all = true;

	for (uint32_t i = 0; i < recipients->count; i++)
		all &= mailbox_is_address(recipients->names[i]);
	for (uint32_t i = 0; !all && i < recipients->count; i++)
		refuse(&results[i], mailbox_is_address(recipients->names[i]) ? PW_AGAIN : PW_NEVER,
		    "no ASCII address");
	return all;
}

static void
deliver(void *memory, const struct pw_notice *notice, const struct pw_recipients *recipients,
    struct pw_result *results)
{
	struct session *session = memory;
	struct mail mail = { .size = 0 };

	if (!are_addresses(recipients, results))
		return;
	mail_write(&mail, notice, &session->from, recipients);
	if (mail.failed)
		for (uint32_t i = 0; i < recipients->count; i++)
			refuse(&results[i], PW_AGAIN, "no memory for the mail");
	else
		relay_send(&session->relay, &mail, notice, session->sender, recipients, results);
	free(mail.bytes);
}

static void
close_session(void *memory)
{
	(void)memory;
}

static uint32_t
receiver(const struct pw_values *values)
{
	(void)values;
	return PW_REPORTS;
}

static const struct pw_notifier_ops ops = {
	.size = sizeof ops,
	.session_size = sizeof(struct session),
	.open = open_session,
	.deliver = deliver,
	.close = close_session,
	.check = check,
	.gate = &gate_ops,
	.join = join,
	.receiver = receiver,
};

PW_PLUGIN_NOTIFIER("email", "1.1", "a mail a notice, through a relay, with TLS and AUTH",
    settings_table, &ops);
