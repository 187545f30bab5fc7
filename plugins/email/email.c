/* A mail a notice, through a relay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay.h"

enum { RELAY, TLS, CA_FILE, USER, PASSWORD, FROM, ENVELOPE_FROM, TO }; /* rows of the settings */

static const char *const tls_choices[] = { [RELAY_REQUIRE] = "require", [RELAY_OPPORTUNISTIC] = "opportunistic",
	[RELAY_NONE] = "none", NULL };

static const struct pw_setting settings[] = {
	[RELAY] = { .key = "relay", .type = PW_STRING, .flags = PW_REQUIRED | PW_RELAY,
	    .help = "HOST:PORT that takes mails; the port is 587 with user, else 25, where it is not written" },
	[TLS] = { .key = "tls", .type = PW_ENUM, .fallback = "require", .choices = tls_choices,
	    .help = "require: STARTTLS and a certificate for the relay's name; opportunistic: TLS where offered, unchecked" },
	[CA_FILE] = { .key = "ca_file", .type = PW_PATH,
	    .help = "authorities for the relay's certificate; by default the system's" },
	[USER] = { .key = "user", .type = PW_STRING, .help = "for AUTH, which needs tls = \"require\"" },
	[PASSWORD] = { .key = "password", .type = PW_SECRET, .help = "one line: the user's password" },
	[FROM] = { .key = "from", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "what From says: \"ADDRESS\" or \"NAME <ADDRESS>\"" },
	[ENVELOPE_FROM] = { .key = "envelope_from", .type = PW_STRING,
	    .help = "address that bounces go to, \"\" for none; by default that of from" },
	[TO] = { .key = "to", .type = PW_LIST, .flags = PW_REQUIRED | PW_RECIPIENTS, .min = 1, .max = 64,
	    .help = "addresses; each gets every notice, and is tried again on its own" },
	{ .key = NULL },
};

struct session {
	struct relay relay;
	struct mailbox from;
	const char *sender;
};

static bool
check_addresses(struct session *session, const struct pw_values *values, char *why, size_t why_size)
{
	const struct pw_strings *to = values->items[TO].list;

	if (!mailbox_parse(values->items[FROM].string, &session->from)) {
		snprintf(why, why_size, "from: write an ASCII address, \"watch@example.org\" or \"Postwatch <watch@example.org>\"");
		return false;
	}
	session->sender = values->items[ENVELOPE_FROM].string;
	if (session->sender == NULL)
		session->sender = session->from.address;
	if (session->sender[0] != '\0' && !mailbox_is_address(session->sender)) {
		snprintf(why, why_size, "envelope_from: write an ASCII address, or \"\" for none");
		return false;
	}
	for (uint32_t i = 0; i < to->count; i++)
		if (!mailbox_is_address(to->items[i])) {
			snprintf(why, why_size, "to: entry %u is no ASCII address such as \"ops@example.org\"", i + 1);
			return false;
		}
	return true;
}

static bool
check(const struct pw_values *values, char *why, size_t why_size)
{
	const struct pw_value *items = values->items;
	struct session session;

	return check_addresses(&session, values, why, why_size) && relay_check(items[RELAY].string,
	    (enum relay_tls)items[TLS].number, items[CA_FILE].string, items[USER].string, items[PASSWORD].string, why, why_size);
}

static bool
open_session(void *memory, const struct pw_values *values, char *why, size_t why_size)
{
	struct session *session = memory;
	const struct pw_value *items = values->items;

	return check_addresses(session, values, why, why_size) && relay_open(&session->relay, items[RELAY].string,
	    (enum relay_tls)items[TLS].number, items[CA_FILE].string, items[USER].string, items[PASSWORD].string, why, why_size);
}

static void
refuse(struct pw_result *result, uint32_t fate, const char *words)
{
	result->fate = fate;
	result->channel = false;
	snprintf(result->receipt, sizeof result->receipt, "%s", words);
}

/* What was no address when it was put into the outbox is none for ever. */
static bool
are_addresses(const struct pw_recipients *recipients, struct pw_result *results)
{
	bool all = true;

	for (uint32_t i = 0; i < recipients->count; i++)
		all &= mailbox_is_address(recipients->names[i]);
	for (uint32_t i = 0; !all && i < recipients->count; i++)
		refuse(&results[i], mailbox_is_address(recipients->names[i]) ? PW_AGAIN : PW_NEVER, "no ASCII address");
	return all;
}

static void
deliver(void *memory, const struct pw_notice *notice, const struct pw_recipients *recipients, struct pw_result *results)
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
		relay_send(&session->relay, &mail, notice->own_name, session->sender, recipients, results);
	free(mail.bytes);
}

static void
close_session(void *memory)
{
	struct session *session = memory;

	relay_close(&session->relay);
}

static const struct pw_notifier_ops ops = {
	.size = sizeof ops,
	.session_size = sizeof(struct session),
	.open = open_session,
	.deliver = deliver,
	.close = close_session,
	.check = check,
};

PW_PLUGIN_NOTIFIER("email", "1.0", "a mail a notice, through a relay, with TLS and AUTH", settings, &ops);
