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

static json_t *
pagerduty(const struct pw_notice *notice, const char *key)
{
	bool resolves = notice->over && !is(notice, "outage");

	return json_pack("{s:s, s:s, s:o, s:s, s:{s:o, s:s, s:s, s:o, s:s, s:s, s:{s:s, s:s, s:I}}}", "routing_key", key,
	    "event_action", resolves ? "resolve" : "trigger", "dedup_key",
	    cut(notice->thread[0] != '\0' ? notice->thread : notice->key, 255), "client", "postwatch", "payload", "summary",
	    cut(notice->sentence[0] != '\0' ? notice->sentence : notice->subject, SUMMARY), "source",
	    notice->target[0] != '\0' ? notice->target : notice->own_name, "severity", is(notice, "outage") ? "info"
	    : notice->severity, "timestamp", when(notice->confirmed), "component", notice->probe, "class", notice->outcome,
	    "custom_details", "body", notice->body, "key", notice->key, "incident", (json_int_t)notice->incident);
}

static bool
is_condition(const struct pw_notice *notice)
{
	return is(notice, "degraded") || is(notice, "blocked") || is(notice, "cleared");
}

/* What begins and ends lasts until its end is told; what is said once lasts an hour, for nobody ends it. An outage that is
 * over is one of these: of an alert that had ended before it came nobody is told. */
struct alert {
	const char *name, *severity;
	bool once;
};

static struct alert
alert_of(const struct pw_notice *notice)
{
	if (notice->target[0] == '\0' || is(notice, "impaired"))
		return (struct alert){ "PostwatchItself", notice->severity, true };
	if (is_condition(notice))
		return (struct alert){ "MailServerImpaired", "warning", false };
	if (is(notice, "fact"))
		return (struct alert){ "MailServerChanged", notice->severity, true };
	if (is(notice, "outage"))
		return (struct alert){ "MailServerWasDown", notice->severity, true };
	return (struct alert){ "MailServerDown", "critical", false };
}

/* What an alert is known by has to be the same when it ends: nothing of it may change in between. */
static json_t *
labels_of(const struct pw_notice *notice, const struct alert *alert)
{
	const char *matter = notice->target[0] == '\0' ? NULL : is_condition(notice) ? "condition" : is(notice, "fact") ? "fact" : NULL;
	json_t *labels = json_pack("{s:s, s:s, s:s}", "alertname", alert->name, "severity", alert->severity, "watcher",
	    notice->own_name);
	int failed = labels == NULL;

	if (strcmp(alert->name, "PostwatchItself") == 0)
		failed |= json_object_set_new(labels, "kind", json_string(notice->kind));
	if (notice->target[0] != '\0') {
		failed |= json_object_set_new(labels, "target", json_string(notice->target));
		failed |= json_object_set_new(labels, "instance", json_sprintf("%s:%u", notice->host, notice->port));
		failed |= json_object_set_new(labels, "probe", json_string(notice->probe));
	}
	if (matter != NULL)
		failed |= json_object_set_new(labels, matter, json_string(notice->outcome));
	if (failed == 0)
		return labels;
	json_decref(labels);
	return NULL;
}

/* Nobody tells it again that it lasts, so it is given a week. */
static json_t *
alertmanager(const struct pw_notice *notice)
{
	const struct alert alert = alert_of(notice);
	int64_t began = notice->began != 0 ? notice->began : notice->detected;
	int64_t ends = alert.once ? notice->sent + hour : !notice->over ? notice->sent + week
	    : notice->ended != 0 ? notice->ended : notice->sent;

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

char *
format_notice(enum format format, const struct pw_notice *notice, const char *topic, const char *secret)
{
	json_t *body = NULL;
	char *text;

	switch (format) {
	case FORMAT_POSTWATCH:
		return strdup(notice->json);
	case FORMAT_HEARTBEAT:
		return strdup("");
	case FORMAT_SLACK:
		body = slack(notice);
		break;
	case FORMAT_TEAMS:
		body = teams(notice);
		break;
	case FORMAT_DISCORD:
		body = discord(notice);
		break;
	case FORMAT_NTFY:
		body = ntfy(notice, topic);
		break;
	case FORMAT_PAGERDUTY:
		body = pagerduty(notice, secret);
		break;
	case FORMAT_ALERTMANAGER:
		body = with_strings(alertmanager(notice));
		break;
	}
	text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
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
