/* What the parent takes from a child, and what it ends the child for: a prober, above all, has no say over others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/limits.h"
#include "base/messages_ask.h"
#include "base/messages_outbox.h"
#include "parent/child_messages.h"
#include "parent/reap.h"
#include "parent/reporter.h"
#include "parent/supervisor.h"

enum { NOW = 1000000 };

static struct log_settings settings = { .to = LOG_TO_SYSLOG, .level = -1, .syslog_path = "/nonexistent" };
static struct config config = { .probers = 1 };
static struct log log_of_test;
static struct tree tree;
static int far_ends[16];

static pid_t
bear_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static int
begin(void **state)
{
	struct times times = times_standard();

	(void)state;
	log_open(&log_of_test, &settings);
	if (!tree_init(&tree, &config, &times, &log_of_test))
		return 1;
	assert_true(tree.count <= sizeof far_ends / sizeof *far_ends);
	for (uint32_t i = 0; i < tree.count; i++) {
		int ends[2];

		if (!child_socket_pair(ends, NULL))
			return 1;
		tree.children[i].socket = ends[0];
		far_ends[i] = ends[1];
		tree.children[i].stage = CHILD_STARTED;
		tree.children[i].pid = bear_sleeper();
	}
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < tree.count; i++) {
		kill(tree.children[i].pid, SIGKILL);
		waitpid(tree.children[i].pid, NULL, 0);
		close(far_ends[i]);
	}
	tree_fini(&tree);
	log_close(&log_of_test, 0);
	return 0;
}

static void
say(uint32_t from, const void *packet, size_t size)
{
	assert_true(packet_send(far_ends[from], packet, size, -1));
	child_messages_read(&tree, &tree.children[from], NOW);
}

static bool
is_killed(uint32_t which)
{
	return tree.children[which].killed[0] != '\0';
}

static void
assert_dies(uint32_t which)
{
	int status;

	assert_true(is_killed(which));
	assert_int_equal(waitpid(tree.children[which].pid, &status, 0), tree.children[which].pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	tree.children[which].pid = bear_sleeper();
}

static void
ready_and_alive_are_taken(void **state)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	say(TREE_PROBERS, (unsigned char[]){ MESSAGE_READY }, 1);
	assert_int_equal(tree.children[TREE_PROBERS].stage, CHILD_READY);
	message_put_alive(&out, &(struct message_alive){ .late_max = 7, .done = 9 });
	say(TREE_PROBERS, packet, out.size);
	assert_int_equal(tree.children[TREE_PROBERS].alive.done, 9);
	assert_int_equal(tree.children[TREE_PROBERS].heard, NOW);
	assert_false(is_killed(TREE_PROBERS));
}

static void
being_ready_twice_is_malformed(void **state)
{
	(void)state;
	say(TREE_MONITOR, (unsigned char[]){ MESSAGE_READY }, 1);
	say(TREE_MONITOR, (unsigned char[]){ MESSAGE_READY }, 1);
	assert_dies(TREE_MONITOR);
}

static void
what_is_malformed_ends_its_sender(void **state)
{
	static const unsigned char bad[][3] = { { MESSAGE_READY, 1, 0 }, { MESSAGE_ALIVE, 1, 2 }, { MESSAGE_LOG, 9, 9 },
		{ MESSAGE_ORDERS, 0, 0 }, { 0, 0, 0 }, { MESSAGE_KINDS, 0, 0 }, { MESSAGE_STOP, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		say(TREE_PROBERS, bad[i], sizeof bad[i]);
		assert_dies(TREE_PROBERS);
		tree.children[TREE_PROBERS].killed[0] = '\0';
	}
	assert_false(is_killed(TREE_MONITOR) || is_killed(TREE_KEEPER));
}

static void
a_line_that_is_more_than_one_is_malformed(void **state)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	message_put_log(&out, &(struct message_log){ LOG_INFO, 0, 0, { "one\ntwo", 7 } });
	say(TREE_PROBERS, packet, out.size);
	assert_dies(TREE_PROBERS);
}

static void
a_line_that_moves_the_cursor_is_malformed(void **state)
{
	static const char *const lines[] = { "c1 \xc2\x9b" "2J", "raw \x9b" "2J", "bidi \xe2\x80\xae", "half \xe2\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		unsigned char packet[64];
		struct wire_out out = wire_over(packet, sizeof packet);

		message_put_log(&out, &(struct message_log){ LOG_INFO, 0, 0, { lines[i], strlen(lines[i]) } });
		say(TREE_PROBERS, packet, out.size);
		assert_dies(TREE_PROBERS);
		tree.children[TREE_PROBERS].killed[0] = '\0';
	}
}

static void
a_flood_of_lines_is_heard_in_part(void **state)
{
	struct child *prober = &tree.children[TREE_PROBERS], *keeper = &tree.children[TREE_KEEPER];
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	message_put_log(&out, &(struct message_log){ LOG_INFO, 0, 0, { "again", 5 } });
	for (int i = 0; i < 1000; i++) {
		say(TREE_PROBERS, packet, out.size);
		say(TREE_KEEPER, packet, out.size);
	}
	assert_int_equal(prober->lines_left_out, 900);
	assert_int_equal(keeper->lines_left_out, 0); /* what it tells must not be lost */
	assert_true(packet_send(far_ends[TREE_PROBERS], packet, out.size, -1));
	child_messages_read(&tree, prober, NOW + 60 * (int64_t)NOW);
	assert_int_equal(prober->lines_left_out, 0);
	assert_false(is_killed(TREE_PROBERS));
}

