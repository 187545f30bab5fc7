/* The prober's process, born as the parent bears it, with the test at the other ends of its sockets. */
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "config/read.h"

enum { PATIENCE = 20 * 1000 }; /* ms until something that must come is missed */

static const struct config *config;
static pid_t child;
static int parent, monitor; /* our ends */
static int held;            /* the third target's port: not listened on, until a test does */
static struct duty_page *page;
static unsigned char packet[WIRE_MAX];

/* A port that nobody listens on, and that nobody else gets: bound, and never listened on. */
static int
take_port(uint16_t *port)
{
	struct address any;
	socklen_t size = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(address_parse("127.0.0.1", 0, &any));
	assert_int_equal(bind(fd, &any.any, address_length(&any)), 0);
	assert_int_equal(getsockname(fd, &any.any, &size), 0);
	*port = address_port(&any);
	return fd;
}

static int
read_config(void **state)
{
	static struct config_faults faults;
	char folder[4096], path[] = "/tmp/pw-worker-XXXXXX", bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	int fd = mkstemp(path);
	uint16_t port, held_port;

	(void)state;
	assert_true(size > 0 && fd >= 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	take_port(&port);
	held = take_port(&held_port);
	dprintf(fd, "helo = \"watch.example.net\"; state = \"/nonexistent\"; references = [ \"127.0.0.1:%u\" ];\n"
	            "targets = ( { name = \"one\"; host = \"127.0.0.1\"; port = %u; probe = \"banner\"; },\n"
	            "  { name = \"two\"; host = \"127.0.0.1\"; port = %u; },\n"
	            "  { name = \"held\"; host = \"127.0.0.1\"; port = %u; probe = \"banner\"; } );\n", port, port, port, held_port);
	close(fd);
	config = config_read(&(struct config_source){ .path = path, .plugin_dir = folder }, &faults);
	unlink(path);
	config_print_faults(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return 0;
}

static void
live(int socket)
{
	struct duty duty = { .kind = DUTY_PROBER, .index = 0, .parent = socket, .config = config, .page = page };

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	_exit(prober_main(&duty));
}

static bool
next_packet(int socket, size_t *size)
{
	struct pollfd polled = { .fd = socket, .events = POLLIN };

	if (poll(&polled, 1, PATIENCE) != 1)
		return false;
	ssize_t got = packet_read(socket, packet, sizeof packet, NULL);
	*size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Reads until a packet of that kind comes. */
static size_t
await(int socket, enum message_kind kind)
{
	size_t size = 0;

	do {
		if (!next_packet(socket, &size))
			fail_msg("no packet of kind %d", kind);
		if (message_kind(packet, size) == MESSAGE_LOG)
			print_message("# %.*s\n", (int)size, packet + 1);
	} while (message_kind(packet, size) != kind);
	return size;
}

static void
link_monitor(void)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	message_put_link(&out, &(struct message_link){ DUTY_MONITOR, 0 });
	assert_true(packet_send(parent, bytes, out.size, ends[1]));
	close(ends[1]);
	monitor = ends[0];
}

static int
bear(void **state)
{
	int ends[2];

	(void)state;
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		live(ends[1]);
	}
	close(ends[1]);
	parent = ends[0];
	await(parent, MESSAGE_READY);
	link_monitor();
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
	close(monitor);
	munmap(page, sizeof *page);
	return 0;
}

static void
order(uint64_t run, uint32_t target, uint8_t flags, uint8_t attempt, int64_t in)
{
	unsigned char bytes[256];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_begin(&out, MESSAGE_ORDERS);
	assert_true(message_add_order(&out, &(struct order){ .run = run, .target = target, .flags = flags,
	    .attempt = attempt, .due = clock_mono() + in }));
	assert_true(packet_send(monitor, bytes, out.size, -1));
}

static void
tell_to_stop(int64_t grace, int64_t patience)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_stop(&out, &(struct message_stop){ grace, patience });
	assert_true(packet_send(parent, bytes, out.size, -1));
}

static int
await_end(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	return status;
}

static int
stop(int64_t grace)
{
	tell_to_stop(grace, grace);
	return await_end();
}

