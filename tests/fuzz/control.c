/*
 * Whatever somebody says at the control socket, and whatever a keeper says to the monitor meanwhile: each request has one
 * last word or still waits, what is passed on can be read by the keeper, and nobody else's place is lost. The input is
 * packets, each behind two bytes of length, of which the first's upper bit gives it to the keeper's link.
 */
#include <ev.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/text.h"
#include "monitor.h"
#include "monitor/control_verbs.h"

enum { CLIENTS_MAX = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void
forget_folder(void)
{
	char path[sizeof folder + 16];

	snprintf(path, sizeof path, "%s/control", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/lock", folder);
	unlink(path);
	rmdir(folder);
}

static void
make_folder(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/control-XXXXXX", base != NULL && strlen(base) < 40 ? base : "/tmp");
	assert(mkdtemp(folder) != NULL);
	atexit(forget_folder);
}

static int
call(struct ev_loop *loop, const uint8_t *words, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char path[sizeof folder + 16];

	snprintf(path, sizeof path, "%s/lock", folder);
	int lock = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", folder);
	assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	assert(lock >= 0);
	(void)packet_send(fd, words, size, lock);
	close(lock);
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
	return fd;
}

/* Lines, and at most one status behind them; each is text that a terminal can be given. */
static void
hear(int fd)
{
	char packet[ANSWER_LINE_MAX + 1];
	bool ended = false;
	ssize_t size;

	while ((size = recv(fd, packet, sizeof packet, 0)) > 0) {
		assert(!ended && (packet[0] == 'o' || packet[0] == 'e' || packet[0] == 'x'));
		ended = packet[0] == 'x';
		for (size_t at = 1, whole; at < (size_t)size; at += whole)
			assert((whole = text_printable(packet + at, (size_t)size - at)) > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ev_loop *loop;
	int clients[CLIENTS_MAX], count = 0;
	struct monitor *monitor;
	struct reason why;

	if (loop == NULL) {
		loop = ev_loop_new(EVBACKEND_EPOLL);
		make_folder();
	}
	config.state = folder;
	monitor = begin();
	monitor->control = control_create(loop, monitor, &why);
	assert(monitor->control != NULL);
	while (size > 2 && count < CLIENTS_MAX) {
		bool by_keeper = (data[0] & 0x80) != 0;
		size_t packet = (size_t)(data[0] & 0x7f) << 8 | data[1];

		packet = packet < size - 2 ? packet : size - 2;
		if (packet > 0 && by_keeper && !keeper_messages_take(monitor, data + 2, packet))
			break;
		if (packet > 0 && !by_keeper)
			clients[count++] = call(loop, data + 2, packet);
		be_told(monitor);
		data += 2 + packet;
		size -= 2 + packet;
	}
	monitor->watch.now += 3600 * (int64_t)SECOND;
	control_tick(monitor->control);
	control_keeper_lost(monitor->control);
	for (int i = 0; i < count; i++) {
		hear(clients[i]);
		close(clients[i]);
	}
	control_destroy(&monitor->control);
	end(monitor);
	return 0;
}
