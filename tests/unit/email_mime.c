/* Mails as bytes: lines within their limits, nothing that a notice holds ends one, and what was put in comes out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/email/mime.h"

static struct mail mail;

static int
teardown(void **state)
{
	(void)state;
	free(mail.bytes);
	mail = (struct mail){ .size = 0 };
	return 0;
}

static const char *
bytes(void)
{
	mail_add(&mail, "", 1);
	mail.size--;
	assert_false(mail.failed);
	return mail.bytes;
}

/* No line longer than that, every CR with its LF, no lone one. */
static void
assert_lines(size_t longest)
{
	const char *at = bytes(), *end;

	assert_int_equal(strlen(at), mail.size);
	for (; *at != '\0'; at = end + 2) {
		end = strstr(at, "\r\n");
		assert_non_null(end);
		assert_true((size_t)(end - at) <= longest);
		for (const char *c = at; c < end; c++)
			assert_true((unsigned char)*c >= ' ' && (unsigned char)*c < 0x7f);
	}
}

static int
hex(char digit)
{
	const char *digits = "0123456789ABCDEF";

	assert_non_null(memchr(digits, digit, 16));
	return (int)(strchr(digits, digit) - digits);
}

/* Undoes quoted-printable, with LF for CRLF. */
static void
decode(const char *from, char *into)
{
	for (; *from != '\0'; from++) {
		if (from[0] == '=' && from[1] == '\r') {
			from += 2;
		} else if (from[0] == '=') {
			*into++ = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 2;
		} else if (*from != '\r') {
			*into++ = *from;
		}
	}
	*into = '\0';
}

static void
body_comes_out_as_it_went_in(void **state)
{
	static const char *const bodies[] = { "", "x\n", ".\n..\n.x\nFrom here\nFrost\n", "a \nb\t\n \n", "=3D=\n=\n",
		"gr\xc3\xbc\xc3\x9f\x65 \xe2\x80\x93 \xf0\x9f\x93\xae\n", "a\rb\r\n\x01\x7f\n" };
	static char decoded[400];

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		mail.size = 0;
		mail_add_quoted_printable(&mail, bodies[i]);
		assert_lines(76);
		decode(bytes(), decoded);
		assert_string_equal(decoded, bodies[i]);
		assert_true(bytes()[0] != '.' && strstr(bytes(), "\r\n.") == NULL && strstr(bytes(), "\nFrom ") == NULL);
		assert_null(strstr(bytes(), " \r\n"));
	}
	mail.size = 0;
	mail_add_quoted_printable(&mail, "no end");
	assert_string_equal(bytes(), "no end\r\n");
}

static void
long_lines_are_broken(void **state)
{
	static char body[3000], decoded[3000];
	unsigned random = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i + 1 < sizeof body; i++) {
			random = random * 1103515245 + 12345;
			body[i] = "abc .F=\xc3\n"[random >> 16 & 7];
		}
		body[sizeof body - 2] = '\n';
		mail.size = 0;
		mail_add_quoted_printable(&mail, body);
		assert_lines(76);
		decode(bytes(), decoded);
		assert_string_equal(decoded, body);
		assert_null(strstr(bytes(), "\n."));
	}
}

static void
subjects_are_folded(void **state)
{
	static char subject[1000];

	(void)state;
	mail_add_unstructured(&mail, "Subject", "[down] mx1.example.org:25 \xe2\x80\x93 no greeting within 60.0 s, 3 of 3 attempts");
	assert_string_equal(bytes(), "Subject: =?utf-8?Q?=5Bdown=5D_mx1=2Eexample=2Eorg=3A25_=E2=80=93_no_greet?=\r\n"
	    " =?utf-8?Q?ing_within_60=2E0_s=2C_3_of_3_attempts?=\r\n");
	mail.size = 0;
	mail_add_unstructured(&mail, "Subject", "plain words");
	assert_string_equal(bytes(), "Subject: plain words\r\n");
	mail.size = 0;
	mail_add_unstructured(&mail, "Subject", "a\r\nBcc: evil");
	assert_string_equal(bytes(), "Subject: =?utf-8?Q?a__Bcc=3A_evil?=\r\n");
	mail.size = 0;
	mail_add_unstructured(&mail, "Subject", "=?utf-8?Q?forged?=");
	assert_string_equal(bytes(), "Subject: =?utf-8?Q?=3D=3Futf=2D8=3FQ=3Fforged=3F=3D?=\r\n");
	for (size_t i = 0; i + 5 < sizeof subject; i += 4)
		memcpy(subject + i, i % 12 == 0 ? "word" : i % 8 == 0 ? "\xf0\x9f\x93\xae" : " ab ", 5);
	mail.size = 0;
	mail_add_unstructured(&mail, "Subject", subject);
	assert_lines(76);
	memset(subject, 'x', 500);
	subject[500] = '\0';
	mail.size = 0;
	mail_add_unstructured(&mail, "Subject", subject);
	assert_lines(76);
}

