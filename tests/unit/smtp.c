/* The probes smtp, starttls and banner before a host that only writes down their steps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe_world.h"

static struct {
	char steps[2048]; /* "expect banner; say ehlo EHLO me; …" */
	char facts[2048], warnings[1024], notes[1024];
	bool matches;
	char matched[256];
} seen;

__attribute__((format(printf, 3, 4))) static void
add(char *to, size_t room, const char *format, ...)
{
	size_t size = strlen(to);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(to + size, room - size, format, arguments);
	va_end(arguments);
}

static void
expect(struct pw_turn *turn, const char *phase, const char *or_outcome)
{
	(void)turn, (void)or_outcome;
	add(seen.steps, sizeof seen.steps, "expect %s; ", phase);
}

__attribute__((format(printf, 4, 0))) static void
say(struct pw_turn *turn, const char *phase, bool secret, const char *format, va_list arguments)
{
	char line[512];

	(void)turn;
	assert_false(secret);
	vsnprintf(line, sizeof line, format, arguments);
	add(seen.steps, sizeof seen.steps, "%s: %s; ", phase, line);
}

static void
secure(struct pw_turn *turn)
{
	(void)turn;
	add(seen.steps, sizeof seen.steps, "secure; ");
}

__attribute__((format(printf, 3, 0))) static void
done(struct pw_turn *turn, const char *outcome, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.steps, sizeof seen.steps, "%s%s%s", outcome, text[0] != '\0' ? ": " : "", text);
}

static void
fact(struct pw_turn *turn, const char *name, struct pw_bytes value)
{
	(void)turn;
	add(seen.facts, sizeof seen.facts, "%s=%.*s\n", name, (int)value.size, value.data);
}

__attribute__((format(printf, 3, 0))) static void
warn(struct pw_turn *turn, const char *code, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.warnings, sizeof seen.warnings, "%s: %s\n", code, text);
}

__attribute__((format(printf, 2, 0))) static void
note(struct pw_turn *turn, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.notes, sizeof seen.notes, "%s\n", text);
}

static bool
matches(struct pw_turn *turn, const struct pw_regex *regex, struct pw_bytes bytes)
{
	(void)turn, (void)regex;
	snprintf(seen.matched, sizeof seen.matched, "%.*s", (int)bytes.size, bytes.data);
	return seen.matches;
}

static const struct pw_host host = {
	.size = sizeof host, .expect = expect, .say = say, .secure = secure, .done = done, .fact = fact, .warn = warn,
	.note = note, .matches = matches,
};

static struct pw_values *values;
static struct pw_turn turn;
static const struct pw_probe_ops *ops;
static void *session;

static void
begin(const char *probe, enum pw_tls_mode tls)
{
	bool matching = seen.matches;

	memset(&seen, 0, sizeof seen);
	seen.matches = matching;
	ops = world_plugin(probe)->ops;
	free(session);
	session = calloc(1, ops->session_size);
	turn = (struct pw_turn){ .host = &host, .values = values, .name = "mx", .target_host = "mx.example.org",
		.address = "192.0.2.1", .helo = "me", .port = 25, .tls = tls };
	ops->begin(session, &turn);
}

/* "250-a\n250-b": a reply in lines. */
static void
hear(const char *words)
{
	struct pw_bytes lines[32];
	struct pw_reply reply = { .code = (int)strtol(words, NULL, 10), .lines = lines };

	while (*words != '\0') {
		size_t size = strcspn(words, "\n");

		lines[reply.count++] = (struct pw_bytes){ words + 4, size - 4 };
		sscanf(words + 4, "%d.%d.%d ", &reply.enhanced[0], &reply.enhanced[1], &reply.enhanced[2]);
		if (reply.enhanced[0] != reply.code / 100)
			memset(reply.enhanced, 0, sizeof reply.enhanced);
		words += size + (words[size] == '\n');
	}
	ops->on_reply(session, &turn, &reply);
}

static int
set_up(void **state)
{
	(void)state;
	values = calloc(1, sizeof *values + 4 * sizeof values->items[0]);
	values->count = 4;
	memset(&seen, 0, sizeof seen);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(values);
	free(session);
	session = NULL;
	return 0;
}

