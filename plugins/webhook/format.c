/*
 * Receivers and their limits, as they document them:
 *
 *   Slack         text 40,000 characters; header 150; a block of preformatted text as it is
 *   Teams         a message of 28 KB
 *   Discord       title 256, description 4,096, an embed 6,000 characters
 *   ntfy          a message of 4,096 bytes, a title of 250 here
 *   PagerDuty     summary 1,024 characters, an event of 512 KB, dedup_key 255
 *   Alertmanager  none of its own
 *
 * What servers said goes only into places that no receiver reads markup in: preformatted rich text, plain text runs,
 * code whose fence it cannot end, and JSON strings.
 */
#include "webhook.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DISCORD_TITLE = 250, SUMMARY = 1000, TOPIC_MAX = 64 };

static const int64_t hour = 3600 * INT64_C(1000000), week = 7 * 24 * 3600 * INT64_C(1000000);

/* So many bytes at most, whole characters. */
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
is(const struct pw_notice *notice, const char *kind)
{
	return strcmp(notice->kind, kind) == 0;
}

/* Replaces each of the characters by its words, for places that read markup. */
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

/* "<!channel>" is a call only where the brackets are its own. */
static json_t *
slack(const struct pw_notice *notice)
{
	static const char *const words[] = { "&amp;", "&lt;", "&gt;" };
	char *text = escape(notice->subject, "&<>", words);
	json_t *body = text == NULL ? NULL : json_pack("{s:s, s:[{s:s, s:{s:s, s:o, s:b}}, {s:s, s:[{s:s, s:[{s:s, s:o}]}]}]}",
	    "text", text, "blocks",
	    "type", "header", "text", "type", "plain_text", "text", cut(notice->subject, 148), "emoji", 0,
	    "type", "rich_text", "elements", "type", "rich_text_preformatted", "elements", "type", "text", "text",
	    cut(notice->brief, PW_BRIEF_MAX));

	free(text);
	return body;
}

static json_t *
teams(const struct pw_notice *notice)
{
	return json_pack("{s:s, s:[{s:s, s:{s:s, s:s, s:s, s:{s:s}, s:["
	    "{s:s, s:[{s:s, s:s, s:s}]}, {s:s, s:[{s:s, s:o, s:s, s:s}]}]}}]}",
	    "type", "message", "attachments", "contentType", "application/vnd.microsoft.card.adaptive", "content",
	    "type", "AdaptiveCard", "$schema", "http://adaptivecards.io/schemas/adaptive-card.json", "version", "1.4", "msteams",
	    "width", "Full", "body",
	    "type", "RichTextBlock", "inlines", "type", "TextRun", "text", notice->subject, "weight", "Bolder",
	    "type", "RichTextBlock", "inlines", "type", "TextRun", "text", cut(notice->brief, PW_BRIEF_MAX), "fontType",
	    "Monospace", "size", "Small");
}

static int
color(const struct pw_notice *notice)
{
	if (notice->over)
		return 0x2e7d32;
	return strcmp(notice->severity, "critical") == 0 ? 0xc62828 : strcmp(notice->severity, "info") == 0 ? 0x455a64 : 0xef6c00;
}

/* A fence that the text itself would end is none; grave accents look like another quote then. A title knows marks, links
 * and calls. */
static json_t *
discord(const struct pw_notice *notice)
{
	static const char *const quotes[] = { "'" };
	static const char *const marks[] = { "\\\\", "\\*", "\\_", "\\~", "\\|", "\\`", "\\[", "\\]", "\\<", "\\>" };
	char *code = escape(notice->brief, "`", quotes), *title = escape(notice->subject, "\\*_~|`[]<>", marks);
	json_t *body = NULL, *description = code == NULL ? NULL : json_sprintf("```\n%s\n```", code);

	if (description != NULL && title != NULL)
		body = json_pack("{s:{s:[]}, s:[{s:o, s:O, s:i}]}", "allowed_mentions", "parse", "embeds", "title",
		    cut(title, DISCORD_TITLE), "description", description, "color", color(notice));
	json_decref(description);
	free(code);
	free(title);
	return body;
}

