/* Packets between processes: whole or not at all, a descriptor at most, and never a wait. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/duty.h"

static int ends[2];

static int
connect_ends(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
}

static int
close_ends(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void
a_packet_arrives_whole(void **state)
{
	static unsigned char sent[WIRE_MAX], got[WIRE_MAX];

	(void)state;
	memset(sent, 0x5a, sizeof sent);
	assert_true(packet_send(ends[0], sent, sizeof sent, -1));
	assert_true(packet_send(ends[0], "b", 1, -1));
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), sizeof got);
	assert_memory_equal(got, sent, sizeof got);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 1);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), -1);
}

static void
an_end_is_told_from_silence(void **state)
{
	unsigned char got[8];

	(void)state;
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), -1);
	shutdown(ends[0], SHUT_RDWR);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 0);
	assert_false(packet_send(ends[1], "x", 1, -1));
	assert_int_equal(errno, EPIPE);
}

static void
what_has_no_room_is_an_end(void **state)
{
	unsigned char got[4];

	(void)state;
	assert_true(packet_send(ends[0], "12345", 5, -1));
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 0);
}

static void
a_full_socket_does_not_wait(void **state)
{
	static unsigned char bytes[WIRE_MAX];
	int sent = 0;

	(void)state;
	while (packet_send(ends[0], bytes, sizeof bytes, -1))
		sent++;
	assert_int_equal(errno, EAGAIN);
	assert_in_range(sent, 1, 1000);
}

static void
a_descriptor_travels(void **state)
{
	unsigned char got[8];
	int pair[2], passed;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_true(packet_send(ends[0], "x", 1, pair[1]));
	close(pair[1]);
	assert_int_equal(packet_read(ends[1], got, sizeof got, &passed), 1);
	assert_true(passed >= 0);
	assert_int_equal(fcntl(passed, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(passed, "y", 1), 1);
	assert_int_equal(read(pair[0], got, 1), 1);
	close(passed);
	close(pair[0]);
}

/* The other end of the pipe closes, so nobody holds what was not expected. */
static void
an_unexpected_descriptor_is_closed(void **state)
{
	unsigned char got[8];
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_true(packet_send(ends[0], "x", 1, pair[1]));
	close(pair[1]);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 1);
	assert_int_equal(read(pair[0], got, 1), 0);
	close(pair[0]);
}

static void
send_three(int socket, const int three[3], size_t bytes)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { (char[]){ 'x' }, bytes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof control };

	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(3 * sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), three, 3 * sizeof(int));
	assert_int_equal(sendmsg(socket, &message, 0), bytes);
}

static void
surplus_descriptors_are_closed(void **state)
{
	unsigned char got[8];
	int pair[2], passed;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	send_three(ends[0], (int[]){ pair[1], pair[1], pair[1] }, 1);
	close(pair[1]);
	assert_int_equal(packet_read(ends[1], got, sizeof got, &passed), 1);
	assert_true(passed >= 0);
	close(passed);
	assert_int_equal(read(pair[0], got, 1), 0);
	close(pair[0]);
}

static void
descriptors_without_a_byte_are_closed(void **state)
{
	unsigned char got[8];
	int pair[2], passed;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	send_three(ends[0], (int[]){ pair[1], pair[1], pair[1] }, 0);
	close(pair[1]);
	assert_int_equal(packet_read(ends[1], got, sizeof got, &passed), 0);
	assert_int_equal(passed, -1);
	assert_int_equal(read(pair[0], got, 1), 0);
	close(pair[0]);
}

/* The peer had packets that it never read. */
static void
last_words_are_read_before_the_end(void **state)
{
	unsigned char got[8];

	(void)state;
	assert_true(packet_send(ends[1], "unread", 6, -1));
	assert_true(packet_send(ends[0], "last", 4, -1));
	assert_true(packet_send(ends[0], "words", 5, -1));
	close(ends[0]);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 4);
	assert_memory_equal(got, "last", 4);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 5);
	assert_int_equal(packet_read(ends[1], got, sizeof got, NULL), 0);
	ends[0] = -1;
}

