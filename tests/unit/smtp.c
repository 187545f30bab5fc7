/* The probes smtp, starttls and banner before a host that only writes down their steps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "smtp_world.h"

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
	begin("smtp", PW_TLS_NONE);
	hear("220 mx");
	hear("250-mx\n250 SIZE 0");
	assert_non_null(strstr(seen.facts, "size=no fixed limit\n"));
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
		{ "mx Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at  Mon",
		    "Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675" },
		{ "mx ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready",
		    "Microsoft Exchange Internet Mail Service 5.5.2653.13" },
		{ "mx.google.com ESMTP d9443c01a7336-2147 - gsmtp", "gsmtp" },
		{ "mx ESMTP Haraka/3.0.5 ready (A1B2)", "Haraka/3.0.5" },
		{ "mx ESMTP server ready, Mercury/32 v4.74", "Mercury/32 v4.74" },
		{ "mx (PowerMTA(TM) v4.5r17) ESMTP service ready", "PowerMTA(TM) v4.5r17" },
		{ "mx ESMTP Service (IBM Domino Release 9.0.1FP10) ready", "IBM Domino Release 9.0.1FP10" },
		{ "mx ESMTP MailEnable Service, Version: 10.41-- ready", "MailEnable Service, Version: 10.41" },
		{ "mx SurgeSMTP (Version 7.4j3-2) http://surgemail.com", "SurgeSMTP (Version 7.4j3-2)" },
		{ "mx (IMail 9.23 1-1) NT-ESMTP Server X1", "IMail 9.23" },
		{ "mx ESMTP CommuniGate Pro 6.3.3. Hello", "CommuniGate Pro 6.3.3" },
		{ "mx AXIGEN ESMTP ready", "AXIGEN" },
		{ "mx - Welcome to Qmail Toaster Ver. 1.3 SMTP Server ESMTP", "Qmail Toaster Ver. 1.3" },
		{ "mx -- Server ESMTP (Sun Java(tm) System Messaging Server 7.3-11.01 64bit (built Sep  1 2009))",
		    "Sun Java(tm) System Messaging Server 7.3-11.01" },
		{ "mx ESMTP SimpleEmailService-d-ABC123 AbCdEf", "SimpleEmailService" },
		{ "mx ESMTP Postal/ABC123", "Postal" },
		{ "example.org (mreue106) Nemesis ESMTP Service ready", "Nemesis" },
		{ "mx MX QQ Mail Server.", "QQ Mail Server" },
		{ "mx Python SMTP 1.4.4", "Python SMTP 1.4.4" },
		{ "mx ESMTP Courier 1.0.16", "Courier 1.0.16" },
		{ "mx ESMTP Eximbank mail gateway", NULL },
		{ "mx ESMTP Courierpost relay", NULL },
		{ "mx Courier and mail of the city", NULL },
		{ "mx Postfixed and ready", NULL },
		{ "mx ESMTP ready at Mercury Street", NULL },
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

/* Names that the warning has no room for are left out of it. */
static void
names_what_is_missing_while_there_is_room(void **state)
{
	static char first[201], second[201];
	static const char *const items[] = { first, second, "SIZE" };
	static const struct pw_strings require = { 3, items };
	char wanted[300];

	(void)state;
	memset(first, 'A', sizeof first - 1);
	memset(second, 'B', sizeof second - 1);
	values->items[0].list = &require;
	begin("smtp", PW_TLS_NONE);
	hear("220 mx");
	hear("250 mx");
	snprintf(wanted, sizeof wanted, "capability_missing: not offered: %s, SIZE (192.0.2.1)\n", first);
	assert_string_equal(seen.warnings, wanted);
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
	assert_string_equal(seen.matched, "220-mx ESMTP");
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
		cmocka_unit_test_setup_teardown(names_what_is_missing_while_there_is_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_only_the_code_that_is_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_on_in_clear_where_tls_is_a_wish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_ehlo_inside_implicit_tls_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_at_the_greeting, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
