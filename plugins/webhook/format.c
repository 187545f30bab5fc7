/*
 * For the notifier `webhook`: writes a notice in the form of each kind of receiver. Their limits,
 * as they document them:
 *
 *   Slack         text 40,000 characters; header 150; a block of preformatted text as it is
 *   Teams         a message of 28 KB
 *   Discord       title 256, description 4,096, an embed 6,000 characters
 *   ntfy          a message of 4,096 bytes, a title of 250 here
 *   PagerDuty     summary 1,024 characters, an event of 512 KB, dedup_key 255
 *   Alertmanager  none of its own
 *
 * What servers said goes only into places that no receiver reads markup in: preformatted rich text,
 * plain text runs, code whose fence it cannot end, and JSON strings.
 */
#include "format.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of the limits above, with a margin, since receivers count in UTF-16 units or characters. */
enum { DISCORD_TITLE_MAX = 250, SUMMARY_MAX = 1000, NTFY_TITLE_MAX = 250, TOPIC_MAX = 64 };

static const int64_t hour = 3600 * INT64_C(1000000), week = 7 * 24 * 3600 * INT64_C(1000000);

/* At most `most` bytes, cut between characters of UTF-8. */
static json_t *
cut(const char *text, size_t most)
{
	size_t size = strlen(text);

	if (size > most)
		for (size = most; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
			size--;
	return json_stringn(text, size);
}

static bool
is_kind(const struct pw_notice *notice, const char *kind)
{
	return strcmp(notice->kind, kind) == 0;
}

/* Replaces the i-th of `chars` by words[i], for texts in which the receiver reads markup. */
static char *
escape(const char *text, const char *chars, const char *const *words)
{
	size_t room = strlen(text) * 6 + 1;
	char *out = malloc(room), *at = out;

	for (; out != NULL && *text != '\0'; text++) {
		const char *found = strchr(chars, *text);
		const char *word = found == NULL ? NULL : words[found - chars];
		if (word == NULL)
			*at++ = *text;
		else
			at = stpcpy(at, word);
	}
	if (out != NULL)
		*at = '\0';
	return out;
}

/* `text` is read as markup, in which "<!channel>" would call everybody; blocks are plain text. */
static json_t *
slack(const struct pw_notice *notice)
{
	static const char *const words[] = { "&amp;", "&lt;", "&gt;" };
	char *text = escape(notice->subject, "&<>", words), *page = NULL;
	json_t *body = text == NULL ? NULL : json_pack("{s:s, s:[{s:s, s:{s:s, s:o, s:b}}, "
	    "{s:s, s:[{s:s, s:[{s:s, s:o}]}]}]}",
	    "text", text, "blocks",
	    "type", "header", "text", "type", "plain_text", "text", cut(notice->subject, 148),
	    "emoji", 0,
	    "type", "rich_text", "elements", "type", "rich_text_preformatted", "elements",
	    "type", "text", "text", cut(notice->brief, PW_BRIEF_MAX));

	if (body != NULL && notice->page != NULL && notice->page[0] != '\0' && (page = escape(notice->page, "&<>", words)) != NULL)
		json_array_append_new(json_object_get(body, "blocks"), json_pack("{s:s, s:{s:s, s:o}}",
		    "type", "section", "text", "type", "mrkdwn", "text",
		    json_sprintf("<%s|On the page of Postwatch>", page)));
	free(page);
	free(text);
	return body;
}

/* A TextRun is plain text; a TextBlock would read markdown. */
static json_t *
teams(const struct pw_notice *notice)
{
	return json_pack("{s:s, s:[{s:s, s:{s:s, s:s, s:s, s:{s:s}, s:["
	    "{s:s, s:[{s:s, s:s, s:s}]}, {s:s, s:[{s:s, s:o, s:s, s:s}]}]}}]}",
	    "type", "message", "attachments",
	    "contentType", "application/vnd.microsoft.card.adaptive", "content",
	    "type", "AdaptiveCard",
	    "$schema", "http://adaptivecards.io/schemas/adaptive-card.json",
	    "version", "1.4", "msteams", "width", "Full", "body",
	    "type", "RichTextBlock", "inlines",
	    "type", "TextRun", "text", notice->subject, "weight", "Bolder",
	    "type", "RichTextBlock", "inlines",
	    "type", "TextRun", "text", cut(notice->brief, PW_BRIEF_MAX), "fontType", "Monospace",
	    "size", "Small");
}

static int
color(const struct pw_notice *notice)
{
	if (notice->over)
		return 0x2e7d32;
	if (strcmp(notice->severity, "critical") == 0)
		return 0xc62828;
	return strcmp(notice->severity, "info") == 0 ? 0x455a64 : 0xef6c00;
}

/* Grave accents in the text could end its code fence, so they become apostrophes. In a title
 * Discord reads emphasis, links and mentions, which are escaped. */
static json_t *
discord(const struct pw_notice *notice)
{
	static const char *const quotes[] = { "'" };
	static const char *const marks[] = { "\\\\", "\\*", "\\_", "\\~", "\\|", "\\`", "\\[",
	    "\\]", "\\<", "\\>" };
	char *code = escape(notice->brief, "`", quotes);
	char *title = escape(notice->subject, "\\*_~|`[]<>", marks);
	json_t *description = code == NULL ? NULL : json_sprintf("```\n%s\n```", code),
	    *body = NULL;

	if (description != NULL && title != NULL)
		body = json_pack("{s:{s:[]}, s:[{s:o, s:O, s:i}]}", "allowed_mentions", "parse",
		    "embeds",
		    "title", cut(title, DISCORD_TITLE_MAX), "description", description, "color",
		    color(notice));
	json_decref(description);
	free(code);
	free(title);
	return body;
}

static json_t *
ntfy(const struct pw_notice *notice, const char *topic)
{
	bool urgent = !notice->over && strcmp(notice->severity, "critical") == 0;

	return json_pack("{s:s, s:o, s:o, s:i, s:[s]}", "topic", topic, "title",
	    cut(notice->subject, NTFY_TITLE_MAX), "message", cut(notice->brief, PW_BRIEF_MAX),
	    "priority",
	    urgent ? 5 : notice->over ? 3 : 4, "tags",
	    notice->over ? "white_check_mark" : urgent ? "rotating_light" : "warning");
}

/* RFC 3339, whole seconds. */
static json_t *
time_text(int64_t utc)
{
	time_t seconds = (time_t)(utc / 1000000);
	struct tm parts;
	char text[32];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

/* All notices of an incident or condition share the key `thread`, by which the receiver finds
 * what it opened; a notice that opens nothing has a key of its own. */
static json_t *
alert_key(const struct pw_notice *notice)
{
	return cut(notice->alert != PW_ALERT_NONE
	    && notice->thread[0] != '\0' ? notice->thread : notice->key, 255);
}

static const char *
summary_of(const struct pw_notice *notice)
{
	return notice->sentence[0] != '\0' ? notice->sentence : notice->subject;
}

static const char *
source_of(const struct pw_notice *notice)
{
	return notice->target[0] != '\0' ? notice->target : notice->own_name;
}

static json_t *
pagerduty(const struct pw_notice *notice, const char *key, const char *action)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:{s:o, s:s, s:s, s:o, s:s, s:s, s:{s:s, s:s, s:I}}}",
	    "routing_key", key, "event_action", action, "dedup_key", alert_key(notice),
	    "client", "postwatch", "payload",
	    "summary", cut(summary_of(notice), SUMMARY_MAX), "source", source_of(notice),
	    "severity", notice->severity, "timestamp", time_text(notice->confirmed),
	    "component", notice->probe, "class", notice->outcome, "custom_details",
	    "body", notice->body, "key", notice->key, "incident", (json_int_t)notice->incident);
}

