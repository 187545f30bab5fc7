/* A notifier's process, with the test as its parent and as its keeper; where its plugin has a program, its runner as well. */
#ifndef TESTS_NOTIFIER_WORLD_H
#define TESTS_NOTIFIER_WORLD_H

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "config/programs.h"
#include "config/read.h"
#include "message_examples.h"
#include "notifier/worker.h"
#include "runner/runner.h"

enum { PATIENCE = 20 * 1000 /* ms until something that must come is missed */, BROKEN = 70, CANNOT_BEGIN = 71, GOOD = 0, FAULTY = 1, PROGRAM = 2 };

static const struct config *config;
static pid_t child, runner;
static char script[] = "/tmp/pw-script-XXXXXX"; /* what the program of PROGRAM does */
static int parent, keeper = -1; /* our ends */
static unsigned char packet[WIRE_MAX];

__attribute__((unused)) static int
read_config(void **state)
{
	static struct config_diagnostics faults;
	char folder[4096], path[] = "/tmp/pw-notifier-XXXXXX", bytes[4096];
	struct text text = TEXT_OVER(bytes);
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	int fd = mkstemp(path);

	(void)state;
	assert_true(size > 0 && fd >= 0 && close(mkstemp(script)) == 0 && unlink(script) == 0);
	folder[size] = '\0';
	*strstr(folder, "/tests/unit/") = '\0';
	dprintf(fd, "helo = \"watch.example.net\"; state = \"/nonexistent\"; plugins = [ \"%s/tests/fixtures/plugins/notifier/results.so\" ];\n"
	            "notifiers = ( { name = \"good\"; plugin = \"results\"; timezone = \"Europe/Berlin\"; },\n"
	            "  { name = \"faulty\"; plugin = \"results\"; fault = \"it is broken\"; },\n"
	            "  { name = \"program\"; plugin = \"exec\"; program = \"/bin/sh\"; arguments = [ \"-c\", \". %s\" ]; deadline = \"4s\"; } );\n"
	            "targets = ( { name = \"mx1\"; host = \"127.0.0.1\"; port = 9; tags = [ \"a/b\" ]; } );\n"
	            "reports = ( { notifier = \"faulty\"; }, { notifier = \"good\"; tag = \"a/b\"; every = \"week\"; } );\n", folder, script);
	close(fd);
	snprintf(folder + strlen(folder), 64, "/plugins");
	config = config_read(&(struct config_source){ .path = path, .plugin_dir = folder }, &faults);
	unlink(path);
	config_print_diagnostics(&faults, &text);
	if (config == NULL)
		fail_msg("%s", bytes);
	return 0;
}

__attribute__((unused)) static void
pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

__attribute__((unused)) static void
begin(uint32_t index)
{
	int ends[2], orders[2];

	pair(ends);
	pair(orders);
	struct duty duty = { .kind = DUTY_NOTIFIER, .index = index, .parent = ends[1], .config = config, .gate = orders[1] };
	fflush(NULL);
	runner = programs_are_run_for(config, DUTY_NOTIFIER, index) ? fork() : -1;
	if (runner == 0) {
		close(orders[0]);
		_exit(runner_main(&duty));
	}
	close(orders[1]);
	duty.gate = orders[0];
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		signal(SIGXFSZ, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		_exit(notifier_main(&duty));
	}
	close(ends[1]);
	close(orders[0]);
	parent = ends[0];
	keeper = -1;
}

/* Reads until a packet of that kind comes. */
__attribute__((unused)) static size_t
await(int socket, enum message_kind kind)
{
	ssize_t size = 0;

	do {
		struct pollfd polled = { .fd = socket, .events = POLLIN };

		if (poll(&polled, 1, PATIENCE) != 1 || (size = packet_read(socket, packet, sizeof packet, NULL)) <= 0)
			fail_msg("no packet of kind %d", kind);
	} while (message_kind(packet, (size_t)size) != kind);
	return (size_t)size;
}

__attribute__((unused)) static void
await_line(int level, const char *words)
{
	struct message_log log;
	struct wire_in in = wire_from(packet, await(parent, MESSAGE_LOG));

	assert_true(message_get_log(&in, &log));
	if (log.level != level || memmem(log.text.data, log.text.size, words, strlen(words)) == NULL)
		fail_msg("%d %.*s", log.level, (int)log.text.size, log.text.data);
}

__attribute__((unused)) static void
link_keeper(void)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	int ends[2];

	pair(ends);
	message_put_link(&out, &(struct message_link){ DUTY_KEEPER, 0 });
	assert_true(packet_send(parent, bytes, out.size, ends[1]));
	close(ends[1]);
	if (keeper >= 0)
		close(keeper);
	keeper = ends[0];
	await(keeper, MESSAGE_SOURCES);
}

__attribute__((unused)) static int
bear(void **state)
{
	(void)state;
	begin(GOOD);
	await(parent, MESSAGE_READY);
	link_keeper();
	return 0;
}

__attribute__((unused)) static int
bury(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(parent);
	if (keeper >= 0)
		close(keeper);
	return 0;
}

__attribute__((unused)) static int
await_end(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

__attribute__((unused)) static void
stop(int64_t grace)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_stop(&out, &(struct message_stop){ grace, grace });
	assert_true(packet_send(parent, bytes, out.size, -1));
}

__attribute__((unused)) static void
hand_out(uint64_t number, const char *const *recipients, uint32_t count)
{
	static unsigned char bytes[WIRE_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct message_notice notice = { .notice = number, .key = "abcdefghijklmnopqrstuvwxyz", .thread = "abcdefghijklmnopqrstuvwxyz",
		.kind = "down", .attempt = 1, .target = BYTES("mx1"), .host = BYTES("127.0.0.1"), .port = 9, .probe = "smtp", .code = "refused",
		.from = "suspect", .to = "down", .detected = 2000, .confirmed = 3000, .text = BYTES("mx1 down: connection refused"),
		.recipient_count = count };

	for (uint32_t i = 0; i < count; i++)
		notice.recipients[i] = (struct pw_bytes){ recipients[i], strlen(recipients[i]) };
	message_put_notice(&out, &notice);
	assert_true(packet_send(keeper, bytes, out.size, -1));
}

__attribute__((unused)) static struct message_receipt
await_receipt(uint64_t number, uint32_t recipient)
{
	struct message_receipt receipt;
	struct wire_in in = wire_from(packet, await(keeper, MESSAGE_RECEIPT));

	assert_true(message_get_receipt(&in, &receipt));
	assert_int_equal(receipt.notice, number);
	assert_int_equal(receipt.recipient, recipient);
	return receipt;
}

#endif
