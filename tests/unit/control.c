/* The control socket of a monitor on its stage: who asks, what is answered, and what a run by hand counts for. */
#include "monitor_scene.h"

#include <ev.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "monitor/control.h"

struct theatre {
	struct scene *scene;
	struct ev_loop *loop;
	struct control *control;
	char folder[64];
	int client;
};

static void
turn(struct theatre *stage)
{
	for (int i = 0; i < 3; i++)
		ev_run(stage->loop, EVRUN_NOWAIT);
}

static void
call(struct theatre *stage, const char *words, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (stage->client >= 0)
		close(stage->client);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", stage->folder);
	stage->client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(stage->client, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(send(stage->client, words, size, 0), size);
	turn(stage);
}
#define CALL(stage, words) call((stage), words, sizeof words)

static void
assert_hears(struct theatre *stage, const char *packet)
{
	char bytes[4096];
	ssize_t size = recv(stage->client, bytes, sizeof bytes - 1, 0);

	bytes[size < 0 ? 0 : size] = '\0';
	assert_string_equal(size < 0 ? "(nothing)" : bytes, packet);
}

static int
set_up(void **state)
{
	struct theatre *stage = calloc(1, sizeof *stage);
	struct reason why = { "" };

	snprintf(stage->folder, sizeof stage->folder, "/tmp/postwatch-control-XXXXXX");
	assert_non_null(mkdtemp(stage->folder));
	stage->client = -1;
	stage->loop = ev_loop_new(EVBACKEND_EPOLL);
	stage->scene = scene_create(2);
	stage->scene->config.state = stage->folder;
	scene_bear(stage->scene, clock_mono());
	stage->control = stage->scene->monitor->control = control_create(stage->loop, stage->scene->monitor, &why);
	if (stage->control == NULL)
		fail_msg("%s", why.text);
	scene_run(stage->scene, 2 * MINUTE + 5 * SECOND);
	assert_int_equal(stage->scene->monitor->targets[0].state.state, STATE_UP);
	*state = stage;
	return 0;
}

static int
tear_down(void **state)
{
	struct theatre *stage = *state;
	char path[128];

	snprintf(path, sizeof path, "%s/control", stage->folder);
	control_destroy(&stage->control);
	scene_destroy(&stage->scene);
	ev_loop_destroy(stage->loop);
	close(stage->client);
	unlink(path);
	rmdir(stage->folder);
	free(stage);
	return 0;
}

static void
a_run_by_hand_is_no_attempt(void **state)
{
	struct theatre *stage = *state;
	struct watched *watched = &stage->scene->monitor->targets[0];
	int64_t due = watched->due;

	stage->scene->scripts[0] = "r.";
	assert_true(due > stage->scene->monitor->now + SECOND);
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_true(watched->run != 0);
	assert_hears(stage, "(nothing)");
	scene_run(stage->scene, SECOND);
	assert_hears(stage, "oa: failed (refused): connection refused; it is up");
	assert_hears(stage, "x2");
	assert_hears(stage, "");
	assert_int_equal(watched->state.state, STATE_UP);
	assert_true(watched->due == due && watched->run == 0);
	assert_int_equal(watched->flags & WATCHED_BY_HAND, 0);
}

static void
a_run_that_was_due_counts(void **state)
{
	struct theatre *stage = *state;
	struct watched *watched = &stage->scene->monitor->targets[0];

	stage->scene->scripts[0] = "r";
	watched->due = stage->scene->monitor->now + TICK;
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
	struct watched *watched = &stage->scene->monitor->targets[1];
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
what_is_wrong_is_said(void **state)
{
	struct theatre *stage = *state;

	CALL(stage, "postwatch/1\0probe-now\0nobody");
	assert_hears(stage, "eno such target is watched: `postwatch status` lists them");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/1\0sing");
	assert_hears(stage, "ethe running postwatch does not know that command");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/9\0probe-now\0a");
	assert_hears(stage, "ethe running postwatch is of another version");
	assert_hears(stage, "x64");
	call(stage, "postwatch/1\0probe-now\0a", 10);
	assert_hears(stage, "");
	stage->scene->monitor->targets[0].state.flags |= TARGET_QUARANTINED;
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_hears(stage, "eit cannot be run now: it is quarantined, or we begin or end");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_by_hand_is_no_attempt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_was_due_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_who_leaves_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_ours_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
