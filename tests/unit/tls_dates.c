/* Certificates by their dates: past, future, and near their end by their own lifetime. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tls_trials.h"

/* By the one clock it is past its end, or before its beginning, or near its end: by the other it is not. */
static void
dates_by_a_clock_that_was_set(void **state)
{
	static const struct {
		struct certificate_spec spec;
		int before; /* days */
		const char *outcome;
	} rows[] = {
		{ { .from = -30, .to = -2 }, -40, "" },
		{ { .from = -30, .to = -2 }, -1, "cert_expired" },
		{ { .from = -30, .to = -2 }, 400, "cert_expired" },
		{ { .from = 5, .to = 50 }, 10, "" },
		{ { .from = 5, .to = 50 }, 4, "cert_not_yet_valid" },
		{ { .from = 5, .to = 50 }, -400, "cert_not_yet_valid" },
		{ { .from = -30, .to = 2 }, -400, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SSL_CTX *server = served(rows[i].spec);
		int64_t now = clock_wall();
		struct tried tried;

		try_at(server, tls_policy_find(court.policies, &court.settings, TLS_USUAL), court.settings, "mx.test", now,
		    now + rows[i].before * DAY, &tried);
		assert_string_equal(tried.judgement.outcome, rows[i].outcome);
		assert_int_equal(tried.log.warnings.size == 0, rows[i].outcome[0] == '\0' || tried.judgement.failed);
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
	}
}

static void
dates(void **state)
{
	(void)state;
	expect_fault(served((struct certificate_spec){ .from = -30, .to = -2 }), "mx.test", "cert_expired", "(2 d");
	expect_fault(served((struct certificate_spec){ .from = 5, .to = 50 }), "mx.test", "cert_not_yet_valid", "ahead)");

	struct certificate old = certificate_make((struct certificate_spec){ .name = "Old Intermediate",
	    .organisation = "Postwatch Test", .ca = true, .from = -30, .to = -1 }, &court.root);
	const struct certificate *const along[] = { &old, NULL };
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, &old);
	expect_fault(court_server(&leaf, along), "mx.test", "cert_expired",
	    "the issuer's certificate CN=Old Intermediate,O=Postwatch Test expired at ");
	certificate_free(&old);
	certificate_free(&leaf);
}

static const char *
warned_of_end(const struct evidence_log *log, char *text, size_t room)
{
	static const char *const codes[] = { "cert_expires_soon", "cert_expires_urgent" };
	const char *found = NULL;

	for (size_t i = 0; i < 2; i++)
		if (court_warned(log, codes[i], text, room)) {
			assert_null(found);
			found = codes[i];
		}
	return found;
}

/* Days that a certificate lasts in all and has left, with what is warned of and whether it should have been renewed. */
static void
ends_that_come_near(void **state)
{
	static const struct {
		int lasts, left, issuer_left;
		const char *code;
		bool missed;
		const char *says;
	} rows[] = {
		{ 390, 90, 400, NULL, false, NULL },
		{ 390, 22, 400, NULL, false, NULL },
		{ 390, 20, 400, "cert_expires_soon", false, " left of 390 d" },
		{ 390, 2, 400, "cert_expires_urgent", false, "the certificate ends at " },
		{ 90, 22, 400, NULL, true, NULL },
		{ 90, 20, 400, "cert_expires_soon", true, " left of 90 d); it should have been renewed by now" },
		{ 90, 4, 400, "cert_expires_soon", true, NULL },
		{ 90, 2, 400, "cert_expires_urgent", true, NULL },
		{ 47, 12, 400, NULL, false, NULL },
		{ 47, 11, 400, "cert_expires_soon", true, NULL },
		{ 6, 5, 400, NULL, false, NULL },
		{ 6, 2, 400, NULL, false, NULL },
		{ 6, 1, 400, "cert_expires_soon", true, NULL },
		{ 390, 300, 10, "cert_expires_soon", false, "the issuer's certificate CN=Issuer ends at " },
		{ 390, 20, 2, "cert_expires_urgent", false, "the issuer's certificate CN=Issuer ends at " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct certificate issuer = certificate_make((struct certificate_spec){ .name = "Issuer", .ca = true, .from = -400,
		    .to = rows[i].issuer_left }, &court.root);
		const struct certificate *const along[] = { &issuer, NULL };
		struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
		    .from = rows[i].left - rows[i].lasts, .alternatives = "DNS:mx.test", .to = rows[i].left }, &issuer);
		SSL_CTX *server = court_server(&leaf, along);
		struct tried tried;
		char text[EVIDENCE_TEXT_MAX] = "";

		try(server, court.settings, "mx.test", &tried);
		assert_true(tried.judgement.verified);
		assert_false(tried.judgement.failed);
		const char *code = warned_of_end(&tried.log, text, sizeof text);
		if (code != rows[i].code && (code == NULL || rows[i].code == NULL || strcmp(code, rows[i].code) != 0))
			fail_msg("row %zu: %s", i, code == NULL ? "no warning" : code);
		if (rows[i].says != NULL && strstr(text, rows[i].says) == NULL)
			fail_msg("row %zu: \"%s\"", i, text);
		assert_int_equal(tried.judgement.renewal[0] != '\0', rows[i].missed);
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
		certificate_free(&issuer);
		certificate_free(&leaf);
	}
}