/* A change event opens no incident: for notices that ask nobody to act, such as a new
 * certificate. */
static json_t *
pagerduty_change(const struct pw_notice *notice, const char *key)
{
	return json_pack("{s:s, s:{s:o, s:s, s:o, s:{s:s, s:s, s:I}}}", "routing_key", key,
	    "payload",
	    "summary", cut(summary_of(notice), SUMMARY_MAX), "source", source_of(notice),
	    "timestamp", time_text(notice->confirmed), "custom_details",
	    "body", notice->body, "key", notice->key, "incident", (json_int_t)notice->incident);
}

/* What distinguishes alerts of Alertmanager. */
struct alert {
	const char *name, *severity;
	const char *label, *value; /* one more label; NULL: none */
};

static bool
begins_as(const struct pw_notice *notice, const char *kind)
{
	return strcmp(notice->first_kind, kind) == 0;
}

/* An incident or condition keeps the labels that it began with, for an end with other labels
 * would leave the alert open. */
static struct alert
open_alert(const struct pw_notice *notice)
{
	if (begins_as(notice, "digest"))
		return (struct alert){ "MailServerDown", "critical", "condition", notice->outcome };
	if (notice->target[0] == '\0' || begins_as(notice, "impaired"))
		return (struct alert){ "PostwatchItself", "error", "condition", notice->outcome };
	if (begins_as(notice, "degraded") || begins_as(notice, "blocked"))
		return (struct alert){ "MailServerImpaired", "warning", "condition",
		    notice->outcome };
	return (struct alert){ "MailServerDown", "critical", NULL, NULL };
}

