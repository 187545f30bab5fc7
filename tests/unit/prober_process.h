/* The prober's process, born as the parent bears it, with the test at the other ends of its sockets. */
#ifndef TESTS_PROBER_PROCESS_H
#define TESTS_PROBER_PROCESS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "config/read.h"

#define UNUSED __attribute__((unused))

enum { PATIENCE = 20 * 1000 }; /* ms until something that must come is missed */

static const struct config *config;
static pid_t child;
static int parent, monitor; /* our ends */
static int held;            /* the third target's port: not listened on, until a test does */
static struct duty_page *page;
static unsigned char packet[WIRE_MAX];

/* A port that nobody listens on, and that nobody else gets: bound, and never listened on. */
UNUSED static int
take_port(uint16_t *port)
{
	struct address any;
	socklen_t size = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(address_parse("127.0.0.1", 0, &any));
	assert_int_equal(bind(fd, &any.any, address_length(&any)), 0);
	assert_int_equal(getsockname(fd, &any.any, &size), 0);
	*port = address_port(&any);
	return fd;
}

UNUSED static int
read_config(void **state)
{
	static struct config_diagnostics faults;
	char folder[4096], path[] = "/tmp/pw-worker-XXXXXX", bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	int fd = mkstemp(path);
	uint16_t port, held_port;

	(void)state;
	assert_true(size > 0 && fd >= 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	take_port(&port);
	held = take_port(&held_port);
	dprintf(fd, "helo = \"watch.example.net\"; state = \"/nonexistent\"; references = [ \"127.0.0.1:%u\" ];\n"
	            "targets = ( { name = \"one\"; host = \"127.0.0.1\"; port = %u; probe = \"banner\"; },\n"
	            "  { name = \"two\"; host = \"127.0.0.1\"; port = %u; },\n"
	            "  { name = \"held\"; host = \"127.0.0.1\"; port = %u; probe = \"banner\"; } );\n", port, port, port, held_port);
	close(fd);
	config = config_read(&(struct config_source){ .path = path, .plugin_dir = folder }, &faults);
	unlink(path);
	config_print_diagnostics(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return 0;
}

UNUSED static void
live(int socket)
{
	struct duty duty = { .kind = DUTY_PROBER, .index = 0, .parent = socket, .config = config, .page = page };

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	_exit(prober_main(&duty));
}

UNUSED static bool
next_packet(int socket, size_t *size)
{
	struct pollfd polled = { .fd = socket, .events = POLLIN };

	if (poll(&polled, 1, PATIENCE) != 1)
		return false;
	ssize_t got = packet_read(socket, packet, sizeof packet, NULL);
	*size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Reads until a packet of that kind comes. */
UNUSED static size_t
await(int socket, enum message_kind kind)
{
	size_t size = 0;

	do {
		if (!next_packet(socket, &size))
			fail_msg("no packet of kind %d", kind);
		if (message_kind(packet, size) == MESSAGE_LOG)
			print_message("# %.*s\n", (int)size, packet + 1);
	} while (message_kind(packet, size) != kind);
	return size;
}

UNUSED static void
link_monitor(void)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	message_put_link(&out, &(struct message_link){ DUTY_MONITOR, 0 });
	assert_true(packet_send(parent, bytes, out.size, ends[1]));
	close(ends[1]);
	monitor = ends[0];
}

UNUSED static int
bear(void **state)
{
	int ends[2];

	(void)state;
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		live(ends[1]);
	}
	close(ends[1]);
	parent = ends[0];
	await(parent, MESSAGE_READY);
	link_monitor();
	return 0;
}

UNUSED static int
bury(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(parent);
	close(monitor);
	munmap(page, sizeof *page);
	return 0;
}

UNUSED static void
order(uint64_t run, uint32_t target, uint8_t flags, uint8_t attempt, int64_t in)
{
	unsigned char bytes[256];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_begin(&out, MESSAGE_ORDERS);
	assert_true(message_add_order(&out, &(struct order){ .run = run, .target = target, .flags = flags,
	    .attempt = attempt, .due = clock_mono() + in }));
	assert_true(packet_send(monitor, bytes, out.size, -1));
}

UNUSED static void
tell_to_stop(int64_t grace, int64_t patience)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_stop(&out, &(struct message_stop){ grace, patience });
	assert_true(packet_send(parent, bytes, out.size, -1));
}

UNUSED static int
await_end(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	return status;
}

UNUSED static int
stop(int64_t grace)
{
	tell_to_stop(grace, grace);
	return await_end();
}

UNUSED static void
assert_reported(uint64_t run, const char *outcome)
{
	struct report report;
	struct wire_in in = wire_from(packet, await(monitor, MESSAGE_REPORTS));

	assert_true(message_next_report(&in, &report, config->target_count));
	assert_int_equal(report.run, run);
	assert_string_equal(report.outcome, outcome);
}

#endif
