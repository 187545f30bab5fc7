/* AUTH before a relay that plays a script: each mechanism, what it is refused with, and challenges that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/email/gate/auth.h"

enum { LIMIT = 20 * 1000000, LINE_MAX_ = 9000, AS_EXPECTED = 0, OTHERWISE = 1 };

/* What the relay expects, and what it answers; NULL: it hangs up. `scram`: it answers with what is made of what it heard. */
struct turn {
	const char *line;
	const char *reply;
	enum { AS_WRITTEN, SCRAM_FIRST, SCRAM_FINAL, SCRAM_FORGED, SCRAM_DEAR } scram;
};

/* What fails; `left`: allocations until the one that does, 0: none. */
static struct {
	bool init, start, fstat;
	unsigned left;
} fault;

int __real_gsasl_init(Gsasl **sasl);
int __wrap_gsasl_init(Gsasl **sasl);
int __real_gsasl_client_start(Gsasl *sasl, const char *mechanism, Gsasl_session **session);
int __wrap_gsasl_client_start(Gsasl *sasl, const char *mechanism, Gsasl_session **session);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

int
__wrap_gsasl_init(Gsasl **sasl)
{
	return fault.init ? GSASL_MALLOC_ERROR : __real_gsasl_init(sasl);
}

int
__wrap_gsasl_client_start(Gsasl *sasl, const char *mechanism, Gsasl_session **session)
{
	return fault.start ? GSASL_UNKNOWN_MECHANISM : __real_gsasl_client_start(sasl, mechanism, session);
}

int
__wrap_fstat(int fd, struct stat *status)
{
	errno = EIO;
	return fault.fstat ? -1 : __real_fstat(fd, status);
}

void *
__wrap_malloc(size_t size)
{
	return fault.left > 0 && --fault.left == 0 ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fault.left > 0 && --fault.left == 0 ? NULL : __real_calloc(count, size);
}

static struct wire wire;
static struct auth auth;
static char secret_file[64];

/* The relay's side */

static bool
read_line(int fd, char line[LINE_MAX_])
{
	size_t size = 0;

	while (size + 1 < LINE_MAX_ && read(fd, line + size, 1) == 1)
		if (line[size++] == '\n') {
			line[size - 2] = '\0';
			return true;
		}
	return false;
}

static int
on_property(Gsasl *sasl, Gsasl_session *session, Gsasl_property property)
{
	(void)sasl;
	if (property == GSASL_PASSWORD)
		gsasl_property_set(session, GSASL_PASSWORD, "secret");
	else
		return GSASL_NO_CALLBACK;
	return GSASL_OK;
}

static void
say(int fd, const char *code, const char *words)
{
	char line[LINE_MAX_];
	int size = snprintf(line, sizeof line, "%s%s\r\n", code, words);

	if (write(fd, line, (size_t)size) != size)
		_exit(OTHERWISE);
}