/* Else it could put its words into the keeper's mouth: "mx.example.org down". */
static void
a_prober_tells_no_event(void **state)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	message_put_log(&out, &(struct message_log){ LOG_ERR, 7, 0, { "mx down", 7 } });
	say(TREE_KEEPER, packet, out.size);
	assert_false(is_killed(TREE_KEEPER));
	say(TREE_PROBERS, packet, out.size);
	assert_dies(TREE_PROBERS);
}

static void
blame(uint32_t from, enum duty_kind duty, uint32_t index)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_blame(&out, &(struct message_blame){ duty, index, { "to me", 5 } });
	say(from, packet, out.size);
}

static void
monitor_and_keeper_may_blame(void **state)
{
	(void)state;
	blame(TREE_MONITOR, DUTY_PROBER, 0);
	assert_dies(TREE_PROBERS);
	assert_string_equal(tree.children[TREE_PROBERS].killed, "malformed message to me");
	blame(TREE_KEEPER, DUTY_MONITOR, 0);
	assert_dies(TREE_MONITOR);
	assert_false(is_killed(TREE_KEEPER));
}

static void
a_prober_may_not(void **state)
{
	(void)state;
	blame(TREE_PROBERS, DUTY_MONITOR, 0);
	assert_false(is_killed(TREE_MONITOR));
	assert_dies(TREE_PROBERS);
}

static void
blame_for_nobody_is_malformed(void **state)
{
	(void)state;
	blame(TREE_MONITOR, DUTY_PROBER, 1 + PROBERS_APART);
	assert_dies(TREE_MONITOR);
	blame(TREE_KEEPER, DUTY_KEEPER, 0);
	assert_dies(TREE_KEEPER);
	assert_false(is_killed(TREE_PROBERS));
}

static void
a_socket_that_ends_is_closed(void **state)
{
	(void)state;
	shutdown(far_ends[TREE_PROBERS], SHUT_RDWR);
	child_messages_read(&tree, &tree.children[TREE_PROBERS], NOW);
	assert_int_equal(tree.children[TREE_PROBERS].socket, -1);
	assert_false(is_killed(TREE_PROBERS));
}

static void
die_with_in_hand(uint32_t which, uint32_t target)
{
	struct child *child = &tree.children[which];

	atomic_store(&child->page->in_hand, target + 1);
	kill(child->pid, SIGTRAP);
	for (pid_t pid = child->pid; child->pid == pid;)
		reap_children(&tree, NOW);
	child->pid = bear_sleeper();
}

