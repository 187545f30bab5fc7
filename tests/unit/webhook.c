/* What receivers of webhooks are sent: within their limits, and free of markup that a server could have written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/webhook/format.h"
#include "../../plugins/webhook/post.h"

static char brief[PW_BRIEF_MAX + 1], body[64 * 1024];

/* As the host sorts them; of "impaired" one that has no end. */
static uint32_t
alert_of(const char *kind, bool over)
{
	static const char *const none[] = { "outage", "fact", "digest", "test", "impaired" };

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (strcmp(kind, none[i]) == 0)
			return PW_ALERT_NONE;
	return over ? PW_ALERT_CLOSED : PW_ALERT_OPEN;
}

static struct pw_notice
notice_of(const char *kind, bool over)
{
	return (struct pw_notice){ .size = sizeof(struct pw_notice), .kind = kind, .key = "abcdefghijklmnopqrstuvwxyz", .thread = "thread",
		.target = "mx1.example.org:25", .subject = "[down] mx1.example.org:25 - no greeting within 60 s", .body = body, .brief = brief,
		.json = "{\"version\":1}", .severity = over ? "info" : "critical", .outcome = "banner_timeout", .host = "mx1.example.org",
		.port = 25, .probe = "smtp", .sentence = "mx1.example.org:25 down", .own_name = "watch.test", .incident = 17, .attempt = 1,
		.began = INT64_C(1764150000000000), .detected = INT64_C(1764150000000000), .confirmed = INT64_C(1764150060000000),
		.ended = over ? INT64_C(1764150600000000) : 0, .sent = INT64_C(1764150601000000), .over = over,
		.alert = alert_of(kind, over), .first_kind = over ? "down" : kind, .first_target = "mx1.example.org:25",
		.first_host = "mx1.example.org", .first_port = 25, .first_probe = "smtp", .first_own_name = "watch.test" };
}

/* The request of that number. */
static json_t *
made_as(enum format format, const struct pw_notice *notice, uint32_t number, uint32_t of, bool change)
{
	struct requests requests;
	json_t *json;

	assert_true(format_notice(&requests, format, notice, "topic", "routing"));
	assert_int_equal(requests.count, of);
	assert_int_equal(requests.items[number].change, change);
	json = json_loads(requests.items[number].body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	requests_free(&requests);
	return json;
}

static json_t *
made(enum format format, const struct pw_notice *notice)
{
	return made_as(format, notice, 0, 1, false);
}

/* By a path of keys and numbers: "blocks.0.text". */
static const char *
string_at(json_t *json, const char *path)
{
	char part[64];

	while (*path != '\0' && json != NULL) {
		size_t size = strcspn(path, ".");
		memcpy(part, path, size);
		part[size] = '\0';
		json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10)) : json_object_get(json, part);
		path += size + (path[size] == '.');
	}
	assert_non_null(json);
	return json_string_value(json);
}

static void
fill(const char *words)
{
	snprintf(brief, sizeof brief, "%s", words);
	snprintf(body, sizeof body, "%s", words);
}

static void
all_formats_are_json(void **state)
{
	static const char *const kinds[] = { "down", "up", "outage", "degraded", "cleared", "blind", "impaired", "digest", "test" };
	(void)state;

	memset(brief, 'x', sizeof brief - 1);
	memset(body, 'y', sizeof body - 1);
	for (enum format format = FORMAT_POSTWATCH; format <= FORMAT_ALERTMANAGER; format++)
		for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
			struct pw_notice notice = notice_of(kinds[i], strcmp(kinds[i], "up") == 0 || strcmp(kinds[i], "cleared") == 0);
			struct requests requests;
			assert_true(format_notice(&requests, format, &notice, "topic", "routing"));
			for (uint32_t j = 0; j < requests.count; j++) {
				json_t *json = json_loads(requests.items[j].body, JSON_REJECT_DUPLICATES, NULL);
				assert_non_null(json);
				if (format != FORMAT_PAGERDUTY && format != FORMAT_ALERTMANAGER)
					assert_true(strlen(requests.items[j].body) < 28 * 1024);
				json_decref(json);
			}
			requests_free(&requests);
		}
	brief[0] = body[0] = '\0';
}

