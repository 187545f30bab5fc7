/* The control socket of a monitor on its stage, and one who asks there. */
#ifndef TESTS_CONTROL_STAGE_H
#define TESTS_CONTROL_STAGE_H

#include "monitor_scene.h"

#include <ev.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "monitor/control.h"
#include "scratch.h"

struct theatre {
	struct scene *scene;
	struct ev_loop *loop;
	struct control *control;
	char folder[SCRATCH_PATH];
	int client;
};

static void
turn(struct theatre *stage)
{
	for (int i = 0; i < 3; i++)
		ev_run(stage->loop, EVRUN_NOWAIT);
}

/* As packet_send(), with the descriptor that shows that we may ask; `name`: of that file. */
static void
send_with(struct theatre *stage, const char *name, int flags, const char *words, size_t size)
{
	char path[SCRATCH_PATH + 16];
	int shown;

	snprintf(path, sizeof path, "%s/%s", stage->folder, name);
	shown = open(path, flags | O_CLOEXEC);
	assert_true(packet_send(stage->client, words, size, shown));
	if (shown >= 0)
		close(shown);
	turn(stage);
}

static void
dial(struct theatre *stage)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (stage->client >= 0)
		close(stage->client);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", stage->folder);
	stage->client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(stage->client, (struct sockaddr *)&address, sizeof address), 0);
}

static void
call(struct theatre *stage, const char *words, size_t size)
{
	dial(stage);
	send_with(stage, "lock", O_RDONLY, words, size);
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

	scratch_make(stage->folder, "control", false);
	stage->client = -1;
	stage->loop = ev_loop_new(EVBACKEND_EPOLL);
	stage->scene = scene_create(2);
	stage->scene->config.state = stage->folder;
	/* A third of a minute behind the grid, so that no run is due just when it is asked for. */
	scene_bear(stage->scene, clock_mono() / MINUTE * MINUTE + MINUTE / 3);
	stage->control = stage->scene->monitor->control = control_create(stage->loop, stage->scene->monitor, &why);
	if (stage->control == NULL)
		fail_msg("%s", why.text);
	scene_run(stage->scene, 2 * MINUTE + 5 * SECOND);
	assert_int_equal(stage->scene->monitor->watch.targets[0].state.state, STATE_UP);
	*state = stage;
	return 0;
}

static int
tear_down(void **state)
{
	struct theatre *stage = *state;

	control_destroy(&stage->control);
	scene_destroy(&stage->scene);
	ev_loop_destroy(stage->loop);
	close(stage->client);
	scratch_remove(stage->folder);
	free(stage);
	return 0;
}

/* What the keeper is asked; false: nothing. */
static bool
hears_ask(struct theatre *stage, struct message_ask *ask)
{
	static unsigned char packet[WIRE_MAX];
	ssize_t size;

	while ((size = packet_read(stage->scene->keeper, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		if (message_kind(packet, (size_t)size) == MESSAGE_ASK)
			return message_get_ask(&in, ask, 2);
	}
	return false;
}

#endif
