/* What the probes smtp and starttls make of refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "smtp_world.h"

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
	assert_string_equal(seen.otherwise, "ehlo_rejected: EHLO me was answered with \"502 what\" (192.0.2.1)\n");
	hear("250 mx");
	assert_non_null(strstr(seen.steps, "HELO me; ehlo_rejected: EHLO me was answered with \"502 what\" (192.0.2.1); HELO is "
	    "accepted, and knows no STARTTLS"));
}

/* Who knows neither EHLO nor HELO is asked whether it speaks LMTP; who refuses them otherwise is not. */
static void
knows_lmtp(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_NONE);
	hear("220 mx Dovecot ready.");
	hear("500 5.5.1 Unknown command");
	hear("500 5.5.1 Unknown command");
	hear("250-mx\n250 PIPELINING");
	assert_string_equal(seen.steps, "expect banner; ehlo: EHLO me; ehlo: HELO me; ehlo: LHLO me; other_protocol: EHLO and "
	    "HELO are refused, and LHLO is answered: this is LMTP (RFC 2033), not SMTP (192.0.2.1)");
	begin("smtp", PW_TLS_NONE);
	hear("220 mx");
	hear("500 what");
	hear("502 what");
	hear("500 what");
	assert_non_null(strstr(seen.steps, "LHLO me; ehlo_rejected: EHLO me was answered with \"500 what\" (192.0.2.1), and HELO "
	    "was refused as well"));
	begin("smtp", PW_TLS_NONE);
	hear("220 mx");
	hear("550 no");
	hear("550 no");
	assert_null(strstr(seen.steps, "LHLO"));
	assert_non_null(strstr(seen.steps, "ehlo_rejected: EHLO me was answered with \"550 no\""));
}

static void
is_content_without_a_certificate_where_tls_is_a_wish(void **state)
{
	(void)state;
	for (int required = 0; required < 2; required++) {
		begin("smtp", required ? PW_TLS_REQUIRE : PW_TLS_OPPORTUNISTIC);
		hear("220 mx");
		hear("250-mx\n250 STARTTLS");
		hear("220 go");
		ops->on_secured(session, &turn, &(struct pw_tls){ "TLSv1.3", "X", true });
		turn.secured = true;
		hear("421 4.7.1 mx Error: No client certificate presented");
		assert_non_null(strstr(seen.steps, required ? "client_cert_required: EHLO me was answered with" : "EHLO me; ok"));
		assert_int_equal(seen.warnings[0] != '\0', !required);
	}
}

static void
judges_refusals(void **state)
{
	static const struct {
		const char *at_greeting, *at_ehlo; /* NULL: HELO is said */
		const char *reply, *reason;
	} rows[] = {
		{ "rate_limited", "rate_limited", "421 too many connections", ", decided by \"too many connections\"" },
		{ "tempfail", "tempfail", "451 4.3.0 disk full", "" },
		{ "tempfail", "tempfail", "421 4.7.0 try again later", "" },
		{ "policy", "policy", "554 your address is listed at sbl.spamhaus.org",
		    ", decided by \"your address is listed\"" },
		{ "policy", "policy", "553 5.7.1 no", ", which gives no reason" },
		{ "rejected", NULL, "554 no", "" },
		{ "no_mail_service", NULL, "521 mx does not accept mail", "" },
		{ "rejected", NULL, "550 no", "" },
		{ "tempfail", "helo", "450 <me>: Helo command rejected: Host not found", NULL },
		{ "rejected", NULL, "503 bad sequence", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char wanted[512];

		begin("smtp", PW_TLS_NONE);
		hear(rows[i].reply);
		snprintf(wanted, sizeof wanted, "expect banner; %s: greeted with \"%s\" (192.0.2.1)%s", rows[i].at_greeting,
		    rows[i].reply, rows[i].reason != NULL ? rows[i].reason : "");
		assert_string_equal(seen.steps, wanted);
		begin("smtp", PW_TLS_NONE);
		hear("220 mx");
		hear(rows[i].reply);
		if (rows[i].at_ehlo == NULL)
			snprintf(wanted, sizeof wanted, "expect banner; ehlo: EHLO me; ehlo: HELO me; ");
		else
			snprintf(wanted, sizeof wanted, "expect banner; ehlo: EHLO me; %s: EHLO me was answered with \"%s\" (192.0.2.1)%s",
			    rows[i].at_ehlo, rows[i].reply,
			    rows[i].reason != NULL ? rows[i].reason : ", decided by \"Helo command rejected\"");
		assert_string_equal(seen.steps, wanted);
	}
	values->items[1].number = 1;
	begin("smtp", PW_TLS_NONE);
	hear("554 no");
	assert_non_null(strstr(seen.steps, "greeting_rejected: greeted with"));
	begin("smtp", PW_TLS_NONE);
	hear("521 no mail");
	assert_non_null(strstr(seen.steps, "greeting_rejected: greeted with"));
}

/* A refusal that holds for mail in clear as well ends the dialogue, whatever TLS is wished for. */
static void
is_refused_at_starttls(void **state)
{
	static const struct {
		enum pw_tls_mode tls;
		const char *reply, *steps;
	} rows[] = {
		{ PW_TLS_OPPORTUNISTIC, "421 4.3.2 closing", "tempfail: STARTTLS was answered with" },
		{ PW_TLS_OPPORTUNISTIC, "454 4.7.0 too many TLS handshakes from you", "rate_limited: STARTTLS was answered with" },
		{ PW_TLS_OPPORTUNISTIC, "554 5.7.1 your host is blocked", "policy: STARTTLS was answered with" },
		{ PW_TLS_OPPORTUNISTIC, "454 4.3.0 later", "; ok" },
		{ PW_TLS_REQUIRE, "454 4.3.0 later", "tempfail: STARTTLS was answered with" },
		{ PW_TLS_REQUIRE, "502 5.5.1 no", "starttls_refused: STARTTLS was answered with" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin("smtp", rows[i].tls);
		hear("220 mx");
		hear("250-mx\n250 STARTTLS");
		hear(rows[i].reply);
		if (strstr(seen.steps, rows[i].steps) == NULL)
			fail_msg("%s: %s", rows[i].reply, seen.steps);
		assert_int_equal(strstr(seen.warnings, "starttls_refused: ") != NULL, strcmp(rows[i].steps, "; ok") == 0);
	}
}

/* One that says LMTP in its greeting, or where it refuses HELO, is asked for it whatever the codes. */
static void
hears_lmtp_in_words(void **state)
{
	(void)state;
	begin("smtp", PW_TLS_NONE);
	hear("220 mx LMTP ready");
	hear("550 no");
	hear("550 no");
	assert_non_null(strstr(seen.steps, "LHLO me"));
	hear("250-mx\n250 PIPELINING");
	assert_non_null(strstr(seen.steps, "other_protocol: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(falls_back_to_helo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_lmtp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_content_without_a_certificate_where_tls_is_a_wish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(judges_refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_refused_at_starttls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hears_lmtp_in_words, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
