/* The prober's process at words that are malformed or come at the wrong time, and where it cannot begin. */
#include "prober_process.h"

#include <sys/resource.h>

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

/* A monitor that is gone is waited for, and what it ordered is forgotten with it. */
static void
waits_for_the_next_monitor(void **state)
{
	struct report report;

	(void)state;
	order(3, 1, 0, 2, 200 * MILLISECOND);
	await(parent, MESSAGE_ALIVE);
	close(monitor);
	await(parent, MESSAGE_ALIVE);
	await(parent, MESSAGE_ALIVE);
	link_monitor();
	order(4, 1, 0, 2, 0);
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));
	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, 4);
	assert_int_equal(stop(SECOND), 0);
}

/* Confined as it is, it may bind to the address that a target's connections come from. */
static void
connects_from_a_source(void **state)
{
	static struct target targets[3];
	static struct config other;
	static struct policy policy;
	const struct config *before = config;

	assert_int_equal(config->target_count, 3);
	memcpy(targets, config->targets, sizeof targets);
	policy = *targets[1].policy;
	assert_true(address_parse("127.0.0.7", 0, &policy.source4));
	policy.has_source4 = true;
	targets[1].policy = &policy;
	other = *config;
	other.targets = targets;
	config = &other;
	bear(state);
	config = before;
	order(5, 1, 0, 2, 0);
	assert_reported(5, "refused");
	assert_int_equal(stop(SECOND), 0);
	bury(state);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ends_at_nonsense_of_the_parent, bear, bury),
		cmocka_unit_test_setup_teardown(hears_of_accounts, bear, bury),
		cmocka_unit_test_setup_teardown(hangs_up_at_nonsense_of_the_monitor, bear, bury),
		cmocka_unit_test_setup_teardown(takes_no_orders_while_it_ends, bear, bury),
		cmocka_unit_test_setup_teardown(waits_for_the_next_monitor, bear, bury),
		cmocka_unit_test(connects_from_a_source),
		cmocka_unit_test(cannot_begin_without_descriptors),
	};

	return cmocka_run_group_tests(tests, read_config, NULL);
}