static void
slack_reads_no_calls(void **state)
{
	struct pw_notice notice = notice_of("down", false);
	json_t *json;
	(void)state;

	fill("<!channel> ``` *bold* & <https://evil.example|here>");
	notice.subject = "[down] <!channel> & co";
	json = made(FORMAT_SLACK, &notice);
	assert_string_equal(string_at(json, "text"), "[down] &lt;!channel&gt; &amp; co");
	assert_string_equal(string_at(json, "blocks.0.text.type"), "plain_text");
	assert_string_equal(string_at(json, "blocks.1.elements.0.type"), "rich_text_preformatted");
	assert_string_equal(string_at(json, "blocks.1.elements.0.elements.0.text"), brief);
	assert_int_equal(json_array_size(json_object_get(json, "blocks")), 2);
	json_decref(json);
	notice.page = "https://watch.example/incidents/1";
	json = made(FORMAT_SLACK, &notice);
	assert_string_equal(string_at(json, "blocks.2.text.text"), "<https://watch.example/incidents/1|On the page of Postwatch>");
	json_decref(json);
}

static void
discord_keeps_the_fence(void **state)
{
	struct pw_notice notice = notice_of("down", false);
	json_t *json;
	(void)state;

	memset(brief, '`', sizeof brief - 1);
	json = made(FORMAT_DISCORD, &notice);
	const char *text = string_at(json, "embeds.0.description");
	assert_true(strlen(text) < 4096);
	assert_null(strchr(text + 3, '`') == text + strlen(text) - 3 ? NULL : text);
	assert_int_equal(json_array_size(json_object_get(json_object_get(json, "allowed_mentions"), "parse")), 0);
	json_decref(json);
	fill("");
}

static void
teams_and_ntfy_have_plain_text(void **state)
{
	struct pw_notice notice = notice_of("down", false);
	json_t *json;
	(void)state;

	fill("**bold** [here](https://evil.example)");
	json = made(FORMAT_TEAMS, &notice);
	assert_string_equal(string_at(json, "attachments.0.content.body.1.type"), "RichTextBlock");
	assert_string_equal(string_at(json, "attachments.0.content.body.1.inlines.0.text"), brief);
	json_decref(json);
	json = made(FORMAT_NTFY, &notice);
	assert_string_equal(string_at(json, "topic"), "topic");
	assert_string_equal(string_at(json, "message"), brief);
	assert_null(json_object_get(json, "markdown"));
	assert_int_equal(json_integer_value(json_object_get(json, "priority")), 5);
	json_decref(json);
}

static void
pagerduty_resolves_what_it_triggered(void **state)
{
	struct pw_notice down = notice_of("down", false), up = notice_of("up", true);
	json_t *json;
	(void)state;

	json = made(FORMAT_PAGERDUTY, &down);
	assert_string_equal(string_at(json, "event_action"), "trigger");
	assert_string_equal(string_at(json, "routing_key"), "routing");
	assert_string_equal(string_at(json, "dedup_key"), "thread");
	assert_string_equal(string_at(json, "payload.severity"), "critical");
	json_decref(json);
	json = made(FORMAT_PAGERDUTY, &up);
	assert_string_equal(string_at(json, "event_action"), "resolve");
	assert_string_equal(string_at(json, "dedup_key"), "thread");
	json_decref(json);
}

/* Of which the body is asserted whole, byte for byte: what a receiver takes for a key, a title, markup or a state is in it. */
struct whole {
	enum format format;
	const char *kind;
	bool over;
	const char *bodies[REQUESTS_MAX];
};

static const struct whole wholes[] = {
#include "webhook_bodies.h"
};

