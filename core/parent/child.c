/*
 * For the parent: handles a single child process: its socket, the packets to it, and how it is
 * killed. No function here waits: a child that does not read has its packets queued, and is killed
 * when it has been silent for too long.
 */
#include "parent/child.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_ROOM = 1024 * 1024 };

void
child_init(struct child *child, enum duty_kind kind, uint32_t index)
{
	*child = (struct child){ .kind = kind, .index = index, .socket = -1 };
	if (kind == DUTY_PROBER || kind == DUTY_NOTIFIER)
		snprintf(child->name, sizeof child->name, "%s %u", duty_name(kind), index);
	else
		snprintf(child->name, sizeof child->name, "%s", duty_name(kind));
}

/*
 * A notifier that cannot begin (a secret that is missing) is no reason to be without the others; a
 * prober for targets kept apart is there now and then.
 */
bool
child_is_needed(const struct child *child)
{
	return child->kind != DUTY_NOTIFIER && child->kind != DUTY_WEB && !child->apart;
}

bool
child_lives(const struct child *child)
{
	return child->pid > 0;
}

/*
 * Packets keep their bounds, so a message that is malformed spoils no other. The buffers are as
 * large as the host allows.
 */
bool
child_socket_pair(int ends[2], struct reason *why)
{
	static const int room = SOCKET_ROOM;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
		reason_set(why, "no sockets: %s", strerror(errno));
		return false;
	}
	for (int i = 0; i < 2; i++) {
		/* Up to what the host allows. */
		(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	}
	return true;
}

/*
 * A packet that is lost would leave parent and child with different ideas of each other: without
 * memory the parent ends, and systemd starts all anew.
 */
void
child_send(struct child *child, const void *bytes, size_t size, int passed)
{
	if (!child_lives(child) || child->socket < 0) {
		if (passed >= 0)
			close(passed);
		return;
	}
	if (!packet_queue_add(&child->packets, bytes, size, passed))
		abort();
	(void)packet_queue_flush(&child->packets, child->socket);
}

void
child_stop(struct child *child, int64_t grace, int64_t patience)
{
	const struct message_stop stop = { grace, patience };

	CHILD_TELL(child, message_put_stop, &stop);
}

void
child_hang_up(struct child *child)
{
	if (child->socket >= 0)
		close(child->socket);
	child->socket = -1;
	packet_queue_clear(&child->packets);
}

/*
 * The first reason is the true one: a child that is killed for silence is killed again at the end
 * of all.
 */
void
child_kill(struct child *child, const char *why, ...)
{
	va_list arguments;

	if (!child_lives(child))
		return;
	va_start(arguments, why);
	if (child->killed[0] == '\0')
		(void)vsnprintf(child->killed, sizeof child->killed, why, arguments);
	va_end(arguments);
	assert(child->pid != child->gate);
	kill(child->pid, SIGKILL);
	child_kill_gate(child);
}

void
child_kill_gate(const struct child *child)
{
	if (child->gate > 0)
		kill(child->gate, SIGKILL);
}
