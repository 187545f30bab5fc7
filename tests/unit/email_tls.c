/* TLS to a relay: what one step of it may read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ca_files.h"
#include "../../plugins/email/gate/tls.h"
#include "../../plugins/email/gate/wire.h"

/* As many records of HelloRequests, which a client passes over, as the socket takes; the bytes of them. */
static int
fill(int fd)
{
	static const char header[] = { 22, 3, 3, 0x10, 0 }; /* 4096 bytes */
	static char record[sizeof header + 4096];
	int size = 0;
	ssize_t put;

	memcpy(record, header, sizeof header);
	while ((put = send(fd, record, sizeof record, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		size += (int)put;
	return size;
}

/* A relay that sends more than is read at once holds no step for longer than its limit. */
static void
reads_within_bounds(void **state)
{
	static const struct settings settings = { .host = "relay.test", .tls = TLS_REQUIRE, .verify = VERIFY_NONE };
	static struct wire wire;
	static struct tls tls;
	char why[200] = "";
	int ends[2], size, left = 0;

	(void)state;
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	size = fill(ends[1]);
	assert_true(size > 100 * 1024);
	wire_init(&wire, wire_now() + 60 * 1000000);
	wire.fd = ends[0];
	assert_false(tls_begin(&tls, &wire, 0));
	assert_int_equal(wire.end, WIRE_LATE);
	assert_int_equal(ioctl(ends[0], FIONREAD, &left), 0);
	assert_true(left > 0 && left < size);
	wire_close(&wire);
	tls_close(&tls);
	close(ends[1]);
}

static bool
gate_reads(const char *path)
{
	const struct settings settings = { .host = "relay.test", .tls = TLS_REQUIRE, .verify = VERIFY_FULL, .ca_file = path };
	static struct tls tls;
	char why[200] = "";
	bool usable = tls_open(&tls, &settings, why, sizeof why);

	assert_int_equal(usable, why[0] == '\0');
	tls_close(&tls);
	return usable;
}

static void
the_gate_reads_what_it_looked_at(void **state)
{
	const char *folder = getenv("TMPDIR");
	char path[300];

	(void)state;
	snprintf(path, sizeof path, "%s/email_tls.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	ca_files_test(path, gate_reads);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_within_bounds),
		cmocka_unit_test(the_gate_reads_what_it_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
