/* A message's session, its library and its relay played by scripts: what becomes of each recipient, and with which words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/email/gate/session.h"

enum { LIMIT = 20 * 1000000 };

/* The relay: after each thing it waits for ("" nothing, "." the end of the text, else a line) it says something, and hangs
 * up at the end of a connection's script, NULL, or where it has nothing to say. */
struct turn {
	const char *awaited, *reply;
};

static struct session session;
static struct settings settings;
static struct tls tls;
static struct auth auth;
static uint16_t port;

static uint32_t
look_up_loopback(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max,
    char *why, size_t why_size)
{
	struct sockaddr_in *address = (struct sockaddr_in *)found;

	(void)host, (void)limit, (void)max;
	if (strcmp(name, "relay.test") != 0) {
		snprintf(why, why_size, "127.0.0.1: NXDOMAIN");
		return 0;
	}
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	return 1;
}

static const struct pw_gate_host host = { sizeof host, look_up_loopback };

/* Reads up to and with that line, or the dot behind a text. */
static bool
await(FILE *from, const char *awaited)
{
	char line[2000];

	while (fgets(line, sizeof line, from) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strcmp(line, awaited) == 0)
			return true;
		if (strcmp(awaited, ".") != 0)
			break;
	}
	fprintf(stderr, "the relay awaited %s\n", awaited);
	return false;
}

_Noreturn static void
be_relay(int listener, const struct turn *const *connections)
{
	alarm(30); /* whatever becomes of the test */
	for (; *connections != NULL; connections++) {
		int fd = accept(listener, NULL, NULL);
		FILE *from = fdopen(fd, "r");

		if (from == NULL)
			_exit(1);
		for (const struct turn *turn = *connections; turn->awaited != NULL; turn++) {
			if (turn->awaited[0] != '\0' && !await(from, turn->awaited))
				_exit(1);
			if (turn->reply == NULL)
				break;
			(void)send(fd, turn->reply, strlen(turn->reply), MSG_NOSIGNAL);
		}
		fclose(from);
	}
	_exit(0);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	port = ntohs(address.sin_port);
	return fd;
}

/* One session, to two recipients. `said`: by the library, at once, NULL the whole of a mail. */
static struct gate_answer
run(const struct turn *const *connections, const char *said)
{
	int listener = listen_somewhere(), library[2], worker[2], status;
	struct gate_answer answer;
	pid_t relay = fork();

	if (relay == 0)
		be_relay(listener, connections);
	close(listener);
	said = said != NULL ? said : "EHLO worker\r\nMAIL FROM:<watch@a.test>\r\nRCPT TO:<one@b.test>\r\nRCPT TO:<two@b.test>\r\nDATA\r\n"
	    "Subject: x\r\n\r\nfirst\r\n..\r\nlast\r\n.\r\nQUIT\r\n";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, library), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, worker), 0);
	assert_int_equal(send(library[0], said, strlen(said), 0), strlen(said));
	shutdown(library[0], SHUT_WR);
	snprintf(settings.port, sizeof settings.port, "%u", port);
	session.way.settings = &settings;
	session.way.tls = &tls;
	session.way.auth = &auth;
	session.way.host = &host;
	session.worker = worker[1];
	session.ask = (struct gate_ask){ .number = 7, .until = wire_now() + LIMIT, .helo = "watch.test", .sender = "watch@a.test",
		.count = 2, .recipients = { "one@b.test", "two@b.test" } };
	session_run(&session, library[1]);
	assert_int_equal(recv(worker[0], &answer, sizeof answer, 0), sizeof answer);
	assert_int_equal(answer.number, 7);
	assert_int_equal(waitpid(relay, &status, 0), relay);
	assert_int_equal(status, 0);
	close(library[0]);
	close(worker[0]);
	close(worker[1]);
	return answer;
}

static struct gate_answer
run_once(const struct turn *turns)
{
	const struct turn *const connections[] = { turns, NULL };

	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_NONE, .verify = VERIFY_NONE };
	return run(connections, NULL);
}