static void
thresholds_are_exact(void **state)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	static const struct {
		int64_t left; /* microseconds */
		const char *code;
	} rows[] = {
		{ 21 * DAY, NULL }, { 21 * DAY - 1, "cert_expires_soon" }, { 3 * DAY, "cert_expires_soon" },
		{ 3 * DAY - 1, "cert_expires_urgent" }, { 1, "cert_expires_urgent" },
	};
	SSL_CTX *server = court_server(&court.leaf, along);
	struct tls_policy *policy = tls_policy_find(court.policies, &court.settings, TLS_USUAL);
	struct tried tried;
	int64_t end;

	(void)state;
	assert_true(tls_time(X509_get0_notAfter(court.leaf.x509), &end));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		try_at(server, policy, court.settings, "mx.test", end - rows[i].left, end - rows[i].left, &tried);
		assert_true(tried.judgement.verified);
		const char *code = warned_of_end(&tried.log, NULL, 0);
		assert_string_equal(code == NULL ? "" : code, rows[i].code == NULL ? "" : rows[i].code);
		evidence_log_fini(&tried.log);
	}
	try_at(server, policy, court.settings, "mx.test", end, end, &tried);
	assert_string_equal(tried.judgement.outcome, "cert_expired");
	assert_int_equal(tried.log.warnings.size, 0);
	evidence_log_fini(&tried.log);
	SSL_CTX_free(server);
}

