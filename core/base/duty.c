/*
 * The child process's side of the process tree: its socket to the parent, packets between
 * processes, its log lines. Nothing here waits: a packet that finds no room is not sent, and the
 * sender decides what follows from that.
 */
#include "base/duty.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/text.h"

/* Room for the descriptors of a packet: more than the one we use, so that a surplus is seen and
 * closed. */
union passed {
	struct cmsghdr align;
	unsigned char bytes[CMSG_SPACE(8 * sizeof(int))];
};

/* The first descriptor that came, all others closed; -1 where none did. */
static int
take_descriptor(struct msghdr *message)
{
	int taken = -1;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	    part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int descriptor;

			memcpy(&descriptor, CMSG_DATA(part) + i * sizeof descriptor,
			    sizeof descriptor);
			if (taken < 0)
				taken = descriptor;
			else
				close(descriptor);
		}
	}
	return taken;
}

ssize_t
packet_read(int socket, void *bytes, size_t room, int *passed)
{
	union passed control;
	struct iovec part = { bytes, room };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t size;
	int taken;

	/* A peer that closes with packets unread leaves ECONNRESET, which Linux reports once and
	 * before the packets that the peer sent: its last words. */
	do
		size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (size < 0 && (errno == EINTR || errno == ECONNRESET));
	/* They come with a packet without bytes, too. */
	taken = size >= 0 ? take_descriptor(&message) : -1;
	if (size > 0 && (message.msg_flags & MSG_TRUNC) != 0)
		size = 0;
	if (taken >= 0 && (passed == NULL || size <= 0)) {
		close(taken);
		taken = -1;
	}
	if (passed != NULL)
		*passed = taken;
	return size < 0 && errno != EAGAIN ? 0 : size;
}

/* Whole or not at all, by SOCK_SEQPACKET; a descriptor goes along with the bytes or stays here. */
bool
packet_send(int socket, const void *bytes, size_t size, int passed)
{
	union passed control = { 0 };
	struct iovec part = { (void *)bytes, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	assert(size > 0);
	if (passed >= 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof passed);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof passed),
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &passed, sizeof passed);
	}
	do
		sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* What would end the line, move a cursor or turn the direction of writing becomes a question mark:
 * the text was to be safe already. */
void
duty_log(struct duty *duty, int level, uint64_t event, const char *format, ...)
{
	static const char more[] = " …";
	unsigned char packet[DUTY_LINE_MAX + 64];
	struct wire_out out = wire_over(packet, sizeof packet);
	char bytes[DUTY_LINE_MAX];
	struct text line = text_over(bytes, sizeof bytes - sizeof more);
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&line, format, arguments);
	va_end(arguments);
	assert(line.size + sizeof more <= sizeof bytes);
	for (size_t at = 0, size; at < line.size; at += size) {
		size = text_printable(line.bytes + at, line.size - at);
		if (size > 0)
			continue;
		line.bytes[at] = '?';
		size = 1;
	}
	if (line.cut) {
		memcpy(line.bytes + line.size, more, sizeof more);
		line.size += sizeof more - 1;
	}
	message_put_log(&out, &(struct message_log){ level, event, duty->log_dropped,
	    { line.bytes, line.size } });
	assert(!out.bad);
	if (duty->keep_line != NULL ? duty->keep_line(duty->keep_arg, packet, out.size)
	    : packet_send(duty->parent, packet, out.size, -1))
		duty->log_dropped = 0;
	else
		duty->log_dropped++;
}

/* A line that is kept would end with the process. */
void
duty_forbidden(void *duty, int number, const char *name)
{
	struct duty *own = duty;

	own->keep_line = NULL;
	duty_log(own, LOG_ERR, 0, "%s: the system call %s (%d) is forbidden to it: it ends",
	    duty_name(own->kind), name, number);
}

/* What is entered next is entered for nobody. */
static void
let_go(const struct duty *duty)
{
	if (duty->page != NULL)
		atomic_store_explicit(&duty->page->in_hand, 0, memory_order_relaxed);
}

/* A write that was refused has not used up anything: the file was to grow beyond the limit. Memory
 * that has leaked is used up by what was done long ago, not by what is in hand. */
void
duty_limit(void *duty, enum limit_kind kind, uint64_t value, bool ends)
{
	struct duty *own = duty;
	struct text limit = TEXT_ROOM(64);

	if (ends)
		own->keep_line = NULL;
	if (kind == LIMIT_LEAK)
		let_go(own);
	limits_add(&limit, kind, value);
	duty_log(own, LOG_ERR, 0, "%s: its limit of %s %s%s", duty_name(own->kind), limit.bytes,
	    kind == LIMIT_FILE_SIZE ? "refused what was to be written" : "is reached",
	    ends ? ": it ends" : "");
}

void
duty_ready(struct duty *duty)
{
	const unsigned char packet = MESSAGE_READY;
	struct pollfd parent = { .fd = duty->parent, .events = POLLOUT };

	/* Said once, so it must not get lost behind log lines; nothing has begun that could be kept
	 * waiting. */
	while (!packet_send(duty->parent, &packet, sizeof packet, -1) && errno == EAGAIN)
		poll(&parent, 1, -1);
}

void
duty_alive(struct duty *duty, const struct message_alive *alive)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	let_go(duty);
	limits_look(duty->kind == DUTY_NOTIFIER || duty->kind == DUTY_PROBER);
	message_put_alive(&out, alive);
	/* A parent that does not read is not told: it will find the next one. */
	(void)packet_send(duty->parent, packet, out.size, -1);
}

void
duty_blame(struct duty *duty, enum duty_kind kind, uint32_t index, const char *what)
{
	unsigned char packet[EVIDENCE_TEXT_MAX + 64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_blame(&out, &(struct message_blame){ kind, index,
	    { what, strnlen(what, EVIDENCE_TEXT_MAX) } });
	/* Where it gets lost, the next malformed packet is blamed. */
	(void)packet_send(duty->parent, packet, out.size, -1);
}