static void
reports_with_evidence_before(void **state)
{
	struct message_evidence evidence;
	struct report report;
	int64_t begun = clock_mono();
	size_t size;

	(void)state;
	order(77, 1, 0, 2, 150 * MILLISECOND);
	size = await(monitor, MESSAGE_EVIDENCE);
	struct wire_in in = wire_from(packet, size);
	assert_true(message_get_evidence(&in, &evidence, config->target_count));
	assert_int_equal(evidence.run, 77);
	assert_int_equal(evidence.target, 1);
	assert_string_equal(evidence.leg.outcome, "refused");
	assert_int_equal(evidence.leg.legs, 1);
	size = await(monitor, MESSAGE_REPORTS);
	in = wire_from(packet, size);
	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, 77);
	assert_int_equal(report.verdict, PW_FAILED);
	assert_true((report.flags & REPORT_FULL) != 0);
	assert_true(report.text.size > 0);
	assert_true(clock_mono() - begun >= 150 * MILLISECOND);
	assert_true(report.late < 10 * (int64_t)SECOND);
	assert_false(message_next_report(&in, &report, config->target_count));
	assert_true(wire_is_whole(&in));
	assert_int_equal(stop(SECOND), 0);
}

/* Each order gets its report, however they come. */
static void
answers_every_order(void **state)
{
	enum { ORDERS = 300 };
	static unsigned char bytes[WIRE_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	bool seen[ORDERS] = { false };
	unsigned answered = 0;
	struct report report;

	(void)state;
	message_begin(&out, MESSAGE_ORDERS);
	for (unsigned i = 0; i < ORDERS; i++)
		assert_true(message_add_order(&out, &(struct order){ .run = i, .target = i % 2, .attempt = 3,
		    .due = clock_mono() + (ORDERS - i) % 40 * MILLISECOND }));
	assert_true(packet_send(monitor, bytes, out.size, -1));
	while (answered < ORDERS) {
		struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));

		while (message_next_report(&in, &report, config->target_count)) {
			assert_true(report.run < ORDERS && !seen[report.run]);
			assert_int_equal(report.target, report.run % 2);
			seen[report.run] = true;
			answered++;
		}
		assert_true(wire_is_whole(&in));
	}
	assert_int_equal(stop(SECOND), 0);
}

static void
await_round(void)
{
	struct message_references references;
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REFERENCES));

	assert_true(message_get_references(&in, &references));
	assert_int_equal(references.asked, 1);
	assert_int_equal(references.reached, 1); /* it refuses: somebody is there */
}

static void
look(void)
{
	unsigned char bytes[8];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_look(&out, false);
	assert_true(packet_send(monitor, bytes, out.size, -1));
}

/* A round whenever the monitor asks for one; what is asked for while one is under way is another. */
static void
looks_after_references(void **state)
{
	(void)state;
	look();
	await_round();
	look();
	look();
	await_round();
	assert_int_equal(stop(SECOND), 0);
}

static void
says_that_it_lives(void **state)
{
	struct message_alive alive;

	(void)state;
	order(1, 0, 0, 2, 0);
	await(monitor, MESSAGE_REPORTS);
	for (int i = 0; i < 3; i++) {
		int64_t begun = clock_mono();
		struct wire_in in = wire_from(packet, await(parent, MESSAGE_ALIVE));

		assert_true(message_get_alive(&in, &alive));
		assert_true(clock_mono() - begun < 10 * (int64_t)SECOND);
	}
	assert_int_equal(alive.done, 1);
	assert_int_equal(atomic_load(&page->in_hand), 0);
	assert_int_equal(atomic_load(&page->run), 1);
	assert_int_equal(stop(SECOND), 0);
}

/* What was ordered over the old link is not answered over the new one. */
static void
forgets_with_its_monitor(void **state)
{
	struct report report;
	struct wire_in in;

	(void)state;
	order(5, 0, 0, 2, 200 * MILLISECOND);
	close(monitor);
	link_monitor();
	order(6, 1, 0, 2, 400 * MILLISECOND);
	in = wire_from(packet, await(monitor, MESSAGE_REPORTS));
	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, 6);
	assert_false(message_next_report(&in, &report, config->target_count));
	assert_int_equal(stop(SECOND), 0);
}

