/*
 * Serves the control socket of the daemon, on which commands such as `postwatch ack` send requests:
 * takes the requests and sends the answers. What they ask for is carried out by control_verbs.c.
 *
 * Few clients speak to us, one request each: there is a fixed number of places, and a client that
 * finds none is sent away. The socket's path may be longer than an address holds, so it is named by
 * its folder's descriptor.
 */
#include "monitor/control_verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/folder.h"
#include "base/own_processes.h"

enum { WORDS_MAX = 16, REQUEST_MAX = 4096, LINE_ROOM = ANSWER_LINE_MAX };
static const int64_t to_be_asked = 10 * (int64_t)SECOND;

static void
hang_up(struct place *place)
{
	if (place->io.fd >= 0) {
		ev_io_stop(place->control->loop, &place->io);
		close(place->io.fd);
	}
	ev_io_set(&place->io, -1, EV_READ);
	place->taken = place->waits != WAITS_FOR_NOTHING;
}

void
control_say(struct place *place, char kind, const char *line)
{
	char packet[LINE_ROOM + 1];
	int size = snprintf(packet, sizeof packet, "%c%s", kind, line);

	if (place->io.fd >= 0)
		(void)!send(place->io.fd, packet,
		    size < (int)sizeof packet ? (size_t)size : sizeof packet - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
control_end(struct place *place, int status)
{
	char number[8];

	snprintf(number, sizeof number, "%d", status);
	control_say(place, 'x', number);
	place->waits = WAITS_FOR_NOTHING;
	hang_up(place);
}

void
control_refuse(struct place *place, int status, const char *what)
{
	control_say(place, 'e', what);
	control_end(place, status);
}

/* A descriptor that only names the file (O_PATH) is had by whoever knows its path. */
static bool
is_lock(const struct control *control, int fd)
{
	struct stat status;
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_PATH) == 0 && fstat(fd, &status) == 0
	    && status.st_dev == control->device && status.st_ino == control->file;
}

static void
on_request(EV_P_ ev_io *io, int events)
{
	struct place *place = io->data;
	char packet[REQUEST_MAX], *words[WORDS_MAX];
	int shown;
	ssize_t size = packet_read(io->fd, packet, sizeof packet, &shown);
	bool may_ask = is_lock(place->control, shown);
	size_t count = 0;

	(void)EV_A, (void)events;
	if (shown >= 0)
		close(shown);
	if (size < 0)
		return;
	if (place->control->monitor->watch.now < clock_mono())
		place->control->monitor->watch.now = clock_mono();
	/* Its second packet is nothing that we asked for; none at all is its farewell. */
	if (size <= 0 || place->waits != WAITS_FOR_NOTHING || packet[size - 1] != '\0') {
		hang_up(place);
		return;
	}
	for (char *word = packet; word < packet + size
	    && count < WORDS_MAX; word += strlen(word) + 1)
		words[count++] = word;
	if (may_ask)
		control_verbs_obey(place, words, count);
	else
		control_refuse(place, CONTROL_DENIED,
		    "who asks has to be able to read the file `lock` of the state folder");
}

/* The name of who calls; NULL: it may not. */
static const char *
name_caller(struct control *control, int fd)
{
	struct duty *duty = control->monitor->watch.duty;
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return NULL;
	if (duty->processes != NULL && own_processes_knows(duty->processes, peer.pid)) {
		/* A process that was broken into calls again and again. */
		if (control->refused != peer.pid)
			duty_log(duty, LOG_ERR, 0,
			    "process %d of our own has called the control socket, which none of "
			    "them does: it was refused", (int)peer.pid);
		control->refused = peer.pid;
		return NULL;
	}
	return peer.uid == 0 ? "root" : peer.uid == geteuid() ? control->own_name : NULL;
}

static void
on_caller(EV_P_ ev_io *io, int events)
{
	struct control *control = io->data;
	int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const char *who = fd < 0 ? NULL : name_caller(control, fd);
	struct place busy = { .control = control };
	char packet[REQUEST_MAX];

	(void)events;
	for (size_t i = 0; who != NULL && i < CONTROL_PLACES; i++) {
		struct place *place = &control->places[i];
		if (place->taken)
			continue;
		place->taken = true;
		place->who = who;
		place->until = control->monitor->watch.now + to_be_asked;
		ev_io_set(&place->io, fd, EV_READ);
		ev_io_start(EV_A_ &place->io);
		return;
	}
	if (who != NULL) { /* all places are taken */
		/* What it has asked already is read, or it would hear of nothing but a reset. */
		(void)!recv(fd, packet, sizeof packet, MSG_DONTWAIT);
		ev_io_init(&busy.io, on_request, fd, EV_READ);
		control_refuse(&busy, CONTROL_BUSY, "too many ask for something at once: try again");
	} else if (fd >= 0)
		close(fd);
}

/* Whoever asked for a run hears of the next one that is judged, also where it had been ordered
 * before. */
void
control_learnt(struct control *control, const struct report *report)
{
	const struct config *config = control->monitor->watch.config;
	struct watched *watched = &control->monitor->watch.targets[report->target];
	struct text line = TEXT_ROOM(LINE_ROOM);

	text_format(&line, "%s: %s", config->targets[report->target].name,
	    verdict_name((enum pw_verdict)report->verdict));
	if (report->verdict != PW_OK)
		text_format(&line, " (%s)", report->outcome);
	if (report->text.size > 0)
		text_add(&line, ": ");
	text_add_shown(&line, report->text);
	text_format(&line, "; it is %s", state_name((enum state)watched->state.state));
	for (size_t i = 0; i < CONTROL_PLACES; i++) {
		struct place *place = &control->places[i];
		static const int of_verdict[] = { [PW_OK] = 0, [PW_DEGRADED] = 1, [PW_BLOCKED] = 1,
			[PW_FAILED] = 2, [PW_UNKNOWN] = 3 };

		if (place->waits != WAITS_FOR_RUN || place->target != report->target)
			continue;
		control_say(place, 'o', line.bytes);
		if (place->due > control->monitor->watch.now && watched->run == 0)
			orders_plan(control->monitor->orders, report->target, place->due);
		control_end(place, of_verdict[report->verdict]);
	}
}

/* Numbers are not given twice, so an answer for somebody who has left meets nobody. */
void
control_answered(struct control *control, const struct message_answer *answer)
{
	struct text line = TEXT_ROOM(ANSWER_LINE_MAX);

	text_add_shown(&line, answer->text);
	for (size_t i = 0; i < CONTROL_PLACES; i++) {
		struct place *place = &control->places[i];

		if ((place->waits != WAITS_FOR_KEEPER && place->waits != WAITS_FOR_PARENT)
		    || place->ask != answer->number)
			continue;
		if (answer->kind == 'x')
			control_end(place, answer->status);
		else
			control_say(place, answer->kind, line.bytes);
	}
}

void
control_keeper_lost(struct control *control)
{
	for (size_t i = 0; i < CONTROL_PLACES; i++)
		if (control->places[i].waits == WAITS_FOR_KEEPER)
			control_refuse(&control->places[i], CONTROL_BUSY,
			    "the keeper ended before it answered: whether it was done is not "
			    "known");
}

void
control_tick(struct control *control)
{
	for (size_t i = 0; i < CONTROL_PLACES; i++) {
		struct place *place = &control->places[i];
		bool late = control->monitor->watch.now >= place->until;

		if (place->taken && place->waits == WAITS_FOR_NOTHING && late)
			hang_up(place); /* it asks for nothing */
		else if (place->waits == WAITS_FOR_KEEPER && late)
			control_refuse(place, CONTROL_BUSY,
			    "the keeper has not answered in time: whether it was done is not "
			    "known");
		else if (place->waits == WAITS_FOR_RUN
		    && control->monitor->watch.targets[place->target].run == 0)
			control_refuse(place, CONTROL_BUSY,
			    "the run was lost with its prober, so nothing was seen");
	}
}

/* The old socket goes first: bind(2) fails on a name that exists. The mask gives 0600 from the
 * first moment on. */
static int
listen_at(int at, const char *folder, struct reason *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", at);
	unlinkat(at, "control", 0);
	mode_t mask = umask(0177);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0
	    || listen(fd, CONTROL_PLACES) != 0) {
		reason_set(why, "%s/control: %s", folder, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}

/* The parent has made it; it is never replaced. */
static bool
find_lock(struct control *control, int at, const char *folder, struct reason *why)
{
	int fd = openat(at, "lock", O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat status;
	bool found = fd >= 0 && fstat(fd, &status) == 0;

	if (found) {
		control->device = status.st_dev;
		control->file = status.st_ino;
	} else
		reason_set(why, "%s/lock: %s", folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	return found;
}

struct control *
control_create(struct ev_loop *loop, struct monitor *monitor, struct reason *why)
{
	const char *folder = monitor->watch.config->state;
	const struct passwd *user = getpwuid(geteuid()); /* now files may still be opened */
	struct control *control = calloc(1, sizeof *control);
	int at = control == NULL ? -1 : folder_open(folder, FOLDER_LINKS, why);
	int fd = at < 0 || !find_lock(control, at, folder, why) ? -1 : listen_at(at, folder, why);

	if (at >= 0)
		close(at);
	if (fd < 0) {
		free(control);
		return NULL;
	}
	control->loop = loop;
	control->monitor = monitor;
	struct text own = TEXT_OVER(control->own_name); /* besides root nobody else may ask */
	if (user != NULL)
		text_escape(&own, text_view(user->pw_name));
	else
		text_format(&own, "uid %u", (unsigned)geteuid());
	for (size_t i = 0; i < CONTROL_PLACES; i++) {
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
	for (size_t i = 0; i < CONTROL_PLACES; i++) {
		(*control)->places[i].waits = WAITS_FOR_NOTHING;
		hang_up(&(*control)->places[i]);
	}
	ev_io_stop((*control)->loop, &(*control)->listener);
	close((*control)->listener.fd);
	free(*control);
	*control = NULL;
}