static void
a_prober_dies_of_its_own_targets_only(void **state)
{
	static const struct target targets[] = { { .name = "mine" }, { .name = "another's", .host_hash = 1 } };

	(void)state;
	config.targets = targets;
	config.target_count = 2;
	config.probers = 2;
	die_with_in_hand(TREE_PROBERS, 1);
	assert_int_equal(tree.quarantine.count, 0);
	die_with_in_hand(TREE_PROBERS, 0);
	assert_int_equal(tree.quarantine.count, 1);
	config = (struct config){ .probers = 1 };
}

/* By its exit status a death is told from others, and counts as the target's where it is a fault. */
static void
deaths_have_words(void **state)
{
	static const struct target targets[] = { { .name = "mine" } };
	static const struct {
		int status;
		const char *how; /* NULL: nobody's fault */
	} deaths[] = {
		{ LIMIT_STATUS + LIMIT_MEMORY, "at its limit of memory" },
		{ LIMIT_STATUS + LIMIT_DESCRIPTORS, "at its limit of descriptors" },
		{ CALL_FORBIDDEN_STATUS, "of a forbidden system call" },
		{ 70, NULL },
		{ 0, NULL },
	};
	struct child *child = &tree.children[TREE_PROBERS];

	(void)state;
	config.targets = targets;
	config.target_count = 1;
	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
		tree.quarantine.count = 0;
		kill(child->pid, SIGKILL);
		assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
		child->pid = fork();
		if (child->pid == 0)
			_exit(deaths[i].status);
		atomic_store(&child->page->in_hand, 1);
		for (pid_t pid = child->pid; child->pid == pid;)
			reap_children(&tree, NOW);
		assert_int_equal(tree.quarantine.count, deaths[i].how != NULL);
		if (deaths[i].how != NULL)
			assert_string_equal(tree.quarantine.entries[0].last, deaths[i].how);
		child->pid = bear_sleeper();
	}
	config = (struct config){ .probers = 1 };
}

static void
put_target(unsigned char *packet, size_t room, void (*put)(struct wire_out *, uint32_t), uint32_t target, size_t *size)
{
	struct wire_out out = wire_over(packet, room);

	put(&out, target);
	*size = out.size;
}

/* Only the monitor hears whom somebody has resumed, or who is well again; of targets that there are. */
static void
the_monitor_alone_ends_a_quarantine(void **state)
{
	static const struct target targets[] = { { .name = "mine" } };
	void (*const puts[])(struct wire_out *, uint32_t) = { message_put_release, message_put_cleared };
	unsigned char packet[32];
	size_t size;

	(void)state;
	config.targets = targets;
	config.target_count = 1;
	for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
		static const uint32_t others[] = { TREE_KEEPER, TREE_PROBERS };

		(void)quarantine_learn(&tree.quarantine, 0, NOW, "of SIGSEGV");
		if (puts[i] == message_put_release)
			(void)quarantine_learn(&tree.quarantine, 0, NOW, "of SIGSEGV");
		put_target(packet, sizeof packet, puts[i], 0, &size);
		for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
			say(others[j], packet, size);
			assert_dies(others[j]);
			tree.children[others[j]].killed[0] = '\0';
		}
		assert_true(quarantine_is_apart(&tree.quarantine, 0) || tree.quarantine.entries[0].stage == QUARANTINE_HELD);
		say(TREE_MONITOR, packet, size);
		assert_false(is_killed(TREE_MONITOR));
		assert_false(quarantine_is_apart(&tree.quarantine, 0));
		say(TREE_MONITOR, packet, size); /* again: there is nothing to end */
		assert_false(is_killed(TREE_MONITOR));
		put_target(packet, sizeof packet, puts[i], 1, &size); /* there is one target */
		say(TREE_MONITOR, packet, size);
		assert_dies(TREE_MONITOR);
		tree.children[TREE_MONITOR].killed[0] = '\0';
	}
	config = (struct config){ .probers = 1 };
}