/* What a server of SCRAM says next, true or not. */
static void
say_scram(int fd, Gsasl_session *session, const struct turn *turn, const char *line)
{
	char *answer = NULL, *bytes = NULL, *forged = NULL;
	const char *given = strrchr(line, ' ');
	size_t size;
	int status = gsasl_step64(session, given != NULL ? given + 1 : line, &answer);

	if (status != GSASL_NEEDS_MORE && status != GSASL_OK)
		_exit(OTHERWISE);
	if (turn->scram == SCRAM_FORGED)
		(void)gsasl_base64_to("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 46, &forged, NULL);
	if (turn->scram == SCRAM_DEAR && gsasl_base64_from(answer, strlen(answer), &bytes, &size) == GSASL_OK) {
		char dear[1000];
		const char *count = memmem(bytes, size, ",i=", 3);
		int room = snprintf(dear, sizeof dear, "%.*s,i=1000001", (int)(count - bytes), bytes);
		(void)gsasl_base64_to(dear, (size_t)room, &forged, NULL);
	}
	say(fd, "334 ", forged != NULL ? forged : answer);
}

_Noreturn static void
be_relay(int fd, const struct turn *turns)
{
	Gsasl_session *session = NULL;
	Gsasl *sasl = NULL;
	char line[LINE_MAX_];

	if (gsasl_init(&sasl) != GSASL_OK || gsasl_server_start(sasl, "SCRAM-SHA-256", &session) != GSASL_OK)
		_exit(OTHERWISE);
	gsasl_callback_set(sasl, on_property);
	for (; turns->line != NULL; turns++) {
		if (!read_line(fd, line) || (turns->line[0] != '*' && strcmp(line, turns->line) != 0))
			_exit(OTHERWISE);
		if (turns->scram != AS_WRITTEN)
			say_scram(fd, session, turns, line);
		else if (turns->reply == NULL)
			_exit(AS_EXPECTED);
		else
			say(fd, "", turns->reply);
	}
	_exit(read(fd, line, 1) == 0 ? AS_EXPECTED : OTHERWISE); /* nothing more is said */
}

/* Ours */

static int
write_secret(const char *bytes, size_t size)
{
	FILE *file = fopen(secret_file, "w");

	return file == NULL || fwrite(bytes, 1, size, file) != size ? -1 : fclose(file);
}

static int
open_secret(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(secret_file, sizeof secret_file, "%s/secret-%d", top != NULL ? top : "/tmp", (int)getpid());
	return write_secret("secret\n", 7);
}

static int
remove_secret(void **state)
{
	(void)state;
	return unlink(secret_file);
}

/* Whether the relay took it; it has to hear all that its script expects, and no more. */
static bool
converse(const struct settings *settings, const char *offer, bool is_protected, const struct turn *turns)
{
	int ends[2], status;
	char why[200] = "";
	bool taken;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid_t relay = fork();
	if (relay == 0) {
		memset(&fault, 0, sizeof fault);
		struct timeval patience = { 20, 0 };
		close(ends[0]);
		(void)setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		be_relay(ends[1], turns);
	}
	close(ends[1]);
	assert_true(auth_open(&auth, settings, why, sizeof why));
	wire_init(&wire, wire_now() + LIMIT);
	wire.fd = ends[0];
	taken = auth_say(&auth, &wire, offer, is_protected, LIMIT);
	auth_close(&auth);
	wire_close(&wire);
	assert_int_equal(waitpid(relay, &status, 0), relay);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != AS_EXPECTED)
		fail_msg("%s: the relay heard something else (%s)", offer, wire.why);
	return taken;
}

static const struct settings *
with_password(const char *user)
{
	static struct settings settings;

	settings = (struct settings){ .host = "relay.test", .user = user, .password_file = secret_file };
	return &settings;
}

static void
assert_refused(const char *offer, const char *words, const struct turn *turns)
{
	assert_false(converse(with_password("watch"), offer, true, turns));
	if (strstr(wire.why, words) == NULL)
		fail_msg("%s: %s", offer, wire.why);
	assert_null(strstr(wire.why, "secret"));
}

/* What auth_open() says of that file. */
static void
assert_no_secret(const struct settings *settings, const char *words)
{
	char why[200] = "";

	assert_false(auth_open(&auth, settings, why, sizeof why));
	if (strstr(why, words) == NULL)
		fail_msg("%s", why);
	auth_close(&auth);
}

static void
what_is_no_secret_is_told(void **state)
{
	static char large[AUTH_SECRET_MAX + 1];
	static const struct {
		const char *bytes;
		size_t size;
	} contents[] = { { "", 0 }, { "\n", 1 }, { "two\nlines\n", 10 }, { "a\0b\n", 4 }, { large, sizeof large } };
	struct settings missing = { .user = "watch", .password_file = "/nonexistent/secret" },
	    folder = { .user = "watch", .token_file = "/" }, nobody = { .user = NULL };
	char why[200];

	(void)state;
	memset(large, 'x', sizeof large);
	assert_no_secret(&missing, "password_file: /nonexistent/secret: No such file or directory");
	assert_no_secret(&folder, "token_file: /: Invalid argument");
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		assert_int_equal(write_secret(contents[i].bytes, contents[i].size), 0);
		assert_no_secret(with_password("watch"), "has to hold one line of at most 8191 bytes");
	}
	assert_int_equal(write_secret("secret", 6), 0); /* without a line end */
	assert_true(auth_open(&auth, with_password("watch"), why, sizeof why));
	assert_string_equal(auth.secret, "secret");
	auth_close(&auth);
	assert_int_equal(write_secret("secret\n", 7), 0);
	assert_true(auth_open(&auth, &nobody, why, sizeof why));
	assert_null(auth.sasl);
	auth_close(&auth);
}

/* RFC 5321 4.5.3.1.4: a command has at most 512 bytes. */
static void
a_long_response_waits_for_a_challenge(void **state)
{
	static char secret[400];
	static const struct turn turns[] = { { .line = "AUTH PLAIN", .reply = "334 " }, { .line = "*", .reply = "235 ok" }, { .line = NULL } };

	(void)state;
	memset(secret, 'x', sizeof secret);
	assert_int_equal(write_secret(secret, sizeof secret), 0);
	assert_true(converse(with_password("watch"), "PLAIN", true, turns));
	assert_int_equal(write_secret("secret\n", 7), 0);
}

