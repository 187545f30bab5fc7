/*
 * Packets between the two processes of the e-mail notifier, of which either may be broken into. The first byte says to
 * whom: to the gate, which answers each request once and takes nothing that is none; or to the worker, whose results are
 * whole whatever comes. The rest is put over a packet as it is right, from a place that the next two bytes say.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../plugins/email/relay.h"
#include "../../plugins/email/settings.h"
#include "descriptors.h"

enum { TO_WORKER = 1, SHORT = 2, NO_SOCKET = 4, IN_ORDER = 8, ATTEMPT = 1000000 /* microseconds */ };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int connect(int fd, const struct sockaddr *to, socklen_t size);

/* As in the worker, whose filter lets libesmtp reach nobody. */
int
connect(int fd, const struct sockaddr *to, socklen_t size)
{
	(void)fd, (void)to, (void)size;
	errno = ECONNREFUSED;
	return -1;
}

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

/* The relay has no address, so a session ends where it begins. */
static uint32_t
look_up_nothing(const struct pw_gate_host *host, const char *name, int64_t limit, struct sockaddr_storage *found, uint32_t max,
    char *why, size_t why_size)
{
	(void)host, (void)name, (void)limit, (void)found, (void)max;
	snprintf(why, why_size, "NXDOMAIN");
	return 0;
}

static const struct pw_gate_host host = { sizeof host, look_up_nothing };

static size_t
row_of(const char *key)
{
	size_t row = 0;

	while (settings_table[row].key != NULL && (key == NULL || strcmp(settings_table[row].key, key) != 0))
		row++;
	assert(key == NULL || settings_table[row].key != NULL);
	return row;
}

static void *
open_gate(void)
{
	static const char *const people[] = { "o@example.org" };
	static const struct pw_strings to = { 1, people };
	size_t rows = row_of(NULL);
	struct pw_values *values = calloc(1, sizeof *values + rows * sizeof values->items[0]);
	void *gate = calloc(1, gate_ops.memory_size);
	char why[256];

	assert(values != NULL && gate != NULL);
	values->count = (uint32_t)rows;
	values->items[row_of("relay")].string = "relay.example.org:25";
	values->items[row_of("tls")].number = TLS_NONE;
	values->items[row_of("tls")].given = true;
	values->items[row_of("from")].string = "w@example.org";
	values->items[row_of("to")].list = &to;
	assert(gate_ops.open(gate, values, why, sizeof why));
	free(values);
	return gate;
}

/* Puts the bytes over the packet, round and round where they are fewer than it has. */
static void
put_over(void *packet, size_t room, const uint8_t *data, size_t size)
{
	size_t from = size < 2 ? 0 : ((size_t)data[0] << 8 | data[1]) % room;

	for (size_t i = 2; i < size; i++)
		((unsigned char *)packet)[(from + i - 2) % room] = data[i];
}

static void
send_ask(int worker, const struct gate_ask *ask, uint8_t how)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)ask, (how & SHORT) != 0 ? sizeof *ask / 2 : sizeof *ask };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int ends[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof ends[0]), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &ends[0], sizeof ends[0]);
	if ((how & NO_SOCKET) != 0)
		message.msg_control = NULL, message.msg_controllen = 0;
	assert(sendmsg(worker, &message, MSG_NOSIGNAL) > 0);
	close(ends[0]);
	close(ends[1]);
}

static void
be_asked(uint8_t how, const uint8_t *data, size_t size)
{
	static struct gate_ask ask;
	static struct gate_answer answer;
	void *gate = open_gate();
	int worker[2];
	ssize_t got;

	ask = (struct gate_ask){ .number = 7, .until = now() + ATTEMPT, .helo = "watch.test", .sender = "w@example.org", .count = 2,
		.recipients = { "one@b.test", "two@b.test" } };
	put_over(&ask, sizeof ask, data, size);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, worker) == 0);
	send_ask(worker[0], &ask, how);
	shutdown(worker[0], SHUT_WR);
	gate_ops.serve(gate, worker[1], &host);
	got = recv(worker[0], &answer, sizeof answer, MSG_DONTWAIT);
	assert(got < 0 || (got == sizeof answer && answer.number == ask.number && (how & (SHORT | NO_SOCKET)) == 0));
	for (uint32_t i = 0; got > 0 && i < ask.count; i++)
		assert(answer.fates[i].fate == PW_AGAIN && memchr(answer.fates[i].words, '\0', sizeof answer.fates[i].words) != NULL);
	gate_ops.close(gate);
	free(gate);
	close(worker[0]);
	close(worker[1]);
}

static void
log_line(void *log_to, const char *line)
{
	*(size_t *)log_to += strlen(line);
}

static void
be_answered(uint8_t how, const uint8_t *data, size_t size)
{
	static struct gate_answer answer;
	static struct relay relay;
	static char receipts[GATE_RECIPIENTS_MAX][PW_RECEIPT_MAX + 1];
	struct pw_result results[GATE_RECIPIENTS_MAX] = { 0 };
	const struct pw_recipients recipients = { 2, (const char *const[]){ "one@b.test", "two@b.test" } };
	struct mail mail = { .bytes = (char *)"Subject: x\r\n\r\nx\r\n", .size = 17 };
	size_t logged = 0;
	struct pw_notice notice = { .size = sizeof notice, .deadline = ATTEMPT, .receipts = (how & IN_ORDER) != 0 ? NULL : receipts,
		.log = log_line, .log_to = &logged };
	int ends[2];

	answer = (struct gate_answer){ .number = 1, .fates = { { .fate = PW_SENT, .words = "250 ok" } } };
	put_over(&answer, sizeof answer, data, size);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	relay = (struct relay){ .gate = ends[0], .end = -1 };
	assert(send(ends[1], &answer, (how & SHORT) != 0 ? sizeof answer / 2 : sizeof answer, MSG_NOSIGNAL) > 0);
	shutdown(ends[1], SHUT_WR);
	relay_send(&relay, &mail, &notice, "w@example.org", &recipients, results);
	for (uint32_t i = 0; i < recipients.count; i++) {
		assert(memchr(results[i].receipt, '\0', sizeof results[i].receipt) != NULL);
		assert((how & SHORT) == 0 || (results[i].fate == PW_AGAIN && results[i].doubtful));
	}
	close(ends[0]);
	close(ends[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool has_run;
	int before = descriptors_lowest();

	if (size == 0)
		return 0;
	if ((data[0] & TO_WORKER) != 0)
		be_answered(data[0], data + 1, size - 1);
	else
		be_asked(data[0], data + 1, size - 1);
	/* The first run may have opened what a library keeps. */
	assert(!has_run || descriptors_lowest() == before);
	has_run = true;
	return 0;
}
