/* A notifier's process, with the test as its parent and as its keeper. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "config/read.h"
#include "message_examples.h"
#include "notifier/worker.h"

enum { PATIENCE = 20 * 1000 /* ms until something that must come is missed */, BROKEN = 70, CANNOT_BEGIN = 71, GOOD = 0, FAULTY = 1 };

static const struct config *config;
static pid_t child;
static int parent, keeper = -1; /* our ends */
static unsigned char packet[WIRE_MAX];

static int
read_config(void **state)
{
	static struct config_faults faults;
	char folder[4096], path[] = "/tmp/pw-notifier-XXXXXX", bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	int fd = mkstemp(path);

	(void)state;
	assert_true(size > 0 && fd >= 0);
	folder[size] = '\0';
	*strstr(folder, "/tests/unit/") = '\0';
	dprintf(fd, "helo = \"watch.example.net\"; state = \"/nonexistent\"; plugins = [ \"%s/tests/fixtures/plugins/notifier/results.so\" ];\n"
	            "notifiers = ( { name = \"good\"; plugin = \"results\"; timezone = \"Europe/Berlin\"; },\n"
	            "  { name = \"faulty\"; plugin = \"results\"; fault = \"it is broken\"; } );\n"
	            "targets = ( { name = \"mx1\"; host = \"127.0.0.1\"; port = 9; } );\n", folder);
	close(fd);
	snprintf(folder + strlen(folder), 64, "/plugins");
	config = config_read(&(struct config_source){ .path = path, .plugin_dir = folder }, &faults);
	unlink(path);
	config_print_faults(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return 0;
}

static void
pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static void
begin(uint32_t index)
{
	int ends[2];

	pair(ends);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct duty duty = { .kind = DUTY_NOTIFIER, .index = index, .parent = ends[1], .config = config, .gate = -1 };

		close(ends[0]);
		signal(SIGXFSZ, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		_exit(notifier_main(&duty));
	}
	close(ends[1]);
	parent = ends[0];
	keeper = -1;
}

/* Reads until a packet of that kind comes. */
static size_t
await(int socket, enum message_kind kind)
{
	ssize_t size = 0;

	do {
		struct pollfd polled = { .fd = socket, .events = POLLIN };

		if (poll(&polled, 1, PATIENCE) != 1 || (size = packet_read(socket, packet, sizeof packet, NULL)) <= 0)
			fail_msg("no packet of kind %d", kind);
	} while (message_kind(packet, (size_t)size) != kind);
	return (size_t)size;
}

static void
await_line(int level, const char *words)
{
	struct message_log log;
	struct wire_in in = wire_from(packet, await(parent, MESSAGE_LOG));

	assert_true(message_get_log(&in, &log));
	if (log.level != level || memmem(log.text.data, log.text.size, words, strlen(words)) == NULL)
		fail_msg("%d %.*s", log.level, (int)log.text.size, log.text.data);
}

static void
link_keeper(void)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int ends[2];

	pair(ends);
	message_put_link(&out, &(struct message_link){ DUTY_KEEPER, 0 });
	assert_true(packet_send(parent, bytes, out.size, ends[1]));
	close(ends[1]);
	if (keeper >= 0)
		close(keeper);
	keeper = ends[0];
	await(keeper, MESSAGE_SOURCES);
}

static int
bear(void **state)
{
	(void)state;
	begin(GOOD);
	await(parent, MESSAGE_READY);
	link_keeper();
	return 0;
}

static int
bury(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(parent);
	if (keeper >= 0)
		close(keeper);
	return 0;
}

static int
await_end(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
stop(int64_t grace)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_stop(&out, &(struct message_stop){ grace, grace });
	assert_true(packet_send(parent, bytes, out.size, -1));
}