static void
bodies_are_whole(void **state)
{
	bool shows = getenv("SHOW_BODIES") != NULL;
	(void)state;

	fill("mx1.example.org:25 down: <b>\"no\"</b> & `greeting`\n   0.000 *** refused \\o/ é\n");
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
		const struct whole *whole = &wholes[i];
		struct pw_notice notice = notice_of(whole->kind, whole->over);
		struct requests requests;

		notice.subject = whole->over ? "[up] mx1.example.org:25 - was down for 600 s" : "[down] mx1 <!here> & *no* `greeting` within 60 s";
		if (strcmp(whole->kind, "test") == 0 || strcmp(whole->kind, "digest") == 0) {
			notice.target = "";
			notice.outcome = whole->kind;
			notice.alert = strcmp(whole->kind, "digest") == 0 ? PW_ALERT_OPEN : PW_ALERT_NONE;
		}
		assert_true(format_notice(&requests, whole->format, &notice, "topic", "routing"));
		for (uint32_t j = 0; j < requests.count; j++) {
			if (shows)
				fprintf(stderr, "%zu.%u %s\n", i, j, requests.items[j].body);
			else if (whole->bodies[j] == NULL || strcmp(requests.items[j].body, whole->bodies[j]) != 0)
				fail_msg("row %zu, request %u: %s", i, j, requests.items[j].body);
		}
		assert_true(shows || requests.count == REQUESTS_MAX || whole->bodies[requests.count] == NULL);
		requests_free(&requests);
	}
	fill("");
}

/* Nobody would ever resolve it. */
static void
what_has_no_end_is_no_incident(void **state)
{
	static const char *const kinds[] = { "outage", "fact", "digest", "impaired" };
	(void)state;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct pw_notice notice = notice_of(kinds[i], strcmp(kinds[i], "outage") == 0);
		json_t *json = made_as(FORMAT_PAGERDUTY, &notice, 0, 1, true);
		assert_null(json_object_get(json, "event_action"));
		assert_null(json_object_get(json, "dedup_key"));
		assert_string_equal(string_at(json, "routing_key"), "routing");
		assert_string_equal(string_at(json, "payload.summary"), "mx1.example.org:25 down");
		json_decref(json);
	}
}

static void
a_test_ends_what_it_begins(void **state)
{
	static const char *const actions[] = { "trigger", "resolve" };
	struct pw_notice test = notice_of("test", false);
	json_t *one, *other;
	(void)state;

	test.target = "";
	test.first_own_name = "watch.test";
	for (uint32_t i = 0; i < 2; i++) {
		json_t *json = made_as(FORMAT_PAGERDUTY, &test, i, 2, false);
		assert_string_equal(string_at(json, "event_action"), actions[i]);
		assert_string_equal(string_at(json, "dedup_key"), test.key);
		json_decref(json);
	}
	one = made_as(FORMAT_ALERTMANAGER, &test, 0, 2, false);
	other = made_as(FORMAT_ALERTMANAGER, &test, 1, 2, false);
	assert_true(json_equal(json_object_get(json_array_get(one, 0), "labels"), json_object_get(json_array_get(other, 0), "labels")));
	assert_string_equal(string_at(one, "0.endsAt"), "2025-11-26T10:50:01Z");
	assert_string_equal(string_at(other, "0.endsAt"), "2025-11-26T09:50:01Z");
	json_decref(one);
	json_decref(other);
}

static void
an_alert_ends_under_the_labels_it_began_with(void **state)
{
	struct pw_notice down = notice_of("down", false), up = notice_of("up", true);
	json_t *one, *other;
	(void)state;

	down.outcome = "refused";
	up.outcome = "";
	up.target = "renamed"; /* and moved, and found by another probe, and we are called otherwise */
	up.host = "elsewhere.example.org";
	up.port = 2525;
	up.probe = "starttls";
	up.own_name = "other.test";
	one = made(FORMAT_ALERTMANAGER, &down);
	other = made(FORMAT_ALERTMANAGER, &up);
	assert_true(json_equal(json_object_get(json_array_get(one, 0), "labels"), json_object_get(json_array_get(other, 0), "labels")));
	assert_string_equal(string_at(one, "0.startsAt"), "2025-11-26T09:40:00Z");
	assert_string_equal(string_at(one, "0.endsAt"), "2025-12-03T09:50:01Z");
	assert_string_equal(string_at(other, "0.endsAt"), "2025-11-26T09:50:00Z");
	assert_string_equal(string_at(one, "0.annotations.incident"), "17");
	json_decref(one);
	json_decref(other);
	/* Of our own trouble, and of a target that nothing is known of, the end has another kind than the beginning. */
	down = notice_of("impaired", false);
	up = notice_of("cleared", true);
	down.alert = PW_ALERT_OPEN;
	up.first_kind = "impaired";
	one = made(FORMAT_ALERTMANAGER, &down);
	other = made(FORMAT_ALERTMANAGER, &up);
	assert_string_equal(string_at(one, "0.labels.alertname"), "PostwatchItself");
	assert_true(json_equal(json_object_get(json_array_get(one, 0), "labels"), json_object_get(json_array_get(other, 0), "labels")));
	json_decref(one);
	json_decref(other);
}

