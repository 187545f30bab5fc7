/* The rows of misbehaviour.md that need no socket and no certificate, in process: each script whole, byte by byte, and
 * cut at every byte, with one verdict for all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe_world.h"

#define HELLO "220 mx.example.org ESMTP Postfix\r\n"
#define EHLO "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n"
#define EHLO_TLS "250-mx.example.org\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
#define BYE "221 2.0.0 Bye\r\n"

enum { ANY_CUT = 0, WHOLE = 1 }; /* WHOLE: what arrives together is the point */

struct row {
	const char *row, *probe;
	enum pw_tls_mode tls;
	const char *turns[TURNS_MAX];
	enum pw_verdict verdict;
	const char *outcome;
	const char *text; /* stands in the sentence; NULL: whatever */
	int how;
	bool patient, passed_asked;
};

#define NONE PW_TLS_NONE
#define OPP PW_TLS_OPPORTUNISTIC
#define REQ PW_TLS_REQUIRE

/* The last fields are for the few rows that need them. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct row rows[] = {
	{ "well", "smtp", NONE, { HELLO, EHLO, BYE }, PW_OK, "ok", "answered as expected" },
	{ "well", "banner", NONE, { HELLO, BYE }, PW_OK, "ok", NULL },
	{ "well", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS, EHLO, BYE }, PW_OK, "ok", NULL },
	{ "4", "smtp", NONE, { CLOSE }, PW_FAILED, "closed_at_banner",
	    "the server closed the connection before its greeting, after 0.000 s (0 bytes, 192.0.2.1)" },
	{ "5", "smtp", NONE, { RESET }, PW_FAILED, "reset_at_banner", "the connection was reset before its greeting" },
	{ "6", "smtp", NONE, { SILENT }, PW_FAILED, "banner_timeout",
	    "no greeting within 30.0 s (limit 30 s, 0 bytes, 192.0.2.1)" },
	{ "6", "smtp", NONE, { SILENT }, PW_FAILED, "banner_timeout", "within 60.0 s (limit 60 s", .patient = true },
	{ "7", "smtp", NONE, { WAIT(40000) HELLO, EHLO, BYE }, PW_FAILED, "banner_timeout", "within 30.0 s" },
	{ "7", "smtp", NONE, { WAIT(40000) HELLO, EHLO, BYE }, PW_DEGRADED, "slow_banner",
	    "greeting after 40.0 s (slow above 8 s, 192.0.2.1)", .patient = true },
	{ "9", "smtp", NONE, { "2", WAIT(20000) "2", WAIT(20000) "0", SILENT }, PW_FAILED, "banner_timeout",
	    "no complete greeting within 30.0 s (limit 30 s, 2 bytes, 192.0.2.1)" },
	{ "10", "smtp", NONE, { "220-mx.example.org\r\n", WAIT(6000) HELLO, EHLO, BYE }, PW_OK, "ok", NULL },
	{ "13", "smtp", NONE, { "220 mx\n", "250-mx\n250 SIZE\n", "221 bye\n" }, PW_OK, "ok", NULL },
	{ "14", "smtp", NONE, { "220 m\rx\r\r\n", EHLO, BYE }, PW_OK, "ok", NULL },
	{ "15", "smtp", NONE, { "220 \x80\xff \x1b[2J \xe2\x80\xae%s<b>\r\n", EHLO, BYE }, PW_OK, "ok", NULL },
	{ "17", "smtp", NONE, { "220\r\n", EHLO, BYE }, PW_OK, "ok", NULL },
	{ "17", "smtp", NONE, { "220 \r\n", "250\r\n", "221\r\n" }, PW_OK, "ok", NULL },
	{ "18", "smtp", NONE, { "220x hi\r\n" }, PW_FAILED, "protocol", "not_smtp: instead of a greeting came \"220x hi\"" },
	{ "18", "smtp", NONE, { "2200 hi\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { "22\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { " 220 hi\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { "+OK ready\r\n" }, PW_FAILED, "other_protocol",
	    "instead of a greeting came \"+OK ready\": this is POP3, not SMTP (" },
	{ "18", "smtp", NONE, { "* OK IMAP4rev1\r\n" }, PW_FAILED, "other_protocol", "this is IMAP" },
	{ "18", "smtp", NONE, { "SSH-2.0-OpenSSH_9.2p1\r\n" }, PW_FAILED, "other_protocol",
	    "instead of a greeting came \"SSH-2.0-OpenSSH_9.2p1\": this is SSH" },
	{ "18", "smtp", NONE, { "HTTP/1.1 400 Bad Request\r\n" }, PW_FAILED, "other_protocol", "this is HTTP" },
	{ "18", "smtp", NONE, { "\x15\x03\x01\x01\x02\x02\x50", CLOSE }, PW_FAILED, "other_protocol", "this is TLS" },
	{ "18", "smtp", NONE, { "220-mx\r\nHTTP/1.1 400 Bad Request\r\n" }, PW_FAILED, "protocol", "not_smtp: in the greeting" },
	{ "18", "smtp", NONE, { HELLO, "HTTP/1.1 400 Bad Request\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { "mysql\x0a" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { "no line end", SILENT }, PW_FAILED, "protocol", "came \"no line end\"" },
	{ "18", "smtp", NONE, { "no line end", CLOSE }, PW_FAILED, "protocol", "came \"no line end\"" },
	{ "18", "smtp", NONE, { "199 hi\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "18", "smtp", NONE, { "600 hi\r\n" }, PW_FAILED, "protocol", "not_smtp" },
	{ "19", "smtp", NONE, { "421 too busy\r\n", CLOSE }, PW_DEGRADED, "tempfail",
	    "greeted with \"421 too busy\" (192.0.2.1)" },
	{ "19", "smtp", NONE, { "421 too busy", CLOSE }, PW_DEGRADED, "tempfail", NULL },
	{ "20", "smtp", NONE, { "450 later\r\n", BYE }, PW_DEGRADED, "tempfail", NULL },
	{ "20", "smtp", NONE, { "451 4.3.0 later\r\n", BYE }, PW_DEGRADED, "tempfail", NULL },
	{ "19", "smtp", NONE, { "421 4.7.0 mx Error: too many connections from 192.0.2.9\r\n", CLOSE }, PW_DEGRADED,
	    "rate_limited", "decided by \"too many connections\"" },
	{ "20", "smtp", NONE, { "421 4.7.0 go away\r\n", CLOSE }, PW_DEGRADED, "tempfail", "421 4.7.0 go away" },
	{ "21", "smtp", NONE, { "421 4.7.1 your IP is not permitted\r\n", CLOSE }, PW_BLOCKED, "policy",
	    "decided by \"your IP is not permitted\"" },
	{ "21", "smtp", NONE, { "554 5.7.1 no\r\n", BYE }, PW_BLOCKED, "policy", "which gives no reason" },
	{ "21", "smtp", NONE, { "554-mx\r\n554 your IP is listed at zen.spamhaus.org\r\n", BYE }, PW_BLOCKED, "policy", NULL },
	{ "22", "smtp", NONE, { "554 no\r\n", BYE }, PW_BLOCKED, "rejected", "greeted with \"554 no\" (192.0.2.1)" },
	{ "23", "smtp", NONE, { "521 mx does not accept mail\r\n", BYE }, PW_BLOCKED, "no_mail_service", NULL },
	{ "24", "smtp", NONE, { "220-mx\r\n250 mx\r\n" }, PW_FAILED, "protocol",
	    "code_mismatch: the greeting began with 220 and goes on with \"250 mx\"" },
	{ "25", "smtp", NONE, { HELLO "220 again\r\n", EHLO, BYE }, PW_DEGRADED, "early_data", NULL, WHOLE },
	{ "25", "smtp", NONE, { HELLO "220 ag", "ain\r\n" EHLO, BYE }, PW_DEGRADED, "early_data", NULL, WHOLE },
	{ "25", "smtp", NONE, { HELLO "junk\r\nmore junk\r\n220-x\r\n", "220 y\r\n" EHLO, BYE }, PW_DEGRADED, "early_data", NULL,
	    WHOLE },
	{ "25", "banner", NONE, { HELLO "220 again\r\n", BYE }, PW_DEGRADED, "early_data", NULL, WHOLE },
	{ "27", "smtp", NONE, { HELLO, "500 what\r\n", "250 mx\r\n", BYE }, PW_OK, "ok", NULL },
	{ "27", "smtp", NONE, { HELLO, "503 what\r\n", "250 mx\r\n", BYE }, PW_OK, "ok", NULL },
	{ "27", "smtp", NONE, { HELLO, "502 what\r\n", "502 what\r\n", "502 what\r\n", BYE }, PW_FAILED, "ehlo_rejected",
	    "EHLO watch.example.net was answered with \"502 what\" (192.0.2.1), and HELO was refused as well" },
	{ "27", "smtp", NONE, { HELLO, "550 no\r\n", CLOSE }, PW_FAILED, "ehlo_rejected",
	    "EHLO watch.example.net was answered with \"550 no\" (192.0.2.1); then the server closed the connection" },
	{ "27", "smtp", NONE, { HELLO, "550 no\r\n", RESET }, PW_FAILED, "ehlo_rejected", "\"550 no\" (192.0.2.1); then" },
	{ "27", "smtp", NONE, { HELLO, "550 no\r\n", SILENT }, PW_FAILED, "ehlo_rejected",
	    "\"550 no\" (192.0.2.1); then no reply to HELO within 15.0 s" },
	{ "27", "starttls", REQ, { HELLO, "502 what\r\n", "250 mx\r\n", BYE }, PW_FAILED, "ehlo_rejected",
	    "HELO is accepted, and knows no STARTTLS" },
	{ "18", "smtp", NONE, { HELLO, "500 what\r\n", "500 what\r\n", "250 mx\r\n", BYE }, PW_FAILED, "other_protocol",
	    "this is LMTP" },
	{ "28", "smtp", NONE, { HELLO, "550 bad helo\r\n", BYE }, PW_BLOCKED, "helo",
	    "EHLO watch.example.net was answered with \"550 bad helo\" (192.0.2.1), decided by \"bad helo\"" },
	{ "28", "smtp", NONE, { HELLO, "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname\r\n", BYE },
	    PW_BLOCKED, "helo", NULL },
	{ "28", "smtp", NONE, { HELLO, "550 5.7.1 Access denied: your address is listed in a block list\r\n", BYE }, PW_BLOCKED,
	    "policy", NULL },
	{ "29", "smtp", NONE, { HELLO, "421 busy\r\n", CLOSE }, PW_DEGRADED, "tempfail", NULL },
	{ "30", "smtp", NONE, { HELLO, SILENT }, PW_FAILED, "ehlo_timeout",
	    "no reply to EHLO within 15.0 s (limit 15 s, 0 bytes, 192.0.2.1)" },
	{ "31", "smtp", NONE, { HELLO, CLOSE }, PW_FAILED, "closed_at_ehlo",
	    "the server closed the connection before its reply to EHLO, after 0.000 s (0 bytes, 192.0.2.1)" },
	{ "31", "smtp", NONE, { HELLO, "250-mx\r\n", CLOSE }, PW_FAILED, "closed_at_ehlo", "in the midst of its reply" },
	{ "33", "smtp", NONE, { HELLO EHLO BYE, CLOSE }, PW_FAILED, "protocol", "out_of_order", WHOLE },
	{ "33", "smtp", NONE, { HELLO "251-a\r\n250-mx\r\n250 ok\r\n", "x\r\n", CLOSE }, PW_FAILED, "protocol",
	    "not_smtp: instead of a reply to EHLO came \"x\"", WHOLE },
	{ "33", "smtp", NONE, { "250 a\r\n250 b\r\n250 c\r\n", CLOSE }, PW_FAILED, "protocol", "unexpected_code" },
	{ "34", "smtp", NONE, { HELLO, EHLO, SILENT }, PW_OK, "ok", NULL },
	{ "34", "smtp", NONE, { HELLO, EHLO, RESET }, PW_OK, "ok", NULL },
	{ "34", "smtp", NONE, { HELLO, EHLO, "500 what\r\n" }, PW_OK, "ok", NULL },
	{ "34", "smtp", NONE, { HELLO, EHLO, "garbage\r\n" }, PW_OK, "ok", NULL },
	{ "36", "starttls", REQ, { HELLO, EHLO, BYE }, PW_FAILED, "starttls_missing", NULL },
	{ "36", "smtp", OPP, { HELLO, EHLO, BYE }, PW_OK, "ok", NULL },
	{ "37", "starttls", REQ, { HELLO, EHLO_TLS, "502 no\r\n", BYE }, PW_FAILED, "starttls_refused",
	    "STARTTLS was answered with \"502 no\" (192.0.2.1)" },
	{ "37", "starttls", REQ, { HELLO, EHLO_TLS, "454 4.7.0 not now\r\n", BYE }, PW_DEGRADED, "tempfail", NULL },
	{ "37", "smtp", OPP, { HELLO, EHLO_TLS, "454 4.7.0 not now\r\n", BYE }, PW_DEGRADED, "starttls_refused", NULL },
	{ "38", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_GARBAGE }, PW_FAILED, "tls_protocol", NULL },
	{ "38", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", SILENT }, PW_FAILED, "handshake_timeout",
	    "no TLS handshake within 15.0 s (limit 15 s, 192.0.2.1)" },
	{ "38", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", TLS_GARBAGE }, PW_DEGRADED, "tls_protocol", NULL },
	{ "38", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", SILENT }, PW_DEGRADED, "handshake_timeout", NULL },
	{ "38", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", CLOSE }, PW_DEGRADED, "closed_at_handshake", NULL },
	{ "38", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", RESET }, PW_DEGRADED, "reset_at_handshake", NULL },
	{ "39", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n250 forged\r\n" }, PW_FAILED, "starttls_injection",
	    "12 bytes in clear came together with the consent to STARTTLS", WHOLE },
	{ "39", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n250 forged\r\n" }, PW_FAILED, "starttls_injection", NULL },
	{ "39", "starttls", REQ, { HELLO, EHLO_TLS "220 go\r\n", TLS }, PW_FAILED, "starttls_injection", NULL, WHOLE },
	{ "40", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", TLS_EXPIRED, EHLO, BYE }, PW_DEGRADED, "cert_expired",
	    "the certificate has expired on 2020-01-01" },
	/* Our own clock decides nothing, save where nothing else does. */
	{ "40", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_UNDATED, EHLO, BYE }, PW_UNKNOWN, "our_clock",
	    "it has expired; but our own clock is wrong" },
	{ "40", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_UNDATED, CLOSE }, PW_FAILED, "closed_at_ehlo_tls", NULL },
	{ "40", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_UNDATED, WAIT(14000) EHLO, BYE }, PW_DEGRADED, "slow_ehlo_tls",
	    NULL },
	{ "45", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_OLD, HELLO, EHLO_TLS, "220 go\r\n", TLS_OUTDATED,
	      EHLO, BYE }, PW_DEGRADED, "tls_version", "TLSv1 is the newest version it speaks (192.0.2.1)" },
	{ "45", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_OLD, HELLO, EHLO_TLS, "220 go\r\n", TLS_GARBAGE },
	    PW_FAILED, "tls_version", "asked again for any version: " },
	{ "45", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", TLS_OLD, HELLO, EHLO_TLS, "220 go\r\n", TLS_GARBAGE },
	    PW_DEGRADED, "tls_version", "asked again for any version: " },
	/* An alert alone says nothing about versions; what shows when asked again does. */
	{ "45", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_REFUSED, HELLO, EHLO_TLS, "220 go\r\n", TLS_GARBAGE },
	    PW_FAILED, "tls_failed", "asked again for any version: " },
	{ "45", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_REFUSED, CLOSE }, PW_FAILED, "tls_failed",
	    "asked again for any version: the server closed the connection before its greeting" },
	{ "45", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", TLS_REFUSED, HELLO, EHLO_TLS, "220 go\r\n", TLS_OUTDATED, EHLO, BYE },
	    PW_DEGRADED, "tls_version", "TLSv1 is the newest version it speaks (192.0.2.1)" },
	{ "45", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_REFUSED, HELLO, EHLO_TLS, "220 go\r\n", TLS, EHLO, BYE },
	    PW_DEGRADED, "tls_failed", "asked again for any version: TLSv1.3" },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, EHLO, BYE }, PW_OK, "ok", NULL },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, CLOSE }, PW_FAILED, "client_cert_required",
	    "it had asked for a certificate of ours, and none was sent" },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, RESET }, PW_FAILED, "client_cert_required", NULL },
	{ "47", "smtp", OPP, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, CLOSE }, PW_DEGRADED, "client_cert_required", NULL },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, CLOSE }, PW_FAILED, "closed_at_ehlo_tls", NULL,
	    .passed_asked = true },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, "421 4.7.1 a certificate is required\r\n", CLOSE },
	    PW_FAILED, "client_cert_required", "decided by \"certificate is required\"" },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_ASKED, SILENT }, PW_FAILED, "ehlo_tls_timeout", NULL },
	{ "47", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS, CLOSE }, PW_FAILED, "closed_at_ehlo_tls", NULL },
	{ "49", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_EARLY EHLO, EHLO, BYE }, PW_DEGRADED, "early_data",
	    "bytes came inside TLS before EHLO was said there (192.0.2.1)" },
	{ "49", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_EARLY EHLO, CLOSE }, PW_FAILED, "protocol",
	    "out_of_order: replies came before what they answer, then the server closed" },
	{ "49", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_EARLY EHLO, SILENT }, PW_FAILED, "protocol",
	    "out_of_order" },
	{ "49", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS_EARLY "250-mx\r\n250 SI", "ZE\r\n" EHLO, BYE },
	    PW_DEGRADED, "early_data", NULL, WHOLE },
	{ "14", "smtp", NONE, { "220 mx\r\r\n", "250-mx\r\r\n250 SIZE 1000\r\r\n", "221\r\r\n" }, PW_OK, "ok", NULL },
	{ "25", "smtp", NONE, { HELLO "\r\n", EHLO "\r\n\r\n", BYE }, PW_OK, "ok", NULL },
	{ "25", "smtp", NONE, { "\r\n\n" HELLO, "\r\n" EHLO, "\r\n" BYE }, PW_OK, "ok", NULL },
	{ "25", "smtp", NONE, { HELLO "\r\n250 mx\r\n", EHLO, BYE }, PW_DEGRADED, "early_data", NULL, WHOLE },
	{ "39", "starttls", REQ, { HELLO, EHLO_TLS "\r\n", "\r\n220 go\r\n", TLS, "\r\n" EHLO, BYE }, PW_OK, "ok", NULL },
	{ "39", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n\r\n", TLS, EHLO, BYE }, PW_FAILED, "starttls_injection",
	    "2 bytes in clear came together with the consent to STARTTLS", WHOLE },
	{ "39", "starttls", REQ, { HELLO, EHLO_TLS "\r\n250 hello\r\n", "220 go\r\n", TLS, EHLO, BYE }, PW_FAILED,
	    "starttls_injection", NULL, WHOLE },
	{ "6", "smtp", NONE, { "\r\n\r\n", SILENT }, PW_FAILED, "banner_timeout", "no greeting within" },
	{ "49", "starttls", REQ, { HELLO, EHLO_TLS, "220 go\r\n", TLS, "421 busy\r\n", CLOSE }, PW_DEGRADED, "tempfail", NULL },
	{ "55", "smtp", NONE, { WAIT(14000) HELLO, WAIT(14000) EHLO, WAIT(4000) BYE }, PW_DEGRADED, "slow_banner", NULL },
	{ "55", "starttls", REQ, { WAIT(29000) HELLO, WAIT(14000) EHLO_TLS, WAIT(14000) "220 go\r\n", WAIT(14000) TLS,
	      WAIT(14000) EHLO, WAIT(14000) BYE }, PW_DEGRADED, "slow_banner", NULL },
};