static void
tells_what_it_saw(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_NONE);
	hear("220-mx.example.org ESMTP Exim 4.96 Mon, 23 Nov 2026\n220 no spam");
	hear("250-mx\n250-SIZE 52428800\n250-auth PLAIN LOGIN\n250 STARTTLS");
	assert_string_equal(seen.steps, "expect banner; ehlo: EHLO me; ok");
	assert_string_equal(seen.facts,
	    "banner=mx.example.org ESMTP Exim 4.96 Mon, 23 Nov 2026 / no spam\nsoftware=Exim 4.96\nstarttls=offered\n"
	    "capabilities=SIZE 52428800, auth PLAIN LOGIN, STARTTLS\nsize=52428800\n");
	assert_string_equal(seen.warnings, "");
}

static void
knows_software(void **state)
{
	static const char *const rows[][2] = {
		{ "mx ESMTP Postfix (Debian/GNU)", "Postfix (Debian/GNU)" },
		{ "mx ESMTP Postfix", "Postfix" },
		{ "mx ESMTP Sendmail 8.17.1/8.17.1; Mon, 23 Nov", "Sendmail 8.17.1/8.17.1" },
		{ "mx ESMTP OpenSMTPD", "OpenSMTPD" },
		{ "mx Microsoft ESMTP MAIL Service ready at Mon, 23 Nov", "Microsoft ESMTP MAIL Service" },
		{ "mx.google.com ESMTP d9443c01a7336-2147 - gsmtp", "gsmtp" },
		{ "Postfix.example.org ESMTP", NULL },
		{ "mx ESMTP Postfix (an opening that nobody", "Postfix" },
		{ "mx ESMTP", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[128], wanted[256];

		begin("banner", PW_TLS_NONE);
		snprintf(line, sizeof line, "220 %s", rows[i][0]);
		hear(line);
		snprintf(wanted, sizeof wanted, "banner=%s\n%s%s%s", rows[i][0], rows[i][1] != NULL ? "software=" : "",
		    rows[i][1] != NULL ? rows[i][1] : "", rows[i][1] != NULL ? "\n" : "");
		assert_string_equal(seen.facts, wanted);
		assert_string_equal(seen.steps, "expect banner; ok");
	}
}

static void
asks_for_what_is_required(void **state)
{
	static const char *const items[] = { "size", "AUTH PLAIN", "AUTH CRAM-MD5", "CHUNKING", "STARTTLS" };
	static const struct pw_strings require = { 5, items };

	(void)state;
	values->items[0].list = &require;
	begin("smtp", PW_TLS_OPPORTUNISTIC);
	hear("220 mx");
	hear("250-mx\n250 STARTTLS");
	hear("220 go");
	ops->on_secured(session, &turn, &(struct pw_tls){ "TLSv1.3", "X", true });
	turn.secured = true;
	hear("250-mx\n250-SIZE\n250 AUTH LOGIN PLAIN");
	assert_string_equal(seen.steps,
	    "expect banner; ehlo: EHLO me; starttls: STARTTLS; secure; ehlo_tls: EHLO me; ok");
	assert_string_equal(seen.warnings, "capability_missing: not offered: AUTH CRAM-MD5, CHUNKING (192.0.2.1)\n");
	assert_non_null(strstr(seen.facts, "starttls=offered\n"));
	assert_null(strstr(seen.facts, "starttls=not"));
	begin("smtp", PW_TLS_OPPORTUNISTIC);
	hear("220 mx");
	hear("250-mx\n250-SIZE 1\n250-CHUNKING\n250 AUTH PLAIN CRAM-MD5");
	assert_string_equal(seen.warnings, "capability_missing: not offered: STARTTLS (192.0.2.1)\n");
}

static void
falls_back_to_helo(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_OPPORTUNISTIC);
	hear("220 mx");
	hear("502 what");
	hear("250 mx");
	assert_string_equal(seen.steps, "expect banner; ehlo: EHLO me; ehlo: HELO me; ok");
	assert_non_null(strstr(seen.notes, "no_esmtp"));
	assert_non_null(strstr(seen.facts, "starttls=not offered\ncapabilities=none\n"));
	begin("starttls", PW_TLS_REQUIRE);
	hear("220 mx");
	hear("502 what");
	hear("250 mx");
	assert_non_null(strstr(seen.steps, "HELO me; starttls_missing: STARTTLS is not offered (192.0.2.1)"));
}