static const char plain[] = "AUTH PLAIN AHdhdGNoAHNlY3JldA==";

static void
each_mechanism_is_taken(void **state)
{
	static const struct turn by_plain[] = { { .line = plain, .reply = "235-2.7.0\r\n235 ok" }, { .line = NULL } };
	static const struct turn plain_late[] = { { .line = plain, .reply = "334 " },
		{ .line = "AHdhdGNoAHNlY3JldA==", .reply = "235 ok" }, { .line = NULL } };
	static const struct turn by_login[] = { { .line = "AUTH LOGIN", .reply = "334 VXNlcm5hbWU6" },
		{ .line = "d2F0Y2g=", .reply = "334 UGFzc3dvcmQ6" }, { .line = "c2VjcmV0", .reply = "235 ok" }, { .line = NULL } };
	static const struct turn login_at_once[] = { { .line = "AUTH LOGIN", .reply = "501 say it at once" },
		{ .line = "AUTH LOGIN d2F0Y2g=", .reply = "334 UGFzc3dvcmQ6" }, { .line = "c2VjcmV0", .reply = "235 ok" }, { .line = NULL } };
	/* HMAC-MD5 of "<1896.697170952@postoffice.reston.mci.net>", as in RFC 2195, by this password. */
	static const struct turn by_cram[] = { { .line = "AUTH CRAM-MD5",
		.reply = "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+" },
		{ .line = "d2F0Y2ggNzMzYmE4N2U2NGVkN2U0NDFmMDYyYzRhYzZkYjAxMDM=", .reply = "235 ok" }, { .line = NULL } };
	static const struct turn by_scram[] = { { .line = "*", .scram = SCRAM_FIRST }, { .line = "*", .scram = SCRAM_FINAL },
		{ .line = "", .reply = "235 ok" }, { .line = NULL } };

	(void)state;
	assert_true(converse(with_password("watch"), "PLAIN", true, by_plain));
	assert_true(converse(with_password("watch"), "PLAIN LOGIN", true, plain_late));
	assert_true(converse(with_password("watch"), "X LOGIN", true, by_login));
	assert_true(converse(with_password("watch"), "LOGIN", true, login_at_once));
	assert_true(converse(with_password("watch"), "PLAIN CRAM-MD5", false, by_cram));
	assert_true(converse(with_password("watch"), "PLAIN SCRAM-SHA-256", true, by_scram));
}

static void
a_token_is_taken(void **state)
{
	struct settings settings = { .host = "relay.test", .user = "watch", .token_file = secret_file };
	static const struct turn good[] = { { .line = "AUTH XOAUTH2 dXNlcj13YXRjaAFhdXRoPUJlYXJlciBzZWNyZXQBAQ==", .reply = "235 ok" },
		{ .line = NULL } };
	struct turn endless[10] = { { .line = NULL } };
	static const struct turn expired[] = { { .line = "*", .reply = "334 eyJzdGF0dXMiOiI0MDEifQ==" },
		{ .line = "", .reply = "535 5.7.8 expired" }, { .line = NULL } };

	(void)state;
	assert_true(converse(&settings, "PLAIN XOAUTH2", true, good));
	assert_false(converse(&settings, "XOAUTH2", true, expired));
	assert_string_equal(wire.why, "AUTH was refused: 535 5.7.8 expired (mechanism XOAUTH2)");
	for (size_t i = 0; i < 8; i++)
		endless[i] = (struct turn){ .line = i == 0 ? "*" : "", .reply = "334 e30=" };
	endless[8] = (struct turn){ .line = "", .reply = NULL };
	assert_false(converse(&settings, "XOAUTH2", true, endless));
	assert_string_equal(wire.why, "AUTH XOAUTH2: the relay asks without end");
}

static void
each_refusal_is_told_in_its_words(void **state)
{
	static const char *const replies[] = { "535-5.7.8 not\r\n535 you", "454 4.7.0 later", "534 5.7.9 too weak", "421 4.3.2 going down",
		"538 5.7.11 encryption needed" };
	static const char *const told[] = { "535 5.7.8 not / you", "454 4.7.0 later", "534 5.7.9 too weak", "421 4.3.2 going down",
		"538 5.7.11 encryption needed" };

	(void)state;
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		const struct turn turns[] = { { .line = plain, .reply = replies[i] }, { .line = NULL } };
		char words[200];

		snprintf(words, sizeof words, "AUTH was refused: %s (mechanism PLAIN)", told[i]);
		assert_refused("PLAIN", words, turns);
	}
}

