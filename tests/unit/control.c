/* The control socket of a monitor on its stage: who asks, what is answered, and what a run by hand counts for. */
#include "control_stage.h"

#include <sys/wait.h>

#include "base/own_processes.h"
#include "monitor/control_verbs.h"

static void
a_run_by_hand_is_no_attempt(void **state)
{
	struct theatre *stage = *state;
	struct watched *watched = &stage->scene->monitor->watch.targets[0];
	int64_t due = watched->due;

	stage->scene->scripts[0] = "r.";
	assert_true(due > stage->scene->monitor->watch.now + SECOND);
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_true(watched->run != 0);
	assert_hears(stage, "(nothing)");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "oa: failed (refused): connection refused; it is up");
	assert_hears(stage, "x2");
	assert_hears(stage, "");
	assert_int_equal(watched->state.state, STATE_UP);
	assert_true(watched->due == due && watched->run == 0);
	assert_int_equal(watched->by_hand, 0);
}

static void
a_run_that_was_due_counts(void **state)
{
	struct theatre *stage = *state;
	struct watched *watched = &stage->scene->monitor->watch.targets[0];

	stage->scene->scripts[0] = "r";
	watched->due = stage->scene->monitor->watch.now + TICK;
	CALL(stage, "postwatch/1\0probe-now\0stage://a:25");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "oa: failed (refused): connection refused; it is suspect");
	assert_hears(stage, "x2");
	assert_int_equal(watched->state.state, STATE_SUSPECT);
}

static void
one_who_leaves_is_forgotten(void **state)
{
	struct theatre *stage = *state;
	struct watched *watched = &stage->scene->monitor->watch.targets[1];
	int64_t due = watched->due;

	for (int i = 0; i < 40; i++)
		CALL(stage, "postwatch/1\0probe-now\0b");
	close(stage->client);
	stage->client = -1;
	turn(stage);
	scene_run(stage->scene, SECOND);
	assert_true(watched->due == due && watched->run == 0);
	CALL(stage, "postwatch/1\0probe-now\0b:25");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "ob: ok; it is up");
	assert_hears(stage, "x0");
}

static void
answer(struct theatre *stage, uint64_t number, char kind, int status, const char *text)
{
	unsigned char packet[256];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_answer(&out, &(struct message_answer){ number, kind, (uint8_t)status, { text, strlen(text) } });
	assert_true(keeper_messages_take(stage->scene->monitor, packet, out.size));
}

static void
what_is_the_keepers_is_passed_on(void **state)
{
	struct theatre *stage = *state;
	struct message_ask ask;
	const char *me = getuid() == 0 ? "root" : NULL;

	CALL(stage, "postwatch/1\0pause\0b:25\0" "2h\0new disk");
	assert_true(hears_ask(stage, &ask));
	assert_string_equal(ask.verb, "pause");
	assert_int_equal(ask.target, 1);
	assert_int_equal(ask.word_count, 3);
	assert_memory_equal(ask.words[2].data, "new disk", 8);
	if (me != NULL)
		assert_string_equal(ask.who, me);
	assert_hears(stage, "(nothing)");
	answer(stage, ask.number + 1, 'x', 0, "");
	assert_hears(stage, "(nothing)");
	answer(stage, ask.number, 'o', 0, "b is paused");
	answer(stage, ask.number, 'x', 0, "");
	assert_hears(stage, "ob is paused");
	assert_hears(stage, "x0");
	answer(stage, ask.number, 'o', 0, "and again");
	assert_hears(stage, "");
}

static void
a_quarantine_ends_by_resume(void **state)
{
	struct theatre *stage = *state;
	unsigned char packet[64];
	struct message_ask ask;
	uint32_t target = 0;

	scene_hush(stage->scene);
	stage->scene->monitor->watch.targets[1].state.quarantined = true;
	CALL(stage, "postwatch/1\0resume\0b");
	ssize_t size = packet_read(stage->scene->parent, packet, sizeof packet, NULL);
	assert_true(size > 0);
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_release(&in, &target, 2));
	assert_int_equal(target, 1);
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.released, 1);
	CALL(stage, "postwatch/1\0resume\0a");
	assert_int_equal(packet_read(stage->scene->parent, packet, sizeof packet, NULL), -1);
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.released, 0);
}

static void
a_keeper_that_is_not_there_is_not_waited_for(void **state)
{
	struct theatre *stage = *state;
	struct message_ask ask;

	CALL(stage, "postwatch/1\0ack\0" "1\0why");
	assert_true(hears_ask(stage, &ask));
	keeper_messages_lost(stage->scene->monitor);
	assert_hears(stage, "ethe keeper ended before it answered: whether it was done is not known");
	assert_hears(stage, "x75");
	CALL(stage, "postwatch/1\0ack\0" "1\0why");
	assert_hears(stage, "ethe keeper cannot be asked now, so nothing was done: it begins, ends, or does not keep up");
	assert_hears(stage, "x75");
}

static void
a_keeper_that_is_slow_is_waited_for_ten_seconds(void **state)
{
	struct theatre *stage = *state;
	struct message_ask ask;

	CALL(stage, "postwatch/1\0ack\0" "1\0why");
	assert_true(hears_ask(stage, &ask));
	scene_run(stage->scene, 9 * SECOND);
	assert_hears(stage, "(nothing)");
	scene_run(stage->scene, 2 * SECOND);
	assert_hears(stage, "ethe keeper has not answered in time: whether it was done is not known");
	assert_hears(stage, "x75");
	answer(stage, ask.number, 'x', 0, ""); /* too late, and nobody's */
	assert_hears(stage, "");
}