static struct alert
alert_of(const struct pw_notice *notice)
{
	if (notice->alert != PW_ALERT_NONE)
		return open_alert(notice);
	if (is_kind(notice, "fact"))
		return (struct alert){ "MailServerChanged", notice->severity, "fact",
		    notice->outcome };
	if (is_kind(notice, "outage"))
		return (struct alert){ "MailServerWasDown", notice->severity, NULL, NULL };
	return (struct alert){ "PostwatchItself", notice->severity, "kind", notice->kind };
}

/* Alertmanager knows an alert by its labels alone, so they are the names that the target and we
 * had when it began, whatever a reload changed since. */
static json_t *
labels_of(const struct pw_notice *notice, const struct alert *alert)
{
	json_t *labels = json_pack("{s:s, s:s, s:s}", "alertname", alert->name, "severity",
	    alert->severity, "watcher", notice->first_own_name);
	int failed = labels == NULL;

	if (alert->label != NULL)
		failed |= json_object_set_new(labels, alert->label, json_string(alert->value));
	if (notice->target[0] != '\0') {
		failed |= json_object_set_new(labels, "target", json_string(notice->first_target));
		failed |= json_object_set_new(labels, "instance",
		    json_sprintf("%s:%u", notice->first_host, notice->first_port));
		failed |= json_object_set_new(labels, "probe", json_string(notice->first_probe));
	}
	if (failed == 0)
		return labels;
	json_decref(labels);
	return NULL;
}

/* An open alert ends in a week unless it is told again: the daemon may not live to tell its end.
 * A notice that opens nothing is an alert for an hour, since no end of it is told. */
static json_t *
alertmanager(const struct pw_notice *notice, bool over)
{
	const struct alert alert = alert_of(notice);
	int64_t began = notice->began != 0 ? notice->began : notice->detected;
	int64_t ends = over ? notice->ended != 0 ? notice->ended : notice->sent
	    : notice->sent + (notice->alert == PW_ALERT_NONE ? hour : week);

	if (ends < began)
		ends = began;
	return json_pack("[{s:o, s:{s:s, s:s, s:s, s:s, s:o}, s:o, s:o}]", "labels",
	    labels_of(notice, &alert), "annotations", "summary", notice->subject,
	    "description", notice->body, "outcome", notice->outcome, "key", notice->key,
	    "incident", json_sprintf("%lld", (long long)notice->incident), /* annotations are strings */
	    "startsAt", time_text(began), "endsAt", time_text(ends));
}