static void
judges_refusals(void **state)
{
	static const struct {
		const char *at_greeting, *at_ehlo, *reply;
	} rows[] = {
		{ "tempfail", "tempfail", "421 too many connections" },
		{ "tempfail", "tempfail", "451 4.3.0 disk full" },
		{ "policy", "policy", "421 4.7.0 too many connections from 192.0.2.9" },
		{ "policy", "policy", "554 your address is listed at sbl.spamhaus.org" },
		{ "policy", "policy", "553 5.7.1 no" },
		{ "rejected", "ehlo_rejected", "554 no" },
		{ "no_mail_service", "ehlo_rejected", "521 mx does not accept mail" },
		{ "rejected", "helo", "550 no" },
		{ "tempfail", "helo", "450 <me>: Helo command rejected: Host not found" },
		{ "rejected", "ehlo_rejected", "503 bad sequence" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char wanted[512];

		begin("smtp", PW_TLS_NONE);
		hear(rows[i].reply);
		snprintf(wanted, sizeof wanted, "expect banner; %s: greeted with \"%s\" (192.0.2.1)", rows[i].at_greeting,
		    rows[i].reply);
		assert_string_equal(seen.steps, wanted);
		begin("smtp", PW_TLS_NONE);
		hear("220 mx");
		hear(rows[i].reply);
		snprintf(wanted, sizeof wanted, "expect banner; ehlo: EHLO me; %s: EHLO me was answered with \"%s\" (192.0.2.1)",
		    rows[i].at_ehlo, rows[i].reply);
		assert_string_equal(seen.steps, wanted);
	}
	values->items[1].number = 1;
	begin("smtp", PW_TLS_NONE);
	hear("554 no");
	assert_non_null(strstr(seen.steps, "greeting_rejected: greeted with"));
}

static void
takes_only_the_code_that_is_due(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_REQUIRE);
	hear("250 mx");
	assert_non_null(strstr(seen.steps, "protocol: unexpected_code: \"250 mx\" in answer to the connection, where 220"));
	begin("smtp", PW_TLS_REQUIRE);
	hear("220 mx");
	hear("354 go on");
	assert_non_null(strstr(seen.steps, "protocol: unexpected_code"));
}

static void
goes_on_in_clear_where_tls_is_a_wish(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_OPPORTUNISTIC);
	hear("220 mx");
	hear("250-mx\n250 STARTTLS");
	hear("454 4.7.0 not now");
	assert_non_null(strstr(seen.steps, "STARTTLS; ok"));
	assert_string_equal(seen.warnings,
	    "starttls_refused: STARTTLS is offered, and was answered with \"454 4.7.0 not now\" (192.0.2.1)\n");
	begin("smtp", PW_TLS_REQUIRE);
	hear("220 mx");
	hear("250-mx\n250 STARTTLS");
	hear("502 no");
	assert_non_null(strstr(seen.steps, "starttls_refused: STARTTLS was answered with \"502 no\" (192.0.2.1)"));
}

static void
says_ehlo_inside_implicit_tls_once(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_IMPLICIT);
	turn.secured = true;
	hear("220 mx");
	hear("250-mx\n250 SIZE");
	assert_string_equal(seen.steps, "expect banner; ehlo: EHLO me; ok");
	assert_null(strstr(seen.facts, "starttls="));
}

static void
looks_at_the_greeting(void **state)
{
	(void)state;
	values->items[0].regex = (const struct pw_regex *)&host; /* never looked into: the host matches */
	seen.matches = true;
	begin("banner", PW_TLS_NONE);
	hear("220-mx ESMTP\n220 hi");
	assert_string_equal(seen.matched, "220 mx ESMTP");
	assert_string_equal(seen.steps, "expect banner; ok");
	seen.matches = false;
	begin("banner", PW_TLS_NONE);
	hear("220-mx ESMTP\n220 hi");
	assert_string_equal(seen.matched, "220 hi");
	assert_non_null(strstr(seen.warnings, "banner_mismatch: greeted with \"220 mx ESMTP hi\", which is not as expected"));
	assert_string_equal(seen.steps, "expect banner; ok");
	values->items[1].number = 1;
	begin("banner", PW_TLS_NONE);
	hear("220 hi");
	assert_non_null(strstr(seen.steps, "banner_mismatch: greeted with \"220 hi\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_what_it_saw, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_software, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asks_for_what_is_required, set_up, tear_down),
		cmocka_unit_test_setup_teardown(falls_back_to_helo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(judges_refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_only_the_code_that_is_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_on_in_clear_where_tls_is_a_wish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_ehlo_inside_implicit_tls_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_at_the_greeting, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