/* Where there is nothing to reload by, whoever asked is told so; another than the monitor has nobody who asks. */
static void
a_reload_is_asked_for_by_the_monitor(void **state)
{
	unsigned char packet[32];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_answer answer;

	(void)state;
	message_put_reload(&out, 7);
	say(TREE_KEEPER, packet, out.size);
	assert_dies(TREE_KEEPER);
	say(TREE_MONITOR, packet, out.size - 1);
	assert_dies(TREE_MONITOR);
	tree.children[TREE_MONITOR].killed[0] = '\0';
	say(TREE_MONITOR, packet, out.size);
	assert_false(is_killed(TREE_MONITOR));
	unsigned char got[256];
	ssize_t size = packet_read(far_ends[TREE_MONITOR], got, sizeof got, NULL);
	struct wire_in in = wire_from(got, size < 0 ? 0 : (size_t)size);
	assert_true(size > 0 && message_get_answer(&in, &answer));
	assert_int_equal(answer.number, 7);
	assert_int_equal(answer.kind, 'x');
	assert_true(answer.status != 0);
}

/* What is due and cannot be done must not keep the parent turning. */
static void
nobody_waits_for_what_will_not_be_done(void **state)
{
	struct child *keeper = &tree.children[TREE_KEEPER], *prober = &tree.children[TREE_PROBERS];

	(void)state;
	for (uint32_t i = 0; i < tree.count; i++)
		tree.children[i].heard = NOW;
	tree.stopping = true;
	keeper->stage = CHILD_AWAITED;
	keeper->due = NOW - 1;
	prober->stage = CHILD_READY;
	prober->renewing = true;
	prober->end_by = NOW - 1;
	supervisor_turn(&tree, NOW);
	assert_dies(TREE_PROBERS);
	assert_true(supervisor_next(&tree, NOW) > NOW);
}

/* It has one of its own at a time: one that it waits for no longer makes way. */
static void
a_notifier_asks_for_reports_of_its_own(void **state)
{
	static struct config_notifier notifier = { .name = "mail" };
	static const struct config_report reports[] = { { .notifier = 0 }, { .notifier = 1 } };
	struct child child = { .kind = DUTY_NOTIFIER, .name = "mail", .reporter = bear_sleeper() };
	unsigned char packet[128];
	int status;

	(void)state;
	config.notifiers = &notifier;
	config.reports = reports;
	config.report_count = 2;
	for (uint32_t i = 2; i-- > 0;) {
		struct message_report order = { .report = i, .period = "2026-11" };
		struct wire_out out = wire_over(packet, sizeof packet);

		message_put_report(&out, &order);
		struct wire_in in = wire_from(packet, out.size);
		assert_int_equal(reporter_begin(&tree, &child, &in, STDOUT_FILENO), i == 0);
	}
	assert_int_equal(waitpid(child.reporter, &status, 0), child.reporter);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	config.report_count = 0;
}

int
main(void)
{
#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		WITH_TREE(ready_and_alive_are_taken),
		WITH_TREE(being_ready_twice_is_malformed),
		WITH_TREE(what_is_malformed_ends_its_sender),
		WITH_TREE(a_line_that_is_more_than_one_is_malformed),
		WITH_TREE(a_line_that_moves_the_cursor_is_malformed),
		WITH_TREE(a_flood_of_lines_is_heard_in_part),
		WITH_TREE(a_prober_tells_no_event),
		WITH_TREE(monitor_and_keeper_may_blame),
		WITH_TREE(a_prober_may_not),
		WITH_TREE(blame_for_nobody_is_malformed),
		WITH_TREE(a_socket_that_ends_is_closed),
		WITH_TREE(a_prober_dies_of_its_own_targets_only),
		WITH_TREE(deaths_have_words),
		WITH_TREE(the_monitor_alone_ends_a_quarantine),
		WITH_TREE(a_reload_is_asked_for_by_the_monitor),
		WITH_TREE(nobody_waits_for_what_will_not_be_done),
		WITH_TREE(a_notifier_asks_for_reports_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
