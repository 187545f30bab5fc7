/*
 * Few speak to us, one request each: a fixed number of places, and who finds none is sent away. The socket's path may be
 * longer than an address holds, so it is named by its folder's descriptor.
 */
#include "monitor/control.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { PLACES = 16, WORDS_MAX = 16, REQUEST_MAX = 4096, LINE_ROOM = 4096 };
enum { STATUS_BUSY = 75, STATUS_USAGE = 64 };

/* Whom we speak with; what it asked for goes on where it has left. */
struct place {
	ev_io io;            /* fd -1: nobody */
	bool taken, waiting; /* for a run */
	uint32_t target;
	int64_t due;         /* when that target was due, had nobody asked; 0: as now */
	struct control *control;
};

struct control {
	struct ev_loop *loop;
	struct monitor *monitor;
	ev_io listener;
	struct place places[PLACES];
};

static void
hang_up(struct place *place)
{
	if (place->io.fd >= 0) {
		ev_io_stop(place->control->loop, &place->io);
		close(place->io.fd);
	}
	ev_io_set(&place->io, -1, EV_READ);
	place->taken = place->waiting;
}

static void
say(struct place *place, char kind, const char *line)
{
	char packet[LINE_ROOM + 1];
	int size = snprintf(packet, sizeof packet, "%c%s", kind, line);

	if (place->io.fd >= 0)
		(void)!send(place->io.fd, packet, size < (int)sizeof packet ? (size_t)size : sizeof packet - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
end(struct place *place, int status)
{
	char number[8];

	snprintf(number, sizeof number, "%d", status);
	say(place, 'x', number);
	hang_up(place);
}

static void
refuse(struct place *place, int status, const char *what)
{
	say(place, 'e', what);
	end(place, status);
}

/* By its name, its identity, or its host and port. */
static uint32_t
find_target(const struct config *config, const char *word)
{
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct target *target = &config->targets[i];
		const char *probe = target->policy->probe->descriptor->name;
		char ends[600];

		if (strcmp(target->name, word) == 0)
			return i;
		snprintf(ends, sizeof ends, "%s://%s:%u", probe, target->host, target->port);
		if (strcmp(ends, word) == 0 || strcmp(ends + strlen(probe) + 3, word) == 0)
			return i;
	}
	return CONFIG_NONE;
}

/* Whether the run goes on, or was begun; a run that was not due is none of a series. */
static bool
begin_run(struct place *place)
{
	struct monitor *monitor = place->control->monitor;
	struct watched *watched = &monitor->targets[place->target];

	if (watched->run != 0)
		return true;
	if (!monitor->begun || monitor->stopping || (watched->state.flags & TARGET_QUARANTINED) != 0
	    || monitor->probers[watch_prober(monitor, place->target)].fd < 0)
		return false;
	if (watched->due > monitor->now + 2 * TICK) {
		place->due = watched->due;
		watched->flags |= WATCHED_BY_HAND;
	}
	watched->full = 0;
	watch_plan(monitor, place->target, monitor->now);
	monitor_flush(monitor, false);
	if (watched->run != 0)
		return true;
	watched->flags &= (uint8_t)~WATCHED_BY_HAND;
	if (place->due != 0)
		watch_plan(monitor, place->target, place->due);
	return false;
}

static void
probe_now(struct place *place, char **words, size_t count)
{
	if (count != 1) {
		refuse(place, STATUS_USAGE, "probe-now takes one target");
		return;
	}
	place->target = find_target(place->control->monitor->config, words[0]);
	place->due = 0;
	if (place->target == CONFIG_NONE)
		refuse(place, STATUS_USAGE, "no such target is watched: `postwatch status` lists them");
	else if (!begin_run(place))
		refuse(place, STATUS_BUSY, "it cannot be run now: it is quarantined, or we begin or end");
	else
		place->waiting = true;
}

static const struct verb {
	const char *name;
	void (*run)(struct place *, char **words, size_t count);
} verbs[] = {
	{ "probe-now", probe_now },
};

static void
obey(struct place *place, char **words, size_t count)
{
	if (count < 2 || strcmp(words[0], "postwatch/1") != 0) {
		refuse(place, STATUS_USAGE, "the running postwatch is of another version");
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, words[1]) == 0) {
			verbs[i].run(place, words + 2, count - 2);
			return;
		}
	refuse(place, STATUS_USAGE, "the running postwatch does not know that command");
}