static void
assert_fate(const struct gate_answer *answer, uint32_t recipient, uint32_t fate, bool channel, bool doubtful, const char *words)
{
	const struct gate_fate *got = &answer->fates[recipient];

	if (got->fate != fate || got->channel != channel || got->doubtful != doubtful || strcmp(got->words, words) != 0)
		fail_msg("fate %u channel %d doubtful %d: %s", got->fate, got->channel, got->doubtful, got->words);
}

static bool
starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const struct turn greeting = { "", "220 relay.test\r\n" }, ehlo = { "EHLO watch.test", "250-relay.test\r\n250 SIZE\r\n" },
	mail = { "MAIL FROM:<watch@a.test>", "250 ok\r\n" }, one = { "RCPT TO:<one@b.test>", "250 ok\r\n" },
	two = { "RCPT TO:<two@b.test>", "250 ok\r\n" }, data = { "DATA", "354 go\r\n" }, end = { NULL, NULL };

static void
each_recipient_has_its_fate(void **state)
{
	const struct turn turns[] = { greeting, ehlo, mail, one, { two.awaited, "550-5.1.1 no\r\n550 such\r\n" }, data,
		{ ".", "250-first\r\n250 taken as 4711\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	struct gate_answer answer = run_once(turns);

	(void)state;
	assert_fate(&answer, 0, PW_SENT, false, false, "250 first / taken as 4711");
	assert_fate(&answer, 1, PW_NEVER, false, false, "550 5.1.1 no / such");
}

/* The answer to the text is the last that counts. */
static void
what_was_taken_stays_so(void **state)
{
	const struct turn turns[] = { greeting, ehlo, mail, one, two, data, { ".", "250 taken\r\n" }, { "QUIT", NULL }, end };
	struct gate_answer answer = run_once(turns);

	(void)state;
	assert_fate(&answer, 1, PW_SENT, false, false, "250 taken");
}

static void
an_end_behind_the_text_is_in_doubt(void **state)
{
	const struct turn turns[] = { greeting, ehlo, mail, one, two, data, { ".", NULL }, end };
	struct gate_answer answer = run_once(turns);

	(void)state;
	assert_fate(&answer, 0, PW_AGAIN, true, true, "the reply to the text: the relay closed the connection: it may have been taken");
}

static void
who_speaks_early_is_not_believed(void **state)
{
	const struct turn turns[] = { greeting, ehlo, { mail.awaited, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n" }, end };
	const struct turn refusal[] = { greeting, ehlo, mail, one, { two.awaited, "250 ok\r\n421 4.3.2 down\r\n" }, end };
	struct gate_answer answer = run_once(turns);

	(void)state;
	assert_int_equal(answer.fates[0].fate, PW_AGAIN);
	assert_non_null(strstr(answer.fates[0].words, "RCPT TO: the relay spoke before it was asked"));
	answer = run_once(refusal);
	assert_fate(&answer, 1, PW_AGAIN, true, false, "421 4.3.2 down (said before DATA)");
}

/* RFC 4954 6: what is said of the session is of no single message. */
static void
what_concerns_the_session_rests_the_channel(void **state)
{
	static const struct {
		const char *reply;
		uint32_t fate;
		bool channel;
	} rows[] = { { "421 4.3.2 down\r\n", PW_AGAIN, true }, { "530 5.7.0 who are you\r\n", PW_AGAIN, true },
		{ "534 5.7.9 weak\r\n", PW_AGAIN, true }, { "535 5.7.8 not you\r\n", PW_AGAIN, true }, { "538 5.7.11 in clear\r\n", PW_AGAIN, true },
		{ "451 4.3.0 later\r\n", PW_AGAIN, false }, { "553 5.1.8 no such sender\r\n", PW_NEVER, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct turn turns[] = { greeting, ehlo, { mail.awaited, rows[i].reply }, end };
		struct gate_answer answer = run_once(turns);
		char code[4];

		assert_int_equal(answer.fates[0].fate, rows[i].fate);
		assert_int_equal(answer.fates[0].channel, rows[i].channel);
		snprintf(code, sizeof code, "%.3s", rows[i].reply);
		assert_non_null(strstr(answer.fates[0].words, code));
	}
}

static void
starttls_that_is_not_offered_may_be_needed(void **state)
{
	const struct turn turns[] = { greeting, ehlo, mail, one, two, data, { ".", "250 taken\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn cut[] = { greeting, ehlo, end };
	const struct turn *const whole[] = { turns, NULL }, *const begun[] = { cut, NULL };
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_OPPORTUNISTIC, .verify = VERIFY_NONE };
	answer = run(whole, NULL);
	assert_int_equal(answer.fates[0].fate, PW_SENT);
	settings.tls = TLS_REQUIRE;
	answer = run(begun, NULL);
	assert_int_equal(answer.fates[0].fate, PW_AGAIN);
	assert_non_null(strstr(answer.fates[0].words, "relay.test does not offer STARTTLS, and tls = \"require\""));
}

static void
each_code_of_an_unknown_command_leads_to_helo(void **state)
{
	static const char *const replies[] = { "500 what\r\n", "501 what\r\n", "504 what\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
		const struct turn turns[] = { greeting, { ehlo.awaited, replies[i] }, { "HELO watch.test", NULL }, end };
		struct gate_answer answer = run_once(turns);

		assert_int_equal(answer.fates[0].fate, PW_AGAIN);
		assert_non_null(strstr(answer.fates[0].words, "HELO"));
	}
}

static void
who_knows_no_ehlo_is_told_helo(void **state)
{
	const struct turn turns[] = { greeting, { ehlo.awaited, "502 what\r\n" }, { "HELO watch.test", "250 relay.test\r\n" }, mail, one, two,
		data, { ".", "451 later\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	struct gate_answer answer = run_once(turns);

	(void)state;
	assert_fate(&answer, 0, PW_AGAIN, false, false, "451 later");
}

static void
a_name_without_address_is_told(void **state)
{
	static const struct turn *const nobody[] = { NULL };
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "gone.test", .place = "gone.test:25", .tls = TLS_NONE };
	answer = run(nobody, NULL);
	assert_fate(&answer, 0, PW_AGAIN, true, false, "the name gone.test does not resolve: 127.0.0.1: NXDOMAIN");
}

/* The library has no bounds of its own: what it does not say, or says otherwise, is nobody's mail. */
static void
a_library_that_errs_sends_nothing(void **state)
{
	const struct turn turns[] = { greeting, ehlo, mail, { "QUIT", "221 bye\r\n" }, end };
	const struct turn *const connections[] = { turns, NULL };
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_NONE, .verify = VERIFY_NONE };
	answer = run(connections, "EHLO worker\r\nMAIL FROM:<watch@a.test>\r\nRCPT TO:<else@b.test>\r\n");
	assert_fate(&answer, 0, PW_AGAIN, true, false, "RCPT TO: the mail library did not go on");
}

/* Where TLS fails the mail goes in clear, on a second connection that has nothing of its own to spend. */
static void
two_connections_are_one_attempt(void **state)
{
	const struct turn first[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" }, { "STARTTLS", "220 go\r\n" }, end };
	const struct turn second[] = { greeting, ehlo, mail, one, two, data, { ".", "250 taken\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn *const connections[] = { first, second, NULL };
	char why[200] = "";
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_OPPORTUNISTIC, .verify = VERIFY_NONE };
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	answer = run(connections, NULL);
	tls_close(&tls);
	assert_int_equal(answer.fates[0].fate, PW_SENT);
	assert_non_null(strstr(answer.fates[0].words, "250 taken (sent in clear, since TLS failed: "));
	assert_string_not_equal(answer.note, "");
	assert_int_equal(session.way.wire.lines, 4 + 3 + 3 + 1 + 1 + 1); /* of both, and that to QUIT */
	assert_int_equal(session.way.wire.came, 54 + 94);
}

/* The note that a mail went in clear is for one that went, or may have. */
static void
what_did_not_go_did_not_go_in_clear(void **state)
{
	const struct turn first[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" }, { "STARTTLS", "220 go\r\n" }, end };
	const struct turn refused[] = { greeting, ehlo, { mail.awaited, "550 no\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn doubtful[] = { greeting, ehlo, mail, { one.awaited, "550 no\r\n" }, two, data, { ".", NULL }, end };
	const struct turn *const no[] = { first, refused, NULL }, *const maybe[] = { first, doubtful, NULL };
	char why[200] = "";
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_OPPORTUNISTIC, .verify = VERIFY_NONE };
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	answer = run(no, NULL);
	assert_int_equal(answer.fates[0].fate, PW_NEVER);
	assert_string_equal(answer.note, "");
	answer = run(maybe, NULL);
	assert_int_equal(answer.fates[0].fate, PW_NEVER);
	assert_true(answer.fates[1].fate == PW_AGAIN && answer.fates[1].doubtful);
	assert_string_not_equal(answer.note, "");
	tls_close(&tls);
}

/* STARTTLS that is refused, or not gone on with, where it is not needed and where it is. */
static void
starttls_that_is_refused_may_be_done_without(void **state)
{
	const struct turn in_clear[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" },
		{ "STARTTLS", "454 not now\r\n" }, mail, one, two, data, { ".", "250 taken\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn refused[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" },
		{ "STARTTLS", "454 not now\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn down[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" }, { "STARTTLS", "421 down\r\n" },
		{ "QUIT", "221 bye\r\n" }, end };
	const struct turn behind[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250 STARTTLS\r\n" },
		{ "STARTTLS", "220 go\r\n250 more\r\n" }, end };
	const struct turn *const injected[] = { behind, NULL };
	const struct turn *const clear[] = { in_clear, NULL }, *const no[] = { refused, NULL }, *const gone[] = { down, NULL };
	char why[200] = "";
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_OPPORTUNISTIC, .verify = VERIFY_NONE };
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	answer = run(clear, NULL);
	assert_fate(&answer, 0, PW_SENT, false, false, "250 taken (sent in clear, since TLS failed: STARTTLS: 454 not now)");
	answer = run(gone, NULL);
	assert_fate(&answer, 0, PW_AGAIN, true, false, "STARTTLS: 421 down");
	answer = run(injected, NULL);
	assert_int_equal(answer.fates[0].fate, PW_AGAIN);
	assert_true(starts_with(answer.fates[0].words, "bytes came in clear text behind the consent to STARTTLS"));
	settings.tls = TLS_REQUIRE;
	answer = run(no, NULL);
	assert_fate(&answer, 0, PW_AGAIN, true, false, "STARTTLS: 454 not now");
	tls_close(&tls);
}

/* A password is said in clear where that is meant, and not where TLS has failed. */
static void
a_password_is_not_said_where_tls_failed(void **state)
{
	const struct turn turns[] = { greeting, { ehlo.awaited, "250-relay.test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" },
		{ "STARTTLS", "454 not now\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	const struct turn *const connections[] = { turns, NULL };
	char why[200] = "";
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_OPPORTUNISTIC, .verify = VERIFY_NONE,
		.auth_unprotected = true };
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	auth.user = "watch";
	answer = run(connections, NULL);
	auth.user = NULL;
	assert_fate(&answer, 0, PW_AGAIN, true, false, "AUTH is not said in clear where TLS failed: STARTTLS: 454 not now");
	tls_close(&tls);
}

static void
a_library_that_says_nothing_sends_nothing(void **state)
{
	const struct turn greets[] = { greeting, ehlo, { "QUIT", "221 bye\r\n" }, end };
	const struct turn takes[] = { greeting, ehlo, mail, one, two, data, end };
	const struct turn *const begun[] = { greets, NULL }, *const open[] = { takes, NULL };
	struct gate_answer answer;

	(void)state;
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_NONE, .verify = VERIFY_NONE };
	answer = run(begun, "HELO worker\r\n");
	assert_fate(&answer, 0, PW_AGAIN, true, false, "EHLO: the mail library did not go on");
	answer = run(open, "EHLO worker\r\nMAIL FROM:<watch@a.test>\r\nRCPT TO:<one@b.test>\r\nRCPT TO:<two@b.test>\r\nDATA\r\nno end\r\n");
	assert_fate(&answer, 0, PW_AGAIN, true, false, "the text: the mail library did not go on");
}

/* A relay that is gone before the text, or refuses within it, has taken nothing. */
static void
an_end_within_the_text_is_no_doubt(void **state)
{
	const struct turn gone[] = { greeting, ehlo, mail, one, two, data, end };
	const struct turn refuses[] = { greeting, ehlo, mail, one, two, { data.awaited, "354 go\r\n552 5.3.4 too large\r\n" }, end };
	struct gate_answer answer;

	(void)state;
	answer = run_once(gone);
	assert_int_equal(answer.fates[0].fate, PW_AGAIN);
	assert_false(answer.fates[0].doubtful);
	assert_true(starts_with(answer.fates[0].words, "the text: "));
	answer = run_once(refuses);
	assert_fate(&answer, 0, PW_NEVER, false, false, "552 5.3.4 too large");
}

/* What became of one recipient stays so, whatever becomes of the rest. */
static void
the_rest_is_the_rest(void **state)
{
	const struct turn refused[] = { greeting, ehlo, mail, { one.awaited, "550 no\r\n" }, two, { data.awaited, "451 later\r\n" },
		{ "QUIT", "221 bye\r\n" }, end };
	const struct turn gone[] = { greeting, ehlo, mail, { one.awaited, "550 no\r\n" }, two, { data.awaited, NULL }, end };
	struct gate_answer answer = run_once(refused);

	(void)state;
	assert_fate(&answer, 0, PW_NEVER, false, false, "550 no");
	assert_fate(&answer, 1, PW_AGAIN, false, false, "451 later");
	answer = run_once(gone);
	assert_fate(&answer, 0, PW_NEVER, false, false, "550 no");
	assert_fate(&answer, 1, PW_AGAIN, true, false, "DATA: the relay closed the connection");
}

/* Each reply of a relay that was told the password: what it says back reaches no receipt and no log. */
static void
the_password_is_not_said_back(void **state)
{
	static const char *const replies[] = { "535 no AHdhdGNoAHZlcnkgc2VjcmV0 for you\r\n", "535 \"very secret\" is wrong\r\n",
		"535 dmVyeSBzZWNyZXQ= VERY%20secret\r\n", "421-busy\r\n421 with very+secret\r\n", "very secret is no reply\r\n" };
	const struct turn taken[] = { greeting, ehlo, mail, one, { two.awaited, "550 no very secret\r\n" }, data,
		{ ".", "250 taken from very secret\r\n" }, { "QUIT", "221 bye\r\n" }, end };
	struct gate_answer answer;

	(void)state;
	snprintf(auth.secret, sizeof auth.secret, "very secret");
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
		const struct turn turns[] = { greeting, ehlo, { mail.awaited, replies[i] }, end };

		answer = run_once(turns);
		assert_string_not_equal(answer.fates[1].words, "");
		assert_null(strcasestr(answer.fates[1].words, "secret"));
		assert_null(strstr(answer.fates[1].words, "c2Vjcm"));
		assert_null(strstr(answer.fates[1].words, "NlY3J"));
		assert_null(strstr(answer.fates[1].words, "zZWNyZ"));
	}
	answer = run_once(taken);
	assert_fate(&answer, 0, PW_SENT, false, false, "250 taken from ***");
	assert_fate(&answer, 1, PW_NEVER, false, false, "550 no ***");
	memset(auth.secret, 0, sizeof auth.secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipient_has_its_fate),
		cmocka_unit_test(what_was_taken_stays_so),
		cmocka_unit_test(an_end_behind_the_text_is_in_doubt),
		cmocka_unit_test(who_speaks_early_is_not_believed),
		cmocka_unit_test(what_concerns_the_session_rests_the_channel),
		cmocka_unit_test(starttls_that_is_not_offered_may_be_needed),
		cmocka_unit_test(each_code_of_an_unknown_command_leads_to_helo),
		cmocka_unit_test(who_knows_no_ehlo_is_told_helo),
		cmocka_unit_test(a_name_without_address_is_told),
		cmocka_unit_test(a_library_that_errs_sends_nothing),
		cmocka_unit_test(two_connections_are_one_attempt),
		cmocka_unit_test(what_did_not_go_did_not_go_in_clear),
		cmocka_unit_test(starttls_that_is_refused_may_be_done_without),
		cmocka_unit_test(a_password_is_not_said_where_tls_failed),
		cmocka_unit_test(a_library_that_says_nothing_sends_nothing),
		cmocka_unit_test(an_end_within_the_text_is_no_doubt),
		cmocka_unit_test(the_rest_is_the_rest),
		cmocka_unit_test(the_password_is_not_said_back),
	};

	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