static void
two_who_ask_get_their_own_answers(void **state)
{
	struct theatre *stage = *state;
	struct message_ask first, second;
	int client;

	CALL(stage, "postwatch/1\0ack\0" "1\0why");
	client = stage->client;
	stage->client = -1;
	assert_true(hears_ask(stage, &first));
	CALL(stage, "postwatch/1\0ack\0" "2\0why");
	assert_true(hears_ask(stage, &second));
	assert_true(first.number != second.number);
	answer(stage, second.number, 'x', 1, "");
	answer(stage, first.number, 'x', 0, "");
	assert_hears(stage, "x1");
	close(stage->client);
	stage->client = client;
	assert_hears(stage, "x0");
}

static void
who_finds_no_place_is_told(void **state)
{
	struct theatre *stage = *state;
	struct message_ask ask;
	int clients[16];

	for (int i = 0; i < CONTROL_PLACES; i++) {
		CALL(stage, "postwatch/1\0ack\0" "1\0why");
		assert_true(hears_ask(stage, &ask));
		clients[i] = stage->client;
		stage->client = -1;
	}
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_hears(stage, "etoo many ask for something at once: try again");
	assert_hears(stage, "x75");
	scene_run(stage->scene, 11 * SECOND); /* those who waited have been told that there is no answer */
	CALL(stage, "postwatch/1\0probe-now\0a");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "oa: ok; it is up");
	for (int i = 0; i < CONTROL_PLACES; i++)
		close(clients[i]);
}

static void
who_asks_for_nothing_holds_no_place(void **state)
{
	struct theatre *stage = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int idle[16];

	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", stage->folder);
	for (int i = 0; i < CONTROL_PLACES; i++) {
		idle[i] = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		assert_int_equal(connect(idle[i], (struct sockaddr *)&address, sizeof address), 0);
		turn(stage);
	}
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_hears(stage, "etoo many ask for something at once: try again");
	scene_run(stage->scene, 12 * SECOND);
	CALL(stage, "postwatch/1\0probe-now\0a");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "oa: ok; it is up");
	for (int i = 0; i < CONTROL_PLACES; i++)
		close(idle[i]);
}

static void
a_run_that_is_lost_is_not_waited_for(void **state)
{
	struct theatre *stage = *state;

	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_hears(stage, "(nothing)");
	orders_release(stage->scene->monitor->orders, 0);
	control_tick(stage->control);
	assert_hears(stage, "ethe run was lost with its prober, so nothing was seen");
	assert_hears(stage, "x75");
}

static void
it_is_ours_alone(void **state)
{
	struct theatre *stage = *state;
	struct stat status;
	char path[128];

	snprintf(path, sizeof path, "%s/control", stage->folder);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
}

/* A program that a probe runs is of the daemon's user, and no process that the daemon knows; but it may open nothing of the state
 * folder. */
static void
who_cannot_read_the_state_folder_is_refused(void **state)
{
	static const struct {
		const char *name;
		int flags;
	} shown[] = { { "none", O_RDONLY }, { ".", O_RDONLY }, { "lock", O_PATH }, { "control", O_PATH } };
	static const char words[] = "postwatch/1\0resume\0b";
	struct theatre *stage = *state;

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		dial(stage);
		send_with(stage, shown[i].name, shown[i].flags, words, sizeof words);
		assert_hears(stage, "ewho asks has to be able to read the file `lock` of the state folder");
		assert_hears(stage, "x77");
	}
}

/* A process that is one of the daemon's own is refused, whatever its user; any other of that user is answered. */
static void
our_own_processes_are_refused(void **state)
{
	struct theatre *stage = *state;
	struct own_processes *processes = own_processes_create(2);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const char words[] = "postwatch/1\0reload";

	assert_non_null(processes);
	assert_false(own_processes_knows(processes, 0)); /* one of the host, where we are in a container */
	stage->scene->monitor->watch.duty->processes = processes;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", stage->folder);
	for (int own = 0; own < 2; own++) {
		int status, heard[2];
		pid_t child;
		char byte;

		assert_int_equal(pipe(heard), 0);
		child = fork();
		if (child == 0) {
			char answer[64];
			int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

			if (own)
				own_processes_join(processes, 1);
			if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || send(fd, words, sizeof words, MSG_NOSIGNAL) < 0)
				_exit(2);
			(void)!write(heard[1], "c", 1);
			/* The keeper of the stage is not there: it is told so. Who is refused hears nothing. */
			_exit(recv(fd, answer, sizeof answer, 0) > 0);
		}
		assert_int_equal(read(heard[0], &byte, 1), 1);
		turn(stage);
		turn(stage);
		/* What the parent would be asked is answered here. */
		for (size_t i = 0; i < CONTROL_PLACES; i++)
			if (stage->control->places[i].taken)
				control_refuse(&stage->control->places[i], CONTROL_BUSY, "heard");
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, own ? 0 : 1 << 8);
		close(heard[0]);
		close(heard[1]);
	}
	assert_true(stage->control->refused > 0);
	stage->scene->monitor->watch.duty->processes = NULL;
	own_processes_leave(&processes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_by_hand_is_no_attempt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_was_due_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_who_leaves_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_the_keepers_is_passed_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_quarantine_ends_by_resume, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_keeper_that_is_not_there_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_keeper_that_is_slow_is_waited_for_ten_seconds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_who_ask_get_their_own_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_finds_no_place_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_asks_for_nothing_holds_no_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_is_lost_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_ours_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_cannot_read_the_state_folder_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_own_processes_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