static void
on_request(EV_P_ ev_io *io, int events)
{
	struct place *place = io->data;
	char packet[REQUEST_MAX], *words[WORDS_MAX];
	ssize_t size = recv(io->fd, packet, sizeof packet, MSG_DONTWAIT);
	size_t count = 0;

	(void)EV_A, (void)events;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (place->control->monitor->now < clock_mono())
		place->control->monitor->now = clock_mono();
	/* Its second packet is nothing that we asked for; none at all is its farewell. */
	if (size <= 0 || place->waiting || packet[size - 1] != '\0') {
		hang_up(place);
		return;
	}
	for (char *word = packet; word < packet + size && count < WORDS_MAX; word += strlen(word) + 1)
		words[count++] = word;
	obey(place, words, count);
}

static bool
may_speak(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void
on_caller(EV_P_ ev_io *io, int events)
{
	struct control *control = io->data;
	int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	for (size_t i = 0; fd >= 0 && i < PLACES && may_speak(fd); i++) {
		struct place *place = &control->places[i];
		if (place->taken)
			continue;
		place->taken = true;
		ev_io_set(&place->io, fd, EV_READ);
		ev_io_start(EV_A_ &place->io);
		return;
	}
	if (fd >= 0)
		close(fd);
}

void
control_learnt(struct control *control, const struct report *report)
{
	const struct config *config = control->monitor->config;
	struct watched *watched = &control->monitor->targets[report->target];
	char line[LINE_ROOM];
	struct text text = TEXT_OVER(line);

	text_format(&text, "%s: %s", config->targets[report->target].name, verdict_name((enum pw_verdict)report->verdict));
	if (report->verdict != PW_OK)
		text_format(&text, " (%s)", report->outcome);
	if (report->text.size > 0)
		text_add(&text, ": ");
	text_add_shown(&text, report->text);
	text_format(&text, "; it is %s", state_name((enum state)watched->state.state));
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &control->places[i];
		static const int of_verdict[] = { [PW_OK] = 0, [PW_DEGRADED] = 1, [PW_BLOCKED] = 1, [PW_FAILED] = 2,
			[PW_UNKNOWN] = 3 };

		if (!place->waiting || place->target != report->target)
			continue;
		place->waiting = false;
		say(place, 'o', line);
		if (place->due > control->monitor->now && watched->run == 0)
			watch_plan(control->monitor, report->target, place->due);
		end(place, of_verdict[report->verdict]);
	}
}

static int
listen_in(const char *folder, struct reason *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", at);
	if (at >= 0)
		unlinkat(at, "control", 0);
	mode_t mask = umask(0177);
	if (at < 0 || fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, PLACES) != 0) {
		reason_set(why, "%s/control: %s", folder, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(mask);
	if (at >= 0)
		close(at);
	return fd;
}

struct control *
control_create(struct ev_loop *loop, struct monitor *monitor, struct reason *why)
{
	struct control *control = calloc(1, sizeof *control);
	int fd = control == NULL ? -1 : listen_in(monitor->config->state, why);

	if (fd < 0) {
		free(control);
		return NULL;
	}
	*control = (struct control){ .loop = loop, .monitor = monitor };
	for (size_t i = 0; i < PLACES; i++) {
		ev_io_init(&control->places[i].io, on_request, -1, EV_READ);
		control->places[i].io.data = &control->places[i];
		control->places[i].control = control;
	}
	ev_io_init(&control->listener, on_caller, fd, EV_READ);
	control->listener.data = control;
	ev_io_start(loop, &control->listener);
	return control;
}

void
control_destroy(struct control **control)
{
	if (*control == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++) {
		(*control)->places[i].waiting = false;
		hang_up(&(*control)->places[i]);
	}
	ev_io_stop((*control)->loop, &(*control)->listener);
	close((*control)->listener.fd);
	free(*control);
	*control = NULL;
}