static void
assert_reported(uint64_t run, const char *outcome)
{
	struct report report;
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));

	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, run);
	assert_string_equal(report.outcome, outcome);
}

/* Two runs against a server that does not greet yet: the one that confirms nothing is ended first. */
static void
lets_an_attempt_confirm(void **state)
{
	char bytes[64];
	int first, second;

	(void)state;
	assert_int_equal(listen(held, 5), 0);
	order(7, 2, 0, 1, 0);
	first = accept(held, NULL, NULL);
	order(8, 2, 0, 2, 0);
	second = accept(held, NULL, NULL);
	assert_true(first >= 0 && second >= 0);
	tell_to_stop(100 * MILLISECOND, 60 * (int64_t)SECOND);
	assert_reported(7, "interrupted");
	assert_int_equal(write(second, "220 held.test\r\n", 15), 15);
	assert_int_equal(read(second, bytes, sizeof bytes), 6); /* QUIT */
	assert_int_equal(write(second, "221 bye\r\n", 9), 9);
	assert_reported(8, "ok");
	close(first);
	close(second);
	assert_int_equal(await_end(), 0);
}

static void
blames_who_sends_nonsense(void **state)
{
	(void)state;
	assert_true(packet_send(monitor, "\6nonsense", 9, -1));
	await(parent, MESSAGE_BLAME);
	assert_int_equal(stop(SECOND), 0);
}

/* A packet to the parent's end or the monitor's, `passed`: with a descriptor. */
static void
say(int socket, const void *bytes, size_t size, bool passed)
{
	assert_true(packet_send(socket, bytes, size, passed ? STDIN_FILENO : -1));
}

/* Of each that is taken, the whole but its last byte; and what is not for a prober. The parent is the same program: one of both is
 * not what it should be. */
static void
ends_at_nonsense_of_the_parent(void **state)
{
	unsigned char link[64], stop_word[64], account[512], ready[8];
	struct wire_out out = wire_over(link, sizeof link);
	size_t sizes[4];

	message_put_link(&out, &(struct message_link){ DUTY_MONITOR, 0 });
	sizes[0] = out.size;
	out = wire_over(stop_word, sizeof stop_word);
	message_put_stop(&out, &(struct message_stop){ SECOND, SECOND });
	sizes[1] = out.size;
	out = wire_over(account, sizeof account);
	message_put_account(&out, &(struct message_account){ .target = 1, .account = ACCOUNT_APART, .text = "a prober died with it" });
	sizes[2] = out.size;
	out = wire_over(ready, sizeof ready);
	message_begin(&out, MESSAGE_READY);
	sizes[3] = out.size;
	const struct {
		const unsigned char *bytes;
		size_t size;
		bool passed;
	} words[] = {
		{ link, sizes[0], false }, /* without the link */
		{ link, sizes[0] - 1, true },
		{ stop_word, sizes[1] - 1, false },
		{ stop_word, sizes[1] - 1, true },
		{ account, sizes[2] - 1, false },
		{ ready, sizes[3], false },
		{ ready, sizes[3], true },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (i > 0)
			bear(state);
		say(parent, words[i].bytes, words[i].size, words[i].passed);
		int status = await_end();
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 70)
			fail_msg("word %zu: status %x", i, (unsigned)status);
		if (i + 1 < sizeof words / sizeof *words)
			bury(state);
	}
}

/* What becomes of a target elsewhere changes nothing here. */
static void
hears_of_accounts(void **state)
{
	unsigned char bytes[512];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	message_put_account(&out, &(struct message_account){ .target = 1, .account = ACCOUNT_APART, .text = "a prober died with it" });
	say(parent, bytes, out.size, false);
	order(3, 1, 0, 2, 0);
	await(monitor, MESSAGE_REPORTS);
	assert_int_equal(stop(SECOND), 0);
}

