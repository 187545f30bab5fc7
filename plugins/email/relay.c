/*
 * For the worker, the process of the e-mail notifier that has no network: runs libesmtp, the SMTP
 * client, on a socket pair whose other end the gate has, the process that talks to the relay. The
 * result for each recipient is the gate's answer, not libesmtp's.
 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libesmtp.h>

enum {
	SECOND = 1000000,
	DESCRIPTORS_MAX = 64,            /* of this process, among which libesmtp's socket is looked for */
	DEFAULT_DEADLINE = 120 * SECOND, /* where the host tells none */
	MARGIN_MAX = 5 * SECOND          /* between the end of the gate's attempt and the deadline */
};

/* System calls that fail with EPERM, whatever their arguments or with the argument named. */
static const int refused[] = { SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept),
    SCMP_SYS(accept4), SCMP_SYS(sendmmsg),
	SCMP_SYS(io_uring_setup), SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
	    SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev) };
static const struct {
	int call;
	struct scmp_arg_cmp argument;
} refused_with[] = {
	{ SCMP_SYS(socket), { .arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_INET } },
	{ SCMP_SYS(socket), { .arg = 1, .op = SCMP_CMP_NE, .datum_a = SOCK_STREAM } },
	{ SCMP_SYS(socket), { .arg = 2, .op = SCMP_CMP_GT, .datum_a = IPPROTO_TCP } },
	/* A destination address, or TCP Fast Open, which connects while it sends. */
	{ SCMP_SYS(sendto), { .arg = 4, .op = SCMP_CMP_NE, .datum_a = 0 } },
	{ SCMP_SYS(sendto), { .arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = MSG_FASTOPEN,
	    .datum_b = MSG_FASTOPEN } },
	{ SCMP_SYS(sendmsg), { .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = MSG_FASTOPEN,
	    .datum_b = MSG_FASTOPEN } },
};

/* connect(2) returns 0 and does nothing: libesmtp makes a socket and connects it before the first
 * event. */
static bool
add_rules(scmp_filter_ctx filter)
{
	bool done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(connect), 0) == 0;

	for (size_t i = 0; done && i < sizeof refused / sizeof *refused; i++)
		done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0) == 0;
	for (size_t i = 0; done && i < sizeof refused_with / sizeof *refused_with; i++)
		done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused_with[i].call, 1,
		    refused_with[i].argument) == 0;
	return done;
}

bool
relay_open(struct relay *relay, int gate, char *why, size_t why_size)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool done = filter != NULL && add_rules(filter) && seccomp_load(filter) == 0;

	if (filter != NULL)
		seccomp_release(filter);
	if (!done)
		snprintf(why, why_size, "the filter of system calls cannot be set up");
	relay->gate = gate;
	relay->end = -1;
	return done;
}

/* Puts the socket pair in place of libesmtp's connection. libesmtp does not show its descriptor;
 * it is the only AF_INET socket of this process. */
static void
on_event(smtp_session_t session, int event, void *memory, ...)
{
	struct relay *relay = memory;

	(void)session;
	for (int fd = 3, family; event == SMTP_EV_CONNECT && relay->end >= 0
	    && fd < DESCRIPTORS_MAX; fd++) {
		socklen_t size = sizeof family;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family != AF_INET)
			continue;
		(void)dup3(relay->end, fd, O_CLOEXEC);
		close(relay->end);
		relay->end = -1;
	}
}

struct reading {
	const struct mail *mail;
	bool given;
};

/* Gives libesmtp the whole mail in one piece. libesmtp takes an errno other than 0 for a failed
 * read. */
static const char *
on_wanted(void **context, int *size, void *memory)
{
	struct reading *reading = memory;

	(void)context;
	errno = 0;
	if (size == NULL) {
		reading->given = false;
		return NULL;
	}
	*size = reading->given ? 0 : (int)reading->mail->size;
	reading->given = true;
	return reading->mail->bytes;
}

static void
fail_all(uint32_t count, struct pw_result *results, bool doubtful, const char *words)
{
	for (uint32_t i = 0; i < count; i++) {
		results[i].fate = PW_AGAIN;
		results[i].channel = true;
		results[i].doubtful = doubtful;
		snprintf(results[i].receipt, sizeof results[i].receipt, "%s", words);
	}
}