/* A proof that was refused may be one of a form that the relay does not store; a password that was shown is wrong. */
static void
a_refused_proof_is_followed_by_the_password(void **state)
{
	static const struct turn shown[] = { { .line = "*", .reply = "535 no such verifier" }, { .line = plain, .reply = "535 not you" },
		{ .line = NULL } };
	static const struct turn proven[] = { { .line = "AUTH CRAM-MD5", .reply = "535 no" }, { .line = NULL } };

	(void)state;
	assert_refused("SCRAM-SHA-256 PLAIN LOGIN", "535 not you (mechanism PLAIN)", shown);
	assert_false(converse(with_password("watch"), "CRAM-MD5 PLAIN", false, proven));
}

static void
what_is_no_challenge_ends_it(void **state)
{
	static char large[4000];
	static const struct turn no_base64[] = { { .line = "AUTH CRAM-MD5", .reply = "334 !!not base64!!" }, { .line = NULL } };
	static const struct turn no_scram[] = { { .line = "*", .reply = "334 bm9uc2Vuc2U=" }, { .line = NULL } };
	static const struct turn lines[] = { { .line = "AUTH CRAM-MD5", .reply = "334-PDE4\r\n334 OTYu" }, { .line = NULL } };
	static const struct turn oversized[] = { { .line = "AUTH CRAM-MD5", .reply = large }, { .line = NULL } };
	static const struct turn endless[] = { { .line = "AUTH LOGIN", .reply = "334 VXNlcm5hbWU6" },
		{ .line = "d2F0Y2g=", .reply = "334 UGFzc3dvcmQ6" }, { .line = "c2VjcmV0", .reply = "334 UGFzc3dvcmQ6" }, { .line = NULL } };
	static const struct turn other[] = { { .line = plain, .reply = "354 go ahead" }, { .line = NULL } };
	static const struct turn gone[] = { { .line = plain, .reply = NULL }, { .line = NULL } };

	(void)state;
	memset(large, 'A', sizeof large - 1);
	memcpy(large, "334 !", 5);
	assert_refused("CRAM-MD5", "AUTH CRAM-MD5: the relay's challenge does not fit", no_base64);
	assert_refused("SCRAM-SHA-256", "AUTH SCRAM-SHA-256: the relay's challenge does not fit", no_scram);
	assert_refused("CRAM-MD5", "AUTH CRAM-MD5: a challenge that is none", lines);
	assert_refused("CRAM-MD5", "AUTH CRAM-MD5: the relay's challenge does not fit", oversized);
	assert_refused("LOGIN", "AUTH LOGIN: the relay's challenge does not fit", endless);
	assert_refused("PLAIN", "354 go ahead", other);
	assert_refused("PLAIN", "AUTH PLAIN: the relay closed the connection", gone);
}

/* A relay that does not know the password is not the relay, whatever it says. */
static void
a_relay_has_to_prove_itself(void **state)
{
	static const struct turn forged[] = { { .line = "*", .scram = SCRAM_FIRST }, { .line = "*", .scram = SCRAM_FORGED }, { .line = NULL } };
	static const struct turn without[] = { { .line = "*", .scram = SCRAM_FIRST }, { .line = "*", .reply = "235 ok" }, { .line = NULL } };
	static const struct turn at_once[] = { { .line = "*", .reply = "235 ok" }, { .line = NULL } };
	static const struct turn otherwise[] = { { .line = "*", .scram = SCRAM_FIRST }, { .line = "*", .reply = "250 ok" }, { .line = NULL } };
	static const struct turn dear_first[] = { { .line = "*", .reply = "334 aT0xMDAwMDAx" }, { .line = NULL } }; /* i=1000001 */
	static const struct turn no_count[] = { { .line = "*", .reply = "334 eGk9MTAwMDAwMQ==" }, { .line = NULL } }; /* xi=1000001 */
	static const struct turn dear[] = { { .line = "*", .scram = SCRAM_DEAR }, { .line = NULL } };

	(void)state;
	assert_refused("SCRAM-SHA-256", "the relay's challenge does not fit", forged);
	assert_refused("SCRAM-SHA-256", "took it without a proof that it knows the password", without);
	assert_refused("SCRAM-SHA-256", "took it without a proof that it knows the password", at_once);
	assert_refused("SCRAM-SHA-256", "took it without a proof that it knows the password", otherwise);
	assert_refused("SCRAM-SHA-256", "asks for more than 1,000,000 rounds of hashing", dear);
	assert_refused("SCRAM-SHA-256", "asks for more than 1,000,000 rounds of hashing", dear_first);
	assert_refused("SCRAM-SHA-256", "the relay's challenge does not fit", no_count);
}