static void
prepare(struct world *world, const struct row *row)
{
	world_init(world, row->probe, row->tls);
	world->patient = row->patient;
	world->passed_asked = row->passed_asked;
}

static void
check(const struct row *row, struct conversation *c, int cut)
{
	struct evidence evidence = { .leg = 0 };
	char text[EVIDENCE_TEXT_MAX];

	dialogue_evidence(c->dialogue, &evidence);
	snprintf(text, sizeof text, "%.*s", (int)evidence.text.size, evidence.text.data);
	if (dialogue_verdict(c->dialogue) == row->verdict && strcmp(dialogue_outcome(c->dialogue), row->outcome) == 0
	    && (row->text == NULL || strstr(text, row->text) != NULL))
		return;
	world_print(c->dialogue);
	fail_msg("row %s (%s) cut %d: %s(%s): %s\nwanted %s(%s): %s", row->row, row->probe, cut,
	    verdict_name(dialogue_verdict(c->dialogue)), dialogue_outcome(c->dialogue), text, verdict_name(row->verdict),
	    row->outcome, row->text != NULL ? row->text : "");
}

static void
run_row(const struct row *row, int cut)
{
	struct conversation c;
	struct world world;

	prepare(&world, row);
	converse(&c, &world, row->turns, cut);
	check(row, &c, cut);
	dialogue_destroy(&c.dialogue);
	world_fini(&world);
}

static void
gives_each_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		run_row(&rows[i], -1);
}

static void
gives_the_same_however_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int cut = 0; rows[i].how == ANY_CUT && cut < 80; cut++)
			run_row(&rows[i], cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_its_verdict),
		cmocka_unit_test(gives_the_same_however_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