/* Runs the SMTP session of libesmtp to its end. Returns false where memory is short. */
static bool
write_dialogue(struct relay *relay, smtp_session_t session, struct reading *reading)
{
	const struct gate_ask *ask = &relay->ask;
	smtp_message_t message = smtp_add_message(session);

	if (message == NULL || !smtp_set_hostname(session, "worker")
	    || !smtp_set_server(session, "127.0.0.1:25")
	    || !smtp_set_messagecb(message, on_wanted, reading)
	    || !smtp_set_reverse_path(message, ask->sender[0] == '\0' ? NULL : ask->sender))
		return false;
	for (uint32_t i = 0; i < ask->count; i++)
		if (smtp_add_recipient(message, ask->recipients[i]) == NULL)
			return false;
	smtp_set_eventcb(session, on_event, relay);
	(void)smtp_start_session(session);
	return true;
}

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

static void
fill_ask(struct relay *relay, const struct pw_notice *notice, const char *sender,
    const struct pw_recipients *recipients)
{
	struct gate_ask *ask = &relay->ask;
	int64_t deadline = notice->deadline > 0 ? notice->deadline : DEFAULT_DEADLINE;
	int64_t margin = deadline / 8 < MARGIN_MAX ? deadline / 8 : MARGIN_MAX;

	memset(ask, 0, sizeof *ask);
	ask->number = ++relay->number;
	ask->until = now() + deadline - margin;
	ask->count = recipients->count;
	snprintf(ask->helo, sizeof ask->helo, "%s", notice->helo == NULL ? "" : notice->helo);
	snprintf(ask->sender, sizeof ask->sender, "%s", sender);
	for (uint32_t i = 0; i < recipients->count; i++)
		snprintf(ask->recipients[i], sizeof ask->recipients[i], "%s", recipients->names[i]);
}

/* Sends the request to the gate, with one end of a new socket pair; keeps the other end for
 * libesmtp. */
static bool
put_ask(struct relay *relay)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { &relay->ask, sizeof relay->ask };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
	    .msg_controllen = sizeof control };
	int ends[2];
	bool done;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof ends[0]),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &ends[0], sizeof ends[0]);
	done = sendmsg(relay->gate, &message, MSG_NOSIGNAL) >= 0;
	close(ends[0]);
	relay->end = ends[1];
	return done;
}

/* Waits for the gate's answer to the last request. Returns false where none comes until `until`. */
static bool
take_answer(struct relay *relay, int64_t until)
{
	for (;;) {
		struct pollfd polled = { .fd = relay->gate, .events = POLLIN };
		int64_t left = until - now();
		ssize_t size;

		if (left < 0 || (poll(&polled, 1, (int)(left / 1000 + 1)) < 0 && errno != EINTR))
			return false;
		if (polled.revents == 0)
			continue;
		size = recv(relay->gate, &relay->answer, sizeof relay->answer, 0);
		if (size <= 0)
			return false;
		if (size == sizeof relay->answer && relay->answer.number == relay->number)
			return true;
	}
}

static void
take_fates(const struct gate_answer *answer, const struct pw_notice *notice, uint32_t count,
    struct pw_result *results)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct gate_fate *fate = &answer->fates[i];
		struct pw_result *result = &results[i];

		result->fate = fate->fate;
		result->channel = fate->channel != 0;
		result->doubtful = fate->doubtful != 0;
		snprintf(result->receipt, sizeof result->receipt, "%.*s",
		    (int)sizeof result->receipt - 1, fate->words);
		if (notice->receipts != NULL)
			memcpy(notice->receipts[i], fate->words, sizeof fate->words);
	}
	if (answer->note[0] != '\0' && notice->log != NULL) {
		char line[GATE_NOTE_MAX + 64];

		snprintf(line, sizeof line, "mail went in clear, since TLS failed: %.*s",
		    GATE_NOTE_MAX - 1, answer->note);
		notice->log(notice->log_to, line);
	}
}

void
relay_send(struct relay *relay, const struct mail *mail, const struct pw_notice *notice,
    const char *sender,
    const struct pw_recipients *recipients, struct pw_result *results)
{
	smtp_session_t session = smtp_create_session();
	struct reading reading = { mail, false };
	bool done = session != NULL && recipients->count <= GATE_RECIPIENTS_MAX;

	if (done) {
		fill_ask(relay, notice, sender, recipients);
		done = put_ask(relay) && write_dialogue(relay, session, &reading);
	}
	if (relay->end >= 0)
		close(relay->end);
	relay->end = -1;
	if (!done)
		fail_all(recipients->count, results, false, "no memory for a session");
	else if (take_answer(relay, relay->ask.until + SECOND))
		take_fates(&relay->answer, notice, recipients->count, results);
	else
		fail_all(recipients->count, results, true,
		    "the gate did not answer: the relay may have taken the mail");
	if (session != NULL)
		smtp_destroy_session(session);
}