static void
hand_out(uint64_t number, const char *const *recipients, uint32_t count)
{
	static unsigned char bytes[WIRE_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct message_notice notice = { .notice = number, .key = "abcdefghijklmnopqrstuvwxyz", .thread = "abcdefghijklmnopqrstuvwxyz",
		.kind = "down", .attempt = 1, .target = BYTES("mx1"), .host = BYTES("127.0.0.1"), .port = 9, .probe = "smtp", .code = "refused",
		.from = "suspect", .to = "down", .detected = 2000, .confirmed = 3000, .text = BYTES("mx1 down: connection refused"),
		.recipient_count = count };

	for (uint32_t i = 0; i < count; i++)
		notice.recipients[i] = (struct pw_bytes){ recipients[i], strlen(recipients[i]) };
	message_put_notice(&out, &notice);
	assert_true(packet_send(keeper, bytes, out.size, -1));
}

static struct message_receipt
await_receipt(uint64_t number, uint32_t recipient)
{
	struct message_receipt receipt;
	struct wire_in in = wire_from(packet, await(keeper, MESSAGE_RECEIPT));

	assert_true(message_get_receipt(&in, &receipt));
	assert_int_equal(receipt.notice, number);
	assert_int_equal(receipt.recipient, recipient);
	return receipt;
}

/* What a plugin gives that is no fate is one to try again, and hints are bounded. */
static void
answers_for_each_recipient(void **state)
{
	static const char *const names[] = { "sent", "never", "odd", "past", "far", "long" };
	static const struct {
		enum pw_fate fate;
		bool channel, doubtful;
		int64_t not_before;
		size_t size;
	} expected[] = {
		{ PW_SENT, false, false, 0, 9 },
		{ PW_NEVER, false, false, 0, 10 },
		{ PW_AGAIN, true, false, 0, 0 },
		{ PW_AGAIN, false, false, 0, 0 },
		{ PW_AGAIN, false, true, 86400 * (int64_t)SECOND, 0 },
		{ PW_AGAIN, false, false, 0, PW_RECEIPT_MAX },
	};

	(void)state;
	hand_out(41, names, sizeof names / sizeof *names);
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct message_receipt receipt = await_receipt(41, i);

		assert_int_equal(receipt.fate, expected[i].fate);
		assert_int_equal(receipt.channel, expected[i].channel);
		assert_int_equal(receipt.doubtful, expected[i].doubtful);
		assert_int_equal(receipt.not_before, expected[i].not_before);
		assert_int_equal(receipt.text.size, expected[i].size);
	}
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* With its name, and without what could end the line. */
static void
logs_what_its_plugin_says(void **state)
{
	static const char *const names[] = { "says" };

	(void)state;
	hand_out(5, names, 1);
	await_line(LOG_WARNING, "good: a word\\x0aof its own");
	await_receipt(5, 0);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* What was handed out is delivered before the end; without more it ends at once. */
static void
delivers_before_it_ends(void **state)
{
	static const char *const names[] = { "sent" };

	(void)state;
	kill(child, SIGSTOP);
	for (uint64_t i = 1; i <= 3; i++)
		hand_out(i, names, 1);
	stop(PATIENCE * (int64_t)MILLISECOND);
	kill(child, SIGCONT);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(await_receipt(i, 0).fate, PW_SENT);
	assert_int_equal(await_end(), 0);
}

/* And no longer: what it has not taken by then the keeper gives to the next. */
static void
ends_when_its_time_is_over(void **state)
{
	static const char *const names[] = { "sent" };

	(void)state;
	await(parent, MESSAGE_ALIVE);
	await(parent, MESSAGE_ALIVE); /* it no longer reads what has linked the keeper */
	kill(child, SIGSTOP);
	for (uint64_t i = 1; i <= 3; i++)
		hand_out(i, names, 1);
	stop(0);
	kill(child, SIGCONT);
	assert_int_equal(await_receipt(1, 0).fate, PW_SENT);
	assert_int_equal(await_end(), 0);
	assert_true(packet_read(keeper, packet, sizeof packet, NULL) <= 0);
}

/* A keeper that is gone is waited for; the next one is answered. */
static void
goes_on_with_the_next_keeper(void **state)
{
	static const char *const names[] = { "sent" };
	unsigned char bytes[4096];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	examples[MESSAGE_LEG].put(&out);
	assert_true(packet_send(keeper, bytes, out.size, -1)); /* of a notice that never comes */
	close(keeper);
	keeper = -1;
	link_keeper();
	hand_out(8, names, 1);
	assert_int_equal(await_receipt(8, 0).fate, PW_SENT);
	link_keeper(); /* while there is one */
	hand_out(9, names, 1);
	assert_int_equal(await_receipt(9, 0).fate, PW_SENT);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

/* More evidence than there is room for is left out; the notice is delivered. */
static void
leaves_out_what_finds_no_room(void **state)
{
	enum { LEGS = 300 };
	static const char *const names[] = { "sent" };
	unsigned char bytes[4096];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct pollfd polled = { .fd = keeper, .events = POLLOUT };

	(void)state;
	examples[MESSAGE_LEG].put(&out);
	for (int i = 0; i < LEGS; i++)
		while (!packet_send(keeper, bytes, out.size, -1))
			assert_int_equal(poll(&polled, 1, PATIENCE), 1);
	assert_int_equal(poll(&polled, 1, PATIENCE), 1);
	hand_out(12, names, 1);
	assert_int_equal(await_receipt(12, 0).fate, PW_SENT);
	stop(SECOND);
	assert_int_equal(await_end(), 0);
}

static void
ends_at_nonsense_of_the_keeper(void **state)
{
	static const enum message_kind kinds[] = { MESSAGE_LEG, MESSAGE_NOTICE, MESSAGE_RECEIPT };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		unsigned char bytes[4096];
		struct wire_out out = wire_over(bytes, sizeof bytes);
		bool is_for_it = kinds[i] != MESSAGE_RECEIPT;

		if (i > 0)
			bear(state);
		examples[kinds[i]].put(&out);
		assert_true(packet_send(keeper, bytes, out.size - is_for_it, -1));
		await_line(LOG_ERR, "malformed message from the keeper");
		assert_int_equal(await_end(), BROKEN);
		if (i + 1 < sizeof kinds / sizeof *kinds)
			bury(state);
	}
}

/* It is the same program: one of both is not what it should be. */
static void
ends_at_nonsense_of_the_parent(void **state)
{
	static const struct {
		enum message_kind kind;
		size_t cut;
		bool passed;
	} words[] = {
		{ MESSAGE_LINK, 0, true },   /* of another duty */
		{ MESSAGE_LINK, 0, false },
		{ MESSAGE_LINK, 1, true },
		{ MESSAGE_STOP, 1, false },
		{ MESSAGE_STOP, 1, true },
		{ MESSAGE_READY, 0, false },
		{ 0, 0, false }, /* it is gone */
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		unsigned char bytes[256];
		struct wire_out out = wire_over(bytes, sizeof bytes);

		if (i > 0)
			bear(state);
		if (words[i].kind != 0) {
			examples[words[i].kind].put(&out);
			assert_true(packet_send(parent, bytes, out.size - words[i].cut, words[i].passed ? STDIN_FILENO : -1));
		} else
			shutdown(parent, SHUT_RDWR);
		int status = await_end();
		if (status != BROKEN)
			fail_msg("word %zu: %d", i, status);
		if (i + 1 < sizeof words / sizeof *words)
			bury(state);
	}
}

static void
says_why_it_cannot_begin(void **state)
{
	(void)state;
	begin(FAULTY);
	await_line(LOG_ERR, "faulty cannot begin: it is broken");
	assert_int_equal(await_end(), CANNOT_BEGIN);
	bury(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_for_each_recipient, bear, bury),
		cmocka_unit_test_setup_teardown(logs_what_its_plugin_says, bear, bury),
		cmocka_unit_test_setup_teardown(delivers_before_it_ends, bear, bury),
		cmocka_unit_test_setup_teardown(ends_when_its_time_is_over, bear, bury),
		cmocka_unit_test_setup_teardown(goes_on_with_the_next_keeper, bear, bury),
		cmocka_unit_test_setup_teardown(leaves_out_what_finds_no_room, bear, bury),
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_keeper, bear, bury),
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_parent, bear, bury),
		cmocka_unit_test(says_why_it_cannot_begin),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
