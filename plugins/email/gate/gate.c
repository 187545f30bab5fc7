/*
 * The gate, the process of the e-mail notifier that talks to the relay. Settings, CA file and
 * secret are read once, at its start; then it serves one session after the other.
 */
#include "gate.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

struct gate {
	struct settings settings;
	struct tls tls;
	struct auth auth;
	struct session session;
};

static bool
open_gate(void *memory, const struct pw_values *values, char *why, size_t why_size)
{
	struct gate *gate = memory;

	if (!settings_take(&gate->settings, values, why, why_size))
		return false;
	if (gate->settings.tls != TLS_NONE && !tls_open(&gate->tls, &gate->settings, why, why_size))
		return false;
	gate->session.way.settings = &gate->settings;
	gate->session.way.tls = &gate->tls;
	gate->session.way.auth = &gate->auth;
	return auth_open(&gate->auth, &gate->settings, why, why_size);
}

enum { ATTEMPT_MAX = 86400 }; /* seconds: more than any host gives to a delivery */

/* Whether it is a request as our own worker makes it. A worker that was broken into may send any
 * bytes, and all of these go into commands to the relay. */
static bool
is_sound(const struct gate_ask *ask, int64_t now)
{
	bool sound = ask->count <= GATE_RECIPIENTS_MAX
	    && memchr(ask->helo, '\0', sizeof ask->helo) != NULL
	    && memchr(ask->sender, '\0', sizeof ask->sender) != NULL
	    && (ask->sender[0] == '\0' || mailbox_is_address(ask->sender))
	    && ask->until >= 0 && ask->until <= now + ATTEMPT_MAX * INT64_C(1000000);

	for (size_t i = 0; sound && ask->helo[i] != '\0'; i++)
		sound = ask->helo[i] > ' ' && ask->helo[i] <= '~';
	for (uint32_t i = 0; sound && i < ask->count; i++)
		sound = memchr(ask->recipients[i], '\0', sizeof ask->recipients[i]) != NULL
		    && mailbox_is_address(ask->recipients[i]);
	return sound;
}

/* Receives a request and the descriptor with it; `*library` is -1 for a packet that is no
 * request. Returns false when the worker has ended, or this process has no descriptor left for the
 * one that was sent: it would never answer. */
static bool
take(int worker, struct gate_ask *ask, int *library)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { ask, sizeof *ask };
	/* CMSG_LEN() and not CMSG_SPACE(), whose padding would take a second descriptor that
	 * nobody closes. */
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
	    .msg_controllen = CMSG_LEN(sizeof(int)) };
	const struct cmsghdr *passed;
	ssize_t size;

	*library = -1;
	do
		size = recvmsg(worker, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size <= 0)
		return false;
	passed = CMSG_FIRSTHDR(&message);
	/* Nothing else was asked for, nor is there room for more. */
	assert(passed == NULL || (passed->cmsg_level == SOL_SOCKET && passed->cmsg_type == SCM_RIGHTS
	    && passed->cmsg_len == CMSG_LEN(sizeof *library)));
	if (passed != NULL)
		memcpy(library, CMSG_DATA(passed), sizeof *library);
	if (*library >= 0 && (size != sizeof *ask || !is_sound(ask, wire_now()))) {
		close(*library);
		*library = -1;
	}
	return *library >= 0 || (message.msg_flags & MSG_CTRUNC) == 0;
}

static void
serve(void *memory, int worker, const struct pw_gate_host *host)
{
	struct gate *gate = memory;
	int library;

	gate->session.way.host = host;
	gate->session.worker = worker;
	while (take(worker, &gate->session.ask, &library)) {
		if (library >= 0)
			session_run(&gate->session, library);
	}
}

static void
needs(void *memory, struct pw_needs *needs)
{
	const struct gate *gate = memory;

	needs->ports[needs->port_count++] = (uint16_t)strtoul(gate->settings.port, NULL, 10);
}

static void
close_gate(void *memory)
{
	struct gate *gate = memory;

	auth_close(&gate->auth);
	tls_close(&gate->tls);
}

const struct pw_gate_ops gate_ops = {
	.size = sizeof gate_ops,
	.memory_size = sizeof(struct gate),
	.open = open_gate,
	.serve = serve,
	.close = close_gate,
	.needs = needs,
};