static json_t *
ntfy(const struct pw_notice *notice, const char *topic)
{
	bool urgent = !notice->over && strcmp(notice->severity, "critical") == 0;

	return json_pack("{s:s, s:o, s:o, s:i, s:[s]}", "topic", topic, "title", cut(notice->subject, SUMMARY / 4), "message",
	    cut(notice->brief, PW_BRIEF_MAX), "priority", urgent ? 5 : notice->over ? 3 : 4, "tags",
	    notice->over ? "white_check_mark" : urgent ? "rotating_light" : "warning");
}

static json_t *
when(int64_t utc)
{
	time_t seconds = (time_t)(utc / 1000000);
	struct tm parts;
	char text[32];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

/* What `thread` stands for is known by it; a notice that opens nothing has a key of its own. */
static json_t *
key_of(const struct pw_notice *notice)
{
	return cut(notice->alert != PW_ALERT_NONE && notice->thread[0] != '\0' ? notice->thread : notice->key, 255);
}

static const char *
words_of(const struct pw_notice *notice)
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
	return json_pack("{s:s, s:s, s:o, s:s, s:{s:o, s:s, s:s, s:o, s:s, s:s, s:{s:s, s:s, s:I}}}", "routing_key", key,
	    "event_action", action, "dedup_key", key_of(notice), "client", "postwatch", "payload", "summary",
	    cut(words_of(notice), SUMMARY), "source", source_of(notice), "severity", notice->severity, "timestamp",
	    when(notice->confirmed), "component", notice->probe, "class", notice->outcome, "custom_details", "body", notice->body,
	    "key", notice->key, "incident", (json_int_t)notice->incident);
}

/* What nobody has to do anything about: a change event is no incident, and has no end. */
static json_t *
pagerduty_change(const struct pw_notice *notice, const char *key)
{
	return json_pack("{s:s, s:{s:o, s:s, s:o, s:{s:s, s:s, s:I}}}", "routing_key", key, "payload", "summary",
	    cut(words_of(notice), SUMMARY), "source", source_of(notice), "timestamp", when(notice->confirmed), "custom_details",
	    "body", notice->body, "key", notice->key, "incident", (json_int_t)notice->incident);
}

/* What begins and ends lasts until its end is told, and is known by what it began as; what is said once lasts an hour, for
 * nobody ends it. */
struct alert {
	const char *name, *severity;
	const char *matter, *is; /* a label of its own; NULL: none */
};

static bool
begins_as(const struct pw_notice *notice, const char *kind)
{
	return strcmp(notice->first_kind, kind) == 0;
}

static struct alert
lasting(const struct pw_notice *notice)
{
	if (notice->target[0] == '\0' || begins_as(notice, "impaired"))
		return (struct alert){ "PostwatchItself", "error", "condition", notice->outcome };
	if (begins_as(notice, "degraded") || begins_as(notice, "blocked"))
		return (struct alert){ "MailServerImpaired", "warning", "condition", notice->outcome };
	return (struct alert){ "MailServerDown", "critical", NULL, NULL };
}

static struct alert
alert_of(const struct pw_notice *notice)
{
	if (notice->alert != PW_ALERT_NONE)
		return lasting(notice);
	if (is(notice, "fact"))
		return (struct alert){ "MailServerChanged", notice->severity, "fact", notice->outcome };
	if (is(notice, "outage"))
		return (struct alert){ "MailServerWasDown", notice->severity, NULL, NULL };
	return (struct alert){ "PostwatchItself", notice->severity, "kind", notice->kind };
}

/* An alert is known by them alone: so they are what its target and we were called when it began. */
static json_t *
labels_of(const struct pw_notice *notice, const struct alert *alert)
{
	json_t *labels = json_pack("{s:s, s:s, s:s}", "alertname", alert->name, "severity", alert->severity, "watcher",
	    notice->first_own_name);
	int failed = labels == NULL;

	if (alert->matter != NULL)
		failed |= json_object_set_new(labels, alert->matter, json_string(alert->is));
	if (notice->target[0] != '\0') {
		failed |= json_object_set_new(labels, "target", json_string(notice->first_target));
		failed |= json_object_set_new(labels, "instance", json_sprintf("%s:%u", notice->first_host, notice->first_port));
		failed |= json_object_set_new(labels, "probe", json_string(notice->first_probe));
	}
	if (failed == 0)
		return labels;
	json_decref(labels);
	return NULL;
}

