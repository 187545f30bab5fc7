/*
 * The table of refusals over what servers really say: the texts are from the sources of mail servers and from public
 * reports, not from our own lists. Each is tried with every code and every enhanced code, at every stage.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/refusal.h"
#include "refusal_troubles.h"

static struct refusal_session session = {
	.names = { .host = "mx.example.org", .helo = "probe.example.net" },
};

static int
set_up(void **state)
{
	(void)state;
	assert_true(address_parse("192.0.2.9", 0, &session.names.ours));
	assert_true(address_parse("203.0.113.25", 0, &session.names.theirs));
	session.cert_asked = false;
	return 0;
}

/* "554-a\n554 5.7.1 b": the code before the first line only counts. */
static struct pw_refusal
judge(int code, const char *enhanced, const char *words, enum pw_stage stage)
{
	static char text[2048];
	static struct pw_bytes lines[32];
	struct pw_reply reply = { .code = code, .lines = lines };
	size_t at = 0;

	for (const char *line = words; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		int made = snprintf(text + at, sizeof text - at, "%s%s%.*s", enhanced, *enhanced != '\0' ? " " : "",
		    (int)strcspn(line, "\n"), line);

		assert_true(made >= 0 && at + (size_t)made < sizeof text);
		lines[reply.count++] = (struct pw_bytes){ text + at, (size_t)made };
		at += (size_t)made;
	}
	sscanf(enhanced, "%d.%d.%d", &reply.enhanced[0], &reply.enhanced[1], &reply.enhanced[2]);
	return refusal_judge(&reply, stage, &session);
}

static const int codes[] = { 421, 450, 451, 452, 454, 471, 500, 501, 503, 521, 550, 553, 554 };
static const char *const subjects[] = { "", "0.0", "3.2", "5.1", "7.0", "7.1" };
static const enum pw_stage stages[] = { PW_AT_GREETING, PW_AT_EHLO };

/* What the table says where no word decides. */
static const char *
by_code(int code, const char *status, enum pw_stage stage)
{
	if (code < 500)
		return "tempfail";
	if (strstr(status, ".7.") != NULL)
		return "policy";
	if (stage == PW_AT_EHLO)
		return "ehlo_rejected";
	return code == 521 ? "no_mail_service" : "rejected";
}

static bool
is_of_load(int code)
{
	return code == 421 || code == 450 || code == 451 || code == 452 || code == 454;
}

/* Whether the outcome is one of those that a text of this kind may have. */
static bool
is_right(const char *outcome, enum text_kind kind, int code, const char *status, enum pw_stage stage)
{
	bool plain = strcmp(outcome, by_code(code, status, stage)) == 0;

	switch (kind) {
	case TEXT_US:
		return strcmp(outcome, "policy") == 0;
	case TEXT_NAME:
		return stage == PW_AT_EHLO ? strcmp(outcome, "helo") == 0
		    : plain || strcmp(outcome, "policy") == 0;
	case TEXT_RATE:
		return is_of_load(code) ? strcmp(outcome, "rate_limited") == 0
		    : plain || strcmp(outcome, "policy") == 0;
	case TEXT_US_AND_RATE:
		return strcmp(outcome, "policy") == 0 || (is_of_load(code) && strcmp(outcome, "rate_limited") == 0);
	case TEXT_CERTIFICATE:
		return strcmp(outcome, "client_cert_required") == 0;
	case TEXT_DENIED:
		return plain || (code >= 500 && strcmp(outcome, "policy") == 0);
	case TEXT_PLAIN:
		return plain;
	}
	return false;
}

static unsigned
try_text(const char *text, enum text_kind kind, int code, const char *status)
{
	unsigned wrong = 0;

	for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
		struct pw_refusal refusal = judge(code, status, text, stages[s]);

		if (is_right(refusal.outcome, kind, code, status, stages[s]))
			continue;
		print_error("%s: %d %s %s: %s by \"%.*s\"\n", s == 0 ? "greeting" : "EHLO", code, status, text, refusal.outcome,
		    (int)refusal.because.size, refusal.because.size > 0 ? refusal.because.data : "");
		wrong++;
	}
	return wrong;
}

static unsigned
try_texts(const struct refusal_text *texts, size_t count)
{
	unsigned wrong = 0;

	for (size_t t = 0; t < count && wrong < 20; t++)
		for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
			for (size_t e = 0; e < sizeof subjects / sizeof *subjects; e++) {
				char status[16] = "";

				if (*subjects[e] != '\0')
					snprintf(status, sizeof status, "%d.%s", codes[c] / 100, subjects[e]);
				wrong += try_text(texts[t].text, texts[t].kind, codes[c], status);
			}
	return wrong;
}

static void
each_text_means_what_it_says(void **state)
{
	(void)state;
	assert_int_equal(try_texts(refusal_texts, sizeof refusal_texts / sizeof *refusal_texts), 0);
	assert_int_equal(try_texts(refusal_troubles, sizeof refusal_troubles / sizeof *refusal_troubles), 0);
}