/* The link ends, the parent hears whose fault it is, and the prober goes on with the next link. */
static void
hangs_up_at_nonsense_of_the_monitor(void **state)
{
	unsigned char name[512], look_word[8], orders[256];
	struct wire_out out = wire_over(name, sizeof name);
	struct message_name known = { .target = 0, .public_at = 1, .good_at = 1, .count = 1 };
	size_t sizes[3];

	(void)state;
	assert_true(address_parse("192.0.2.7", 0, &known.addresses[0]));
	message_put_name(&out, &known);
	sizes[0] = out.size;
	say(monitor, name, sizes[0], false); /* it is taken */
	out = wire_over(look_word, sizeof look_word);
	message_put_look(&out, false);
	sizes[1] = out.size;
	out = wire_over(orders, sizeof orders);
	message_begin(&out, MESSAGE_ORDERS);
	assert_true(message_add_order(&out, &(struct order){ .run = 1, .target = 1, .attempt = 2, .due = clock_mono() + 60 * (int64_t)SECOND }));
	sizes[2] = out.size;
	const struct {
		const unsigned char *bytes;
		size_t size;
	} words[] = { { name, sizes[0] - 1 }, { look_word, sizes[1] - 1 }, { orders, sizes[2] - 1 } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct message_blame blame;

		say(monitor, words[i].bytes, words[i].size, false);
		struct wire_in in = wire_from(packet, await(parent, MESSAGE_BLAME));
		assert_true(message_get_blame(&in, &blame));
		assert_int_equal(blame.duty, DUTY_MONITOR);
		close(monitor);
		link_monitor();
	}
	order(9, 1, 0, 2, 0);
	await(monitor, MESSAGE_REPORTS);
	assert_int_equal(stop(SECOND), 0);
}

/* What is ordered while it ends is not begun: it would keep the end waiting. */
static void
takes_no_orders_while_it_ends(void **state)
{
	(void)state;
	assert_int_equal(listen(held, 5), 0);
	order(7, 2, 0, 1, 0);
	int first = accept(held, NULL, NULL);
	assert_true(first >= 0);
	tell_to_stop(3 * (int64_t)SECOND, 3 * (int64_t)SECOND);
	await(parent, MESSAGE_ALIVE); /* it was told */
	await(parent, MESSAGE_ALIVE);
	order(8, 2, 0, 1, 0);
	assert_reported(7, "interrupted");
	assert_int_equal(await_end(), 0);
	assert_int_equal(poll(&(struct pollfd){ .fd = held, .events = POLLIN }, 1, 0), 0); /* it has not come back */
	close(first);
}

/* Without a descriptor for its loop it says why, and does not begin. */
static void
cannot_begin_without_descriptors(void **state)
{
	struct message_log log;
	int ends[2], status;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4, 4 });
		live(ends[1]);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 71);
	struct wire_in in = wire_from(packet, await(ends[0], MESSAGE_LOG));
	assert_true(message_get_log(&in, &log));
	assert_int_equal(log.level, LOG_ERR);
	assert_non_null(memmem(log.text.data, log.text.size, "cannot begin: ", 14));
	close(ends[0]);
}

static void
ends_with_its_parent(void **state)
{
	int status;

	(void)state;
	close(parent);
	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	parent = dup(monitor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reports_with_evidence_before, bear, bury),
		cmocka_unit_test_setup_teardown(answers_every_order, bear, bury),
		cmocka_unit_test_setup_teardown(looks_after_references, bear, bury),
		cmocka_unit_test_setup_teardown(says_that_it_lives, bear, bury),
		cmocka_unit_test_setup_teardown(forgets_with_its_monitor, bear, bury),
		cmocka_unit_test_setup_teardown(lets_an_attempt_confirm, bear, bury),
		cmocka_unit_test_setup_teardown(blames_who_sends_nonsense, bear, bury),
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_parent, bear, bury),
		cmocka_unit_test_setup_teardown(hears_of_accounts, bear, bury),
		cmocka_unit_test_setup_teardown(hangs_up_at_nonsense_of_the_monitor, bear, bury),
		cmocka_unit_test_setup_teardown(takes_no_orders_while_it_ends, bear, bury),
		cmocka_unit_test(cannot_begin_without_descriptors),
		cmocka_unit_test_setup_teardown(ends_with_its_parent, bear, bury),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
