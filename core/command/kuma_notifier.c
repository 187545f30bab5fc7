/*
 * For `postwatch import`: translates a notification of Uptime Kuma (SMTP, webhook and so on) into a
 * notifier. Secrets are not written into the configuration: a comment names the setting of the file
 * that is to hold them.
 */
#include "command/kuma_notifier.h"

#include <string.h>

#include "base/text.h"

/* Receivers that are told by a URL, which is a setting by that key. */
static const struct {
	const char *type, *key, *format;
	bool is_secret; /* whoever knows it may post */
} receivers[] = {
	{ "webhook", "webhookURL", "postwatch", false },
	{ "slack", "slackwebhookURL", "slack", true },
	{ "discord", "discordWebhookUrl", "discord", true },
	{ "teams", "webhookUrl", "teams", true },
	{ "ntfy", "ntfyserverurl", "ntfy", false },
};

/* Receivers that are set by hand, since a part of them belongs into a file or is another. */
static const struct {
	const char *type, *how;
} by_hand[] = {
	{ "PagerDuty", "write it by hand: `plugin = \"webhook\"; format = \"pagerduty\";`, the "
	               "integration URL as `url`, and the integration key in a file, `secret_file`" },
	{ "mattermost", "write it by hand: a webhook there takes what Slack's does, and shows the "
	                "subject: `plugin = \"webhook\"; format = \"slack\";`" },
	{ "rocket.chat", "write it by hand: a webhook there takes what Slack's does, and shows the "
	                 "subject: `plugin = \"webhook\"; format = \"slack\";`" },
};

/* What of a notification is told, where it is set. */
static const struct kuma_rest rest[] = {
	{ "webhookAdditionalHeaders", "headers are lines of a file: `headers_file`", "json", true },
	{ "webhookContentType", "the body is JSON of ours; `format` has others", "json", false },
	{ "slackchannel", "the channel is that of the URL", "json", false },
	{ "ntfyusername", "a header with it stands in a file: `headers_file`", "json", false },
	{ "ntfyaccesstoken", "a header with it stands in a file: `headers_file`", "json", true },
	{ "smtpUsername", "`user`, with its password in a file: `password_file`", "json", false },
	{ "smtpDkimDomain", "mails are signed by the relay", "json", false },
	{ "customSubject", "subjects are ours", "json", false },
	{ "smtpCC", "copies are addresses of `to`", "json", false },
	{ "smtpBCC", "copies are addresses of `to`", "json", false },
	{ .key = NULL },
};

void
kuma_tell_rest(
    const struct yaml_node *settings, struct draft_entry *entry, const struct kuma_rest *row)
{
	for (; row->key != NULL; row++) {
		const char *is = yaml_text(settings, row->key);

		if (is != NULL && is[0] != '\0' && strcmp(is, row->none) != 0)
			draft_leave_out(entry,
			    FORMAT(400, "%s %s", row->key, row->is_secret ? "…" : is), row->why);
	}
}

/* The address of "NAME <ADDRESS>" or "ADDRESS", of one that ends at `end`. */
static const char *
find_address(struct arena *arena, const char *text, const char *end)
{
	const char *open = memchr(text, '<', (size_t)(end - text));
	const char *close = open == NULL ? NULL : memchr(open, '>', (size_t)(end - open));

	if (close != NULL) {
		text = open + 1;
		end = close;
	}
	for (; text < end && *text == ' '; text++)
		continue;
	for (; end > text && end[-1] == ' '; end--)
		continue;
	return arena_bytes(arena, text, (size_t)(end - text));
}

/* Returns how many addresses there are. */
static int
add_addresses(struct arena *arena, const char *list, struct draft_entry *entry)
{
	int count = 0;

	for (const char *at = list; at != NULL && *at != '\0'; at += *at == ',') {
		const char *end = at + strcspn(at, ","), *address = find_address(arena, at, end);

		if (draft_is_mailbox(address)) {
			draft_word(entry, "to", address);
			count++;
		} else if (address[0] != '\0')
			draft_leave_out(entry, address, "no address of mail");
		at = end;
	}
	return count;
}