/* Whether the end is looked at, and whether chain and name are, are set apart. */
static void
the_end_alone(void **state)
{
	static const struct {
		enum tls_verify verify;
		bool given;
		struct cert_limit soon;
		int left;
		const char *host, *outcome, *warning;
	} rows[] = {
		{ TLS_VERIFY_NONE, false, { 21 * DAY, 25 }, 5, "other.test", "", NULL },
		{ TLS_VERIFY_NONE, true, { 21 * DAY, 25 }, 5, "other.test", "", "cert_expires_soon" },
		{ TLS_VERIFY_NONE, true, { 21 * DAY, 25 }, -2, "other.test", "cert_expired", "cert_expired" },
		{ TLS_VERIFY_NONE, false, { 21 * DAY, 25 }, -2, "other.test", "", NULL },
		{ TLS_VERIFY_CHAIN, true, { 0, 50 }, 40, "other.test", "", "cert_expires_soon" },
		{ TLS_VERIFY_CHAIN, true, { 0, 0 }, 5, "other.test", "", NULL },
		{ TLS_VERIFY_FULL, true, { 30 * DAY, 0 }, 29, "mx.test", "", "cert_expires_soon" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SSL_CTX *server = served((struct certificate_spec){ .from = rows[i].left - 90, .to = rows[i].left });
		struct tls_settings settings = court.settings;
		struct tried tried;

		settings.verify = rows[i].verify;
		settings.cert_warn_given = rows[i].given;
		settings.cert_warn[CERT_SOON] = rows[i].soon;
		settings.cert_warn[CERT_URGENT] = (struct cert_limit){ .left = 0 };
		try(server, settings, rows[i].host, &tried);
		assert_false(tried.judgement.failed);
		assert_string_equal(tried.judgement.outcome, rows[i].outcome);
		if (rows[i].warning == NULL)
			assert_int_equal(tried.log.warnings.size, 0);
		else
			assert_true(court_warned(&tried.log, rows[i].warning, NULL, 0));
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
	}
}

/* What lasts long is renewed by hand: it is late where the one before went earlier. */
static void
renewals_that_used_to_come_earlier(void **state)
{
	static const struct {
		int lasts, left, renewed;
		bool missed;
	} rows[] = {
		{ 400, 30, 0, false }, { 400, 30, 8, false }, { 400, 30, 11, true }, { 400, 23, 8, true }, { 400, 100, 50, true },
		{ 90, 40, 50, false }, { 90, 30, 50, true }, { 90, 20, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SSL_CTX *server = served((struct certificate_spec){ .from = rows[i].left - rows[i].lasts, .to = rows[i].left });
		struct tried tried;

		renewed = rows[i].renewed;
		try(server, court.settings, "mx.test", &tried);
		if ((tried.judgement.renewal[0] != '\0') != rows[i].missed)
			fail_msg("row %zu: \"%s\"", i, tried.judgement.renewal);
		assert_int_equal(strstr(tried.judgement.renewal, "(the one before went with ") != NULL, rows[i].missed && renewed > 0);
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
	}
	renewed = 0;
}

/* While our own clock cannot be right, no date decides; all else does. */
static void
dates_by_a_clock_that_is_wrong(void **state)
{
	static const struct {
		enum tls_verify verify;
		int from, to;
		const char *host, *outcome;
		bool undated;
	} rows[] = {
		{ TLS_VERIFY_FULL, -30, -2, "mx.test", "", true },
		{ TLS_VERIFY_FULL, 5, 50, "mx.test", "", true },
		{ TLS_VERIFY_CHAIN, 5, 50, "mx.test", "", true },
		{ TLS_VERIFY_WARN, -30, -2, "mx.test", "", false },
		{ TLS_VERIFY_NONE, -30, -2, "mx.test", "", false },
		{ TLS_VERIFY_FULL, -30, 1, "mx.test", "", false },
		{ TLS_VERIFY_FULL, -30, -2, "other.test", "cert_name", true },
		{ TLS_VERIFY_WARN, -30, -2, "other.test", "cert_name", false },
	};

	(void)state;
	doubt = CLOCK_BEFORE_BUILD;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SSL_CTX *server = served((struct certificate_spec){ .from = rows[i].from, .to = rows[i].to });
		struct tls_settings settings = court.settings;
		struct tried tried;

		settings.verify = rows[i].verify;
		try(server, settings, rows[i].host, &tried);
		assert_string_equal(tried.judgement.outcome, rows[i].outcome);
		assert_int_equal(tried.judgement.doubt, CLOCK_BEFORE_BUILD);
		if ((tried.judgement.undated[0] != '\0') != rows[i].undated)
			fail_msg("row %zu: \"%s\"", i, tried.judgement.undated);
		if (rows[i].undated)
			assert_non_null(strstr(tried.judgement.undated, "; but our own clock is wrong: it says "));
		assert_false(court_warned(&tried.log, "cert_expired", NULL, 0));
		assert_null(warned_of_end(&tried.log, NULL, 0));
		assert_int_equal(tried.judgement.renewal[0], '\0');
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
	}
	doubt = CLOCK_BELIEVED;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_by_a_clock_that_was_set),
		cmocka_unit_test(ends_that_come_near),
		cmocka_unit_test(thresholds_are_exact),
		cmocka_unit_test(the_end_alone),
		cmocka_unit_test(renewals_that_used_to_come_earlier),
		cmocka_unit_test(dates_by_a_clock_that_is_wrong),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