/* Takes `body`. Returns false where memory is short. */
static bool
add(struct requests *requests, json_t *body, bool change)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

	json_decref(body);
	if (text != NULL)
		requests->items[requests->count++] = (struct request){ text, change, 1 };
	return text != NULL;
}

/* The incident of a test notice is closed at once: no later notice would close it. */
static bool
add_pagerduty(struct requests *requests, const struct pw_notice *notice, const char *routing_key)
{
	if (is_kind(notice, "test"))
		return add(requests, pagerduty(notice, routing_key, "trigger"), false)
		    && add(requests, pagerduty(notice, routing_key, "resolve"), false);
	if (notice->alert == PW_ALERT_NONE)
		return add(requests, pagerduty_change(notice, routing_key), true);
	return add(requests, pagerduty(notice, routing_key,
	    notice->alert == PW_ALERT_CLOSED ? "resolve" : "trigger"), false);
}

static bool
add_alertmanager(struct requests *requests, const struct pw_notice *notice)
{
	bool over = notice->alert == PW_ALERT_CLOSED;

	return add(requests, alertmanager(notice, over), false)
	    && (!is_kind(notice, "test") || add(requests, alertmanager(notice, true), false));
}

static bool
add_text(struct requests *requests, const char *text)
{
	requests->items[0] = (struct request){ strdup(text), false, 1 };
	requests->count = requests->items[0].body != NULL;
	return requests->count > 0;
}

static bool
add_all(struct requests *requests, enum format format, const struct pw_notice *notice,
    const char *topic, const char *routing_key)
{
	switch (format) {
	case FORMAT_POSTWATCH:
		return add_text(requests, notice->json);
	case FORMAT_HEARTBEAT:
		return add_text(requests, "");
	case FORMAT_SLACK:
		return add(requests, slack(notice), false);
	case FORMAT_TEAMS:
		return add(requests, teams(notice), false);
	case FORMAT_DISCORD:
		return add(requests, discord(notice), false);
	case FORMAT_NTFY:
		return add(requests, ntfy(notice, topic), false);
	case FORMAT_PAGERDUTY:
		return add_pagerduty(requests, notice, routing_key);
	case FORMAT_ALERTMANAGER:
		return add_alertmanager(requests, notice);
	}
	return false;
}

bool
format_notice(struct requests *requests, enum format format, const struct pw_notice *notice,
    const char *topic, const char *routing_key)
{
	*requests = (struct requests){ .count = 0 };
	if (add_all(requests, format, notice, topic, routing_key)) {
		for (uint32_t i = 0; i < requests->count; i++)
			requests->items[i].share = requests->count;
		return true;
	}
	requests_free(requests);
	return false;
}

void
requests_free(struct requests *requests)
{
	while (requests->count > 0)
		free(requests->items[--requests->count].body);
}

uint32_t
format_receiver(enum format format)
{
	static const uint32_t receivers[] = { [FORMAT_POSTWATCH] = PW_KEEPS | PW_REPORTS,
	    [FORMAT_PAGERDUTY] = PW_KEEPS,
		[FORMAT_ALERTMANAGER] = PW_KEEPS | PW_FORGETS, [FORMAT_HEARTBEAT] = 0 };

	return receivers[format];
}

/* ntfy refuses any other name of a topic. */
static bool
is_topic(const char *word)
{
	static const char allowed[] = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t size = strspn(word, allowed);

	return size > 0 && size <= TOPIC_MAX && word[size] == '\0';
}

const char *
format_take_topic(char *url)
{
	char *slash = strrchr(url, '/'), *scheme = strstr(url, "://");

	if (slash == NULL || scheme == NULL || slash < scheme + 3 || strpbrk(url, "?#") != NULL
	    || !is_topic(slash + 1))
		return NULL;
	*slash = '\0';
	return slash + 1;
}
