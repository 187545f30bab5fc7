/* Telling systemd: to a path and to an abstract name; nobody there is fine, nobody where one should be is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notify.h"

static int
listen_at(const char *path, bool abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t size = strlen(path);

	memcpy(address.sun_path, path, size);
	if (abstract)
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)), 0);
	return fd;
}

static void
expect_message(int fd, const char *expected)
{
	char bytes[256];
	ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(bytes, expected, (size_t)size);
}

static void
says_it(void **state)
{
	const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	char path[100], name[100];
	struct reason why;

	(void)state;
	snprintf(path, sizeof path, "%s/notify-%ld", base, (long)getpid());
	snprintf(name, sizeof name, "@postwatch-test-%ld", (long)getpid());
	int plain = listen_at(path, false), abstract = listen_at(name, true);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(notify_send("READY=1\nSTATUS=watching 4 targets", &why));
	expect_message(plain, "READY=1\nSTATUS=watching 4 targets");
	setenv("NOTIFY_SOCKET", name, 1);
	assert_true(notify_send("WATCHDOG=1", &why));
	expect_message(abstract, "WATCHDOG=1");
	unlink(path);
	close(plain), close(abstract);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_false(notify_send("READY=1", &why));
	assert_string_equal(why.text, "cannot tell systemd: No such file or directory");
}

static void
says_nothing_where_nobody_asked(void **state)
{
	char endless[200];
	struct reason why;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_true(notify_send("READY=1", &why));
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_false(notify_send("READY=1", &why));
	memset(endless, '/', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	setenv("NOTIFY_SOCKET", endless, 1);
	assert_false(notify_send("READY=1", &why));
}

static void
knows_the_watchdog(void **state)
{
	char pid[24];

	(void)state;
	notify_forget();
	assert_int_equal(notify_watchdog(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog(), 30000000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog(), 0);
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog(), 30000000);
	setenv("WATCHDOG_USEC", "3s", 1);
	assert_int_equal(notify_watchdog(), 0);
	setenv("NOTIFY_SOCKET", "@x", 1);
	notify_forget();
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_it),
		cmocka_unit_test(says_nothing_where_nobody_asked),
		cmocka_unit_test(knows_the_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