static struct message_log
read_log(char *text, size_t room)
{
	unsigned char packet[WIRE_MAX];
	struct message_log log = { 0 };
	ssize_t size = packet_read(ends[1], packet, sizeof packet, NULL);

	assert_true(size > 0);
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_log(&in, &log));
	assert_true(log.text.size < room);
	memcpy(text, log.text.data, log.text.size);
	text[log.text.size] = '\0';
	return log;
}

static void
a_line_is_one_line(void **state)
{
	struct duty duty = { .kind = DUTY_PROBER, .parent = ends[0] };
	char text[DUTY_LINE_MAX + 1];

	(void)state;
	duty_log(&duty, LOG_NOTICE, 9, "%s is %d", "it\n\x1b[1m", 5);
	assert_int_equal(read_log(text, sizeof text).level, LOG_NOTICE);
	assert_string_equal(text, "it??[1m is 5");
	duty_log(&duty, LOG_NOTICE, 9, "%s \xc3\xa4", "\xc2\x9b\xe2\x80\xae\xff");
	(void)read_log(text, sizeof text);
	assert_string_equal(text, "?????? \xc3\xa4");
	duty_log(&duty, LOG_NOTICE, 9, "%*s", 3 * DUTY_LINE_MAX, "");
	assert_int_equal(read_log(text, sizeof text).event, 9);
	assert_in_range(strlen(text), DUTY_LINE_MAX - 10, DUTY_LINE_MAX);
	assert_string_equal(text + strlen(text) - 4, " …");
}

static void
lost_lines_are_counted(void **state)
{
	struct duty duty = { .kind = DUTY_MONITOR, .parent = ends[0] };
	char text[DUTY_LINE_MAX + 1];
	uint32_t lost;

	(void)state;
	while (duty.log_dropped < 5)
		duty_log(&duty, LOG_INFO, 0, "a line");
	lost = duty.log_dropped;
	read_log(text, sizeof text);
	duty_log(&duty, LOG_INFO, 0, "the line that tells");
	assert_int_equal(duty.log_dropped, 0);
	do
		lost -= read_log(text, sizeof text).dropped;
	while (strcmp(text, "a line") == 0);
	assert_int_equal(lost, 0);
}

static void
ready_and_alive_are_said(void **state)
{
	struct duty duty = { .kind = DUTY_MONITOR, .parent = ends[0] };
	struct message_alive alive;
	unsigned char packet[64];
	ssize_t size;

	(void)state;
	duty_ready(&duty);
	duty_alive(&duty, &(struct message_alive){ .late_max = 250, .done = 12 });
	size = packet_read(ends[1], packet, sizeof packet, NULL);
	assert_int_equal(message_kind(packet, (size_t)size), MESSAGE_READY);
	assert_int_equal(size, 1);
	size = packet_read(ends[1], packet, sizeof packet, NULL);
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_alive(&in, &alive));
	assert_int_equal(alive.late_max, 250);
	assert_int_equal(alive.done, 12);
}

int
main(void)
{
#define WITH_ENDS(test) cmocka_unit_test_setup_teardown(test, connect_ends, close_ends)
	const struct CMUnitTest tests[] = {
		WITH_ENDS(a_packet_arrives_whole),
		WITH_ENDS(an_end_is_told_from_silence),
		WITH_ENDS(last_words_are_read_before_the_end),
		WITH_ENDS(what_has_no_room_is_an_end),
		WITH_ENDS(a_full_socket_does_not_wait),
		WITH_ENDS(a_descriptor_travels),
		WITH_ENDS(an_unexpected_descriptor_is_closed),
		WITH_ENDS(surplus_descriptors_are_closed),
		WITH_ENDS(descriptors_without_a_byte_are_closed),
		WITH_ENDS(a_line_is_one_line),
		WITH_ENDS(lost_lines_are_counted),
		WITH_ENDS(ready_and_alive_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