/* Who dies tells nobody that it lasts, so it is given a week. */
static json_t *
alertmanager(const struct pw_notice *notice, bool over)
{
	const struct alert alert = alert_of(notice);
	int64_t began = notice->began != 0 ? notice->began : notice->detected;
	int64_t ends = over ? notice->ended != 0 ? notice->ended : notice->sent
	    : notice->sent + (notice->alert == PW_ALERT_NONE ? hour : week);

	if (ends < began)
		ends = began;
	return json_pack("[{s:o, s:{s:s, s:s, s:s, s:s, s:I}, s:o, s:o}]", "labels", labels_of(notice, &alert), "annotations",
	    "summary", notice->subject, "description", notice->body, "outcome", notice->outcome, "key", notice->key, "incident",
	    (json_int_t)notice->incident, "startsAt", when(began), "endsAt", when(ends));
}

/* Annotations are strings there. */
static json_t *
with_strings(json_t *alerts)
{
	json_t *annotations = json_object_get(json_array_get(alerts, 0), "annotations");
	json_t *incident = json_object_get(annotations, "incident");

	if (incident != NULL && json_object_set_new(annotations, "incident", json_sprintf("%lld",
	    (long long)json_integer_value(incident))) != 0) {
		json_decref(alerts); /* no memory: with a number it would be refused for good */
		return NULL;
	}
	return alerts;
}

/* False: no memory. */
static bool
add(struct requests *requests, json_t *body, bool change)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

	json_decref(body);
	if (text != NULL)
		requests->items[requests->count++] = (struct request){ text, change, 1 };
	return text != NULL;
}

/* A test is over when it is seen. */
static bool
add_pagerduty(struct requests *requests, const struct pw_notice *notice, const char *secret)
{
	if (is(notice, "test"))
		return add(requests, pagerduty(notice, secret, "trigger"), false)
		    && add(requests, pagerduty(notice, secret, "resolve"), false);
	if (notice->alert == PW_ALERT_NONE)
		return add(requests, pagerduty_change(notice, secret), true);
	return add(requests, pagerduty(notice, secret, notice->alert == PW_ALERT_CLOSED ? "resolve" : "trigger"), false);
}

static bool
add_alertmanager(struct requests *requests, const struct pw_notice *notice)
{
	bool over = notice->alert == PW_ALERT_CLOSED;

	return add(requests, with_strings(alertmanager(notice, over)), false)
	    && (!is(notice, "test") || add(requests, with_strings(alertmanager(notice, true)), false));
}

static bool
add_text(struct requests *requests, const char *text)
{
	requests->items[0] = (struct request){ strdup(text), false, 1 };
	requests->count = requests->items[0].body != NULL;
	return requests->count > 0;
}

static bool
add_all(struct requests *requests, enum format format, const struct pw_notice *notice, const char *topic, const char *secret)
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
		return add_pagerduty(requests, notice, secret);
	case FORMAT_ALERTMANAGER:
		return add_alertmanager(requests, notice);
	}
	return false;
}

bool
format_notice(struct requests *requests, enum format format, const struct pw_notice *notice, const char *topic,
    const char *secret)
{
	*requests = (struct requests){ .count = 0 };
	if (add_all(requests, format, notice, topic, secret)) {
		for (uint32_t i = 0; i < requests->count; i++)
			requests->items[i].of = requests->count;
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
	static const uint32_t receivers[] = { [FORMAT_POSTWATCH] = PW_KEEPS, [FORMAT_PAGERDUTY] = PW_KEEPS,
		[FORMAT_ALERTMANAGER] = PW_KEEPS | PW_FORGETS, [FORMAT_HEARTBEAT] = 0 };

	return receivers[format];
}

/* What ntfy takes for one; any other name it refuses. */
static bool
is_topic(const char *word)
{
	size_t size = strspn(word, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return size > 0 && size <= TOPIC_MAX && word[size] == '\0';
}

const char *
format_take_topic(char *url)
{
	char *slash = strrchr(url, '/'), *scheme = strstr(url, "://");

	if (slash == NULL || scheme == NULL || slash < scheme + 3 || strpbrk(url, "?#") != NULL || !is_topic(slash + 1))
		return NULL;
	*slash = '\0';
	return slash + 1;
}