static void
nothing_in_common_is_told(void **state)
{
	static const struct turn none[] = { { .line = NULL } };

	(void)state;
	assert_refused("GSSAPI NTLM", "no common mechanism: the relay offers GSSAPI NTLM, we know SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5", none);
	assert_refused("", "AUTH: the relay offers none", none);
	assert_refused("XPLAIN PLAINX", "no common mechanism", none);
}

/* Without memory, or without libgsasl, nothing is said, and that is told of us. */
static void
what_we_lack_is_told_of_us(void **state)
{
	static const struct turn none[] = { { .line = NULL } };
	struct settings token = { .host = "relay.test", .user = "watch", .token_file = secret_file };

	(void)state;
	fault.init = true;
	assert_no_secret(with_password("watch"), "AUTH: Memory allocation error");
	fault.init = false;
	fault.fstat = true;
	assert_no_secret(with_password("watch"), "password_file: ");
	fault.fstat = false;
	fault.start = true;
	assert_refused("PLAIN", "AUTH PLAIN: libgsasl does not know it", none);
	fault.start = false;
	fault.left = 1; /* of the command */
	assert_refused("PLAIN", "AUTH PLAIN: AUTH: no memory", none);
	fault.left = 1; /* of the token's response */
	assert_false(converse(&token, "XOAUTH2", true, none));
	assert_string_equal(wire.why, "AUTH XOAUTH2: the user or the password cannot be said by it");
	fault.left = 3; /* of the empty answer to its refusal */
	assert_false(converse(&token, "XOAUTH2", true, (const struct turn[]){ { .line = "*", .reply = "334 e30=" }, { .line = NULL } }));
	assert_string_equal(wire.why, "AUTH XOAUTH2: the relay's challenge does not fit");
	fault.left = 0;
}

/* A password that is no text in UTF-8 cannot be prepared for SCRAM (RFC 5802 5.1), and is not sent otherwise. */
static void
what_cannot_be_said_is_not(void **state)
{
	static const struct turn none[] = { { .line = NULL } };

	(void)state;
	assert_false(converse(with_password("wa\xfftch"), "SCRAM-SHA-256 PLAIN", true, none));
	assert_string_equal(wire.why, "AUTH SCRAM-SHA-256: the user or the password cannot be said by it");
}

static void
challenges_at_the_edges(void **state)
{
	static char large[8300];
	static const struct turn oversized[] = { { .line = "AUTH CRAM-MD5", .reply = large }, { .line = NULL } };
	static const struct turn no_base64[] = { { .line = "*", .reply = "334 !!" }, { .line = NULL } };
	static const struct turn ends_early[] = { { .line = "*", .reply = "334 aGk=" }, { .line = NULL } }; /* "hi" */
	static const struct turn late[] = { { .line = "AUTH LOGIN", .reply = "334 VXNlcm5hbWU6" },
		{ .line = "d2F0Y2g=", .reply = "501 5.5.2 what" }, { .line = NULL } };

	(void)state;
	memset(large, 'A', sizeof large - 1);
	memcpy(large, "334-", 4);
	memcpy(large + 4050, "\r\n334-", 6);
	memcpy(large + 8100, "\r\n334 ", 6);
	assert_refused("CRAM-MD5", "AUTH CRAM-MD5: a challenge that is none", oversized);
	assert_refused("SCRAM-SHA-256", "the relay's challenge does not fit", no_base64);
	assert_refused("SCRAM-SHA-256", "the relay's challenge does not fit", ends_early);
	assert_refused("LOGIN", "501 5.5.2 what", late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mechanism_is_taken),
		cmocka_unit_test(what_is_no_secret_is_told),
		cmocka_unit_test(a_long_response_waits_for_a_challenge),
		cmocka_unit_test(a_token_is_taken),
		cmocka_unit_test(each_refusal_is_told_in_its_words),
		cmocka_unit_test(a_refused_proof_is_followed_by_the_password),
		cmocka_unit_test(what_is_no_challenge_ends_it),
		cmocka_unit_test(a_relay_has_to_prove_itself),
		cmocka_unit_test(nothing_in_common_is_told),
		cmocka_unit_test(what_we_lack_is_told_of_us),
		cmocka_unit_test(what_cannot_be_said_is_not),
		cmocka_unit_test(challenges_at_the_edges),
	};

	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	return cmocka_run_group_tests(tests, open_secret, remove_secret);
}