/* Returns why it cannot be set. */
static const char *
set_mail(struct arena *arena, const struct yaml_node *config, struct draft_entry *entry)
{
	const char *host = yaml_text(config, "smtpHost"), *from = yaml_text(config, "smtpFrom");
	double port = yaml_number(config, "smtpPort", 25);
	bool is_implicit = yaml_is_true(config, "smtpSecure");

	if (host == NULL || !draft_is_host(entry, host) || port < 1 || port > 65535)
		return "its relay (smtpHost, smtpPort) is none";
	from = from == NULL ? "" : find_address(arena, from, from + strlen(from));
	if (!draft_is_mailbox(from))
		return "its sender (smtpFrom) is no address of mail";
	draft_settings(entry, " plugin = \"email\";");
	draft_string(entry, "relay",
	    FORMAT(300, strchr(host, ':') != NULL ? "[%s]:%.0f" : "%s:%.0f", host, port));
	draft_settings(entry, is_implicit ? " tls = \"implicit\";" : " tls = \"opportunistic\";");
	if (is_implicit && yaml_is_true(config, "smtpIgnoreTLSError"))
		draft_settings(entry, " verify = \"none\";");
	draft_string(entry, "from", from);
	return add_addresses(arena, yaml_text(config, "smtpTo"), entry)
	        + add_addresses(arena, yaml_text(config, "smtpCC"), entry)
	        + add_addresses(arena, yaml_text(config, "smtpBCC"), entry) == 0
	    ? "it has no address to send to (smtpTo)" : NULL;
}

static const char *
set_receiver(const struct yaml_node *config, const char *type, struct draft_entry *entry)
{
	const char *topic = yaml_text(config, "ntfytopic"), *base;
	struct text url = TEXT_ROOM(1000);
	size_t i = 0;

	while (i < sizeof receivers / sizeof receivers[0] && strcmp(receivers[i].type, type) != 0)
		i++;
	for (size_t j = 0; j < sizeof by_hand / sizeof by_hand[0]; j++)
		if (strcmp(by_hand[j].type, type) == 0)
			return by_hand[j].how;
	if (i == sizeof receivers / sizeof receivers[0])
		return "no notifier of this kind: a program of yours tells it, which `plugin = "
		       "\"exec\"` gives the notice as JSON";
	base = yaml_text(config, receivers[i].key);
	text_add(&url, base == NULL ? "" : base);
	if (strcmp(type, "ntfy") == 0 && url.size > 0)
		text_format(&url, "%s%s", url.bytes[url.size - 1] == '/' ? "" : "/",
		    topic == NULL ? "" : topic);
	if (url.cut || !draft_is_url(url.bytes))
		return "its URL is none";
	draft_settings(entry, " plugin = \"webhook\";");
	draft_string(entry, "format", receivers[i].format);
	draft_string(entry, "url", url.bytes);
	if (receivers[i].is_secret)
		draft_leave_out(
		    entry, receivers[i].key, "this URL is a secret: `url_file` keeps it in a file");
	return NULL;
}

const char *
kuma_notifier(struct draft *draft, struct draft_place place, const char *name,
    const struct yaml_node *config, bool is_active)
{
	struct draft_entry *entry = draft_begin(draft, DRAFT_NOTIFIER, place);
	const char *type = yaml_text(config, "type"), *why, *given = NULL;

	type = type == NULL ? "?" : type;
	why = !is_active                  ? "it is not active"
	    : strcmp(type, "smtp") == 0 ? set_mail(draft_arena(draft), config, entry)
	                                : set_receiver(config, type, entry);
	if (why != NULL) {
		draft_reject(entry, FORMAT(400, "%s, type %s", name, type), why);
		return NULL;
	}
	given = draft_name(entry, name);
	kuma_tell_rest(config, entry, rest);
	draft_end(entry);
	return given;
}