/* What no notice will end is told for an hour, and nothing but a down says that a server is down. */
static void
what_is_said_once_is_no_outage(void **state)
{
	static const struct { const char *kind, *alert; bool over; } rows[] = { { "fact", "MailServerChanged", false },
		{ "impaired", "PostwatchItself", false }, { "outage", "MailServerWasDown", true } };
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pw_notice notice = notice_of(rows[i].kind, rows[i].over);
		json_t *json = made(FORMAT_ALERTMANAGER, &notice);
		assert_string_equal(string_at(json, "0.labels.alertname"), rows[i].alert);
		assert_string_equal(string_at(json, "0.labels.target"), "mx1.example.org:25");
		assert_string_equal(string_at(json, "0.endsAt"), "2025-11-26T10:50:01Z");
		json_decref(json);
	}
}

static void
discord_reads_no_links(void **state)
{
	struct pw_notice notice = notice_of("down", false);
	json_t *json;
	(void)state;

	notice.subject = "\\*[a](https://evil.example) <@1>";
	json = made(FORMAT_DISCORD, &notice);
	assert_string_equal(string_at(json, "embeds.0.title"), "\\\\\\*\\[a\\](https://evil.example) \\<@1\\>");
	json_decref(json);
}

static void
long_words_are_cut_between_characters(void **state)
{
	struct pw_notice notice = notice_of("down", false);
	static char subject[1200];
	json_t *json;
	(void)state;

	for (size_t i = 0; i + 4 < sizeof subject; i += 3)
		memcpy(subject + i, "€", 3);
	notice.subject = subject;
	json = made(FORMAT_SLACK, &notice);
	assert_true(strlen(string_at(json, "blocks.0.text.text")) <= 148);
	json_decref(json);
	json = made(FORMAT_DISCORD, &notice);
	assert_true(strlen(string_at(json, "embeds.0.title")) <= 250);
	json_decref(json);
}

static void
signatures_are_those_of_openssl(void **state)
{
	char signature[SIGNATURE_MAX];
	(void)state;

	/* printf '1764150126.{"a":1}' | openssl dgst -sha256 -hmac secret */
	assert_true(post_sign("secret", 1764150126, "{\"a\":1}", signature));
	assert_string_equal(signature, "t=1764150126,v1=23123c15d16d9c571e3bc3036a138b1d73ba8a5f273e2f172de9d5f22b545cd1");
}

static void
a_topic_is_the_last_part(void **state)
{
	char good[] = "https://ntfy.example/alerts", none[] = "https://ntfy.example", empty[] = "https://ntfy.example/", query[] = "https://n/x?y=a/b";
	(void)state;

	assert_string_equal(format_take_topic(good), "alerts");
	assert_string_equal(good, "https://ntfy.example");
	assert_null(format_take_topic(none));
	assert_null(format_take_topic(empty));
	assert_null(format_take_topic(query));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_formats_are_json),
		cmocka_unit_test(slack_reads_no_calls),
		cmocka_unit_test(discord_keeps_the_fence),
		cmocka_unit_test(teams_and_ntfy_have_plain_text),
		cmocka_unit_test(pagerduty_resolves_what_it_triggered),
		cmocka_unit_test(bodies_are_whole),
		cmocka_unit_test(what_has_no_end_is_no_incident),
		cmocka_unit_test(a_test_ends_what_it_begins),
		cmocka_unit_test(an_alert_ends_under_the_labels_it_began_with),
		cmocka_unit_test(what_is_said_once_is_no_outage),
		cmocka_unit_test(discord_reads_no_links),
		cmocka_unit_test(long_words_are_cut_between_characters),
		cmocka_unit_test(signatures_are_those_of_openssl),
		cmocka_unit_test(a_topic_is_the_last_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