static void
dates_have_their_offset(void **state)
{
	(void)state;
	mail_add_date(&mail, INT64_C(1764150126000000), 3600);
	mail_add_date(&mail, INT64_C(1764150126999999), 0);
	mail_add_date(&mail, INT64_C(1772235000000000), -12600);
	mail_add_date(&mail, 0, 20700);
	assert_string_equal(bytes(), "Date: Wed, 26 Nov 2025 10:42:06 +0100\r\nDate: Wed, 26 Nov 2025 09:42:06 +0000\r\n"
	    "Date: Fri, 27 Feb 2026 20:00:00 -0330\r\nDate: Thu, 1 Jan 1970 05:45:00 +0545\r\n");
}

static void
addresses_are_strict(void **state)
{
	static const char *const good[] = { "a@b", "first.last+tag@mail.example.org", "o'hara@x.test" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a b@c", "a@b@c", "a@b>", "<a@b", "a@b\r\nDATA", "a@b\x01",
		"\xc3\xa4@b", "\"a\"@b", "a,b@c", "a@[192.0.2.1]", ".a@b", "a.@b" };
	char text[400];
	struct mailbox mailbox;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(mailbox_is_address(good[i]) && mailbox_parse(good[i], &mailbox) && mailbox.name[0] == '\0');
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "Name <%s>", bad[i]);
		assert_false(mailbox_is_address(bad[i]) || mailbox_parse(bad[i], &mailbox) || mailbox_parse(text, &mailbox));
	}
	memset(text, 'a', 300);
	memcpy(text + 298, "@b", 3);
	assert_false(mailbox_is_address(text));
	assert_true(mailbox_parse("\"Postwatch (night)\" <watch@example.org>", &mailbox));
	assert_string_equal(mailbox.name, "Postwatch (night)");
	assert_string_equal(mailbox.address, "watch@example.org");
	assert_true(mailbox_parse("<watch@example.org>", &mailbox));
	assert_string_equal(mailbox.name, "");
	assert_false(mailbox_parse("a\nb <watch@example.org>", &mailbox));
	assert_false(mailbox_parse("a <watch@example.org> b", &mailbox));
}

static void
header_is_whole(void **state)
{
	const char *names[] = { "ops@example.org", "boss@example.org" };
	const struct pw_recipients to = { 2, names };
	struct pw_notice notice = { .size = sizeof notice, .kind = "up", .key = "k2", .thread = "k1", .target = "mx\r\nBcc: evil",
		.subject = "s", .body = "b\n", .own_name = "watch.test", .incident = 17, .sent = INT64_C(1764150126000000) };
	struct mailbox from = { "Postwatch", "watch@example.org" };

	(void)state;
	mail_write(&mail, &notice, &from, &to);
	assert_string_equal(bytes(), "Date: Wed, 26 Nov 2025 09:42:06 +0000\r\nFrom: \"Postwatch\" <watch@example.org>\r\n"
	    "To: <ops@example.org>,\r\n <boss@example.org>\r\nSubject: s\r\nMessage-ID: <k2@watch.test>\r\n"
	    "In-Reply-To: <k1@watch.test>\r\nReferences: <k1@watch.test>\r\nAuto-Submitted: auto-generated\r\n"
	    "X-Postwatch-Kind: up\r\nX-Postwatch-Target: =?utf-8?Q?mx__Bcc=3A_evil?=\r\nX-Postwatch-Incident: 17\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nb\r\n");
	notice.thread = notice.key;
	mail.size = 0;
	mail_write(&mail, &notice, &(struct mailbox){ "W\xc3\xa4" "chter", "watch@example.org" }, &to);
	assert_null(strstr(bytes(), "References"));
	assert_non_null(strstr(bytes(), "\r\nFrom: =?utf-8?Q?W=C3=A4chter?=\r\n <watch@example.org>\r\n"));
	assert_lines(76);
}

/* The whole of it byte for byte; no line of either text can be taken for the boundary. */
static void
a_file_goes_along(void **state)
{
	const char *names[] = { "ops@example.org" };
	const struct pw_recipients to = { 1, names };
	const struct pw_notice notice = { .size = sizeof notice, .kind = "report", .key = "k2", .thread = "k2", .target = "", .subject = "s",
		.body = "b\n--=_k2--\n", .own_name = "watch.test", .attachment = "<p>\xc3\xbc</p>\n", .attachment_name = "a-1.html" };

	(void)state;
	mail_write(&mail, &notice, &(struct mailbox){ "", "watch@example.org" }, &to);
	assert_string_equal(strstr(bytes(), "MIME-Version"), "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_k2\"\r\n"
	    "\r\n--=_k2\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "b\r\n--=3D_k2--\r\n"
	    "\r\n--=_k2\r\nContent-Type: text/html; charset=utf-8\r\nContent-Disposition: attachment;\r\n filename=\"a-1.html\"\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=BC</p>\r\n\r\n--=_k2--\r\n");
	assert_lines(76);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(body_comes_out_as_it_went_in, teardown),
		cmocka_unit_test_teardown(long_lines_are_broken, teardown),
		cmocka_unit_test_teardown(subjects_are_folded, teardown),
		cmocka_unit_test_teardown(dates_have_their_offset, teardown),
		cmocka_unit_test_teardown(addresses_are_strict, teardown),
		cmocka_unit_test_teardown(header_is_whole, teardown),
		cmocka_unit_test_teardown(a_file_goes_along, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