static void
says_which_words_decided(void **state)
{
	static const struct {
		int code;
		const char *enhanced, *text;
		enum pw_stage stage;
		const char *outcome, *because;
	} rows[] = {
		{ 554, "5.7.1", "Service unavailable; Client host [198.51.100.7] blocked using zen.example.org", PW_AT_GREETING,
		    "policy", "blocked using" },
		{ 450, "4.7.1", "<probe.example.net>: Helo command rejected: Host not found", PW_AT_EHLO, "helo",
		    "Helo command rejected" },
		{ 421, "", "Too many concurrent SMTP connections; please try again later.", PW_AT_GREETING, "rate_limited",
		    "Too many concurrent SMTP connections" },
		{ 421, "4.7.1", "mx.example.org Error: No client certificate presented", PW_AT_EHLO, "client_cert_required",
		    "client certificate" },
		{ 421, "", "mx.example.org\nThe address\nis listed", PW_AT_GREETING, "policy", "address" },
		{ 421, "4.7.0", "try again later", PW_AT_GREETING, "tempfail", "" },
		{ 550, "5.7.1", "no", PW_AT_EHLO, "policy", "" },
		{ 553, "", "sorry, no (#5.7.1)", PW_AT_GREETING, "policy", "" },
		{ 521, "", "mx does not accept mail", PW_AT_GREETING, "no_mail_service", "" },
		{ 502, "", "no", PW_AT_STARTTLS, "starttls_refused", "" },
		{ 454, "4.7.0", "TLS not available due to local problem", PW_AT_STARTTLS, "tempfail", "" },
		{ 550, "5.7.1", "TLS not permitted", PW_AT_STARTTLS, "starttls_refused", "" },
		{ 454, "4.7.0", "too many TLS handshakes from you", PW_AT_STARTTLS, "rate_limited", "too many TLS handshakes" },
		{ 451, "", "rate limit exceeded", PW_AT_STARTTLS, "rate_limited", "rate limit" },
		{ 454, "4.7.1", "your IP address is greylisted", PW_AT_STARTTLS, "policy", "your IP address is greylisted" },
		{ 554, "5.7.1", "your host is blocked", PW_AT_STARTTLS, "policy", "your host is blocked" },
		{ 530, "5.7.0", "Must issue a STARTTLS command first", PW_AT_EHLO, "ehlo_rejected", "" },
		{ 530, "5.7.0", "Authentication required", PW_AT_GREETING, "rejected", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pw_refusal refusal = judge(rows[i].code, rows[i].enhanced, rows[i].text, rows[i].stage);

		assert_string_equal(refusal.outcome, rows[i].outcome);
		assert_int_equal(refusal.because.size, strlen(rows[i].because));
		if (refusal.because.size > 0)
			assert_memory_equal(refusal.because.data, rows[i].because, refusal.because.size);
	}
}

/* Many servers ask everybody for a certificate: one that was asked for makes the word enough, and not the other way round. */
static void
knows_that_a_certificate_was_asked_for(void **state)
{
	(void)state;
	assert_string_equal(judge(454, "", "certificate error", PW_AT_EHLO).outcome, "tempfail");
	session.cert_asked = true;
	assert_string_equal(judge(454, "", "certificate error", PW_AT_EHLO).outcome, "client_cert_required");
	assert_string_equal(judge(421, "", "too many connections", PW_AT_GREETING).outcome, "rate_limited");
}

/* Whoever watches the server that it runs on has its name and its address. */
static void
tells_itself_from_the_server(void **state)
{
	(void)state;
	session.names.helo = "mx.example.org";
	session.names.theirs = session.names.ours;
	assert_string_equal(judge(421, "", "mx.example.org closing", PW_AT_EHLO).outcome, "tempfail");
	assert_string_equal(judge(421, "", "192.0.2.9 closing", PW_AT_GREETING).outcome, "tempfail");
	assert_string_equal(judge(421, "", "closing to 192.0.2.9", PW_AT_GREETING).outcome, "policy");
	session.names.helo = "probe.example.net";
}

static void
marks_what_rules_go_by(void **state)
{
	static const struct {
		int code;
		int subject;
		const char *text;
		bool too_many, policy_code, means_us;
	} rows[] = {
		{ 421, 3, "Too many concurrent SMTP connections; please try again later", true, false, false },
		{ 421, 7, "Error: too many connections from 198.51.100.7", true, true, true },
		{ 451, 0, "too many connections from you, try later", true, false, true },
		{ 450, 0, "connection rate limit exceeded, thank you for your patience", true, false, false },
		{ 454, 7, "TLS not available due to local problem", false, true, false },
		{ 554, 7, "too many connections", false, false, false },
		{ 421, 0, "mysql: too many connections", false, false, false },
		{ 220, 0, "mx.example.org welcomes you", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pw_bytes line = { rows[i].text, strlen(rows[i].text) };
		struct pw_reply reply = { .code = rows[i].code, .count = 1, .lines = &line,
			.enhanced = { rows[i].subject > 0 ? rows[i].code / 100 : 0, rows[i].subject, 0 } };
		struct refusal_marks marks = refusal_mark(&reply, &session);

		assert_int_equal(marks.too_many, rows[i].too_many);
		assert_int_equal(marks.policy_code, rows[i].policy_code);
		assert_int_equal(marks.means_us, rows[i].means_us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_text_means_what_it_says, set_up),
		cmocka_unit_test_setup(says_which_words_decided, set_up),
		cmocka_unit_test_setup(knows_that_a_certificate_was_asked_for, set_up),
		cmocka_unit_test_setup(tells_itself_from_the_server, set_up),
		cmocka_unit_test_setup(marks_what_rules_go_by, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
