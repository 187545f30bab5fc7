/* The syslog notifier: what it writes, that it never waits, and how it goes on after a receiver that was away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <postwatch/notifier.h>

static const struct pw_notifier_ops *ops;
static void *session;
static char folder[PATH_MAX], socket_path[PATH_MAX + 10];
static struct pw_result result;

static int
load(void **state)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path - 60);
	const struct pw_plugin *plugin;
	void *handle;

	(void)state;
	path[size] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(path, '/') = '\0';
	snprintf(path + strlen(path), 60, "/plugins/syslog.so");
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	plugin = handle == NULL ? NULL : dlsym(handle, "pw_plugin");
	if (plugin == NULL)
		return -1;
	ops = plugin->ops;
	return 0;
}

static int
setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/syslog-XXXXXX", parent == NULL ? "/tmp" : parent);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(socket_path, sizeof socket_path, "%s/log", folder);
	session = calloc(1, ops->session_size);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ops->close(session);
	free(session);
	unlink(socket_path);
	rmdir(folder);
	return 0;
}

static bool
open_to(const char *address, int64_t format)
{
	union { struct pw_values values; char room[sizeof(struct pw_values) + 4 * sizeof(struct pw_value)]; } u;
	char why[200];
	bool opened;

	memset(&u, 0, sizeof u);
	u.values.count = 4;
	u.values.items[0].string = address;
	u.values.items[1].number = 12; /* local0 = 16 */
	u.values.items[2].number = format;
	u.values.items[3].string = "postwatch";
	why[0] = '\0';
	opened = ops->open(session, &u.values, why, sizeof why);
	assert_int_equal(opened, why[0] == '\0' ? 1 : 0);
	return opened;
}

static void
deliver(const char *kind, const char *subject)
{
	static const char *const names[] = { "" };
	const struct pw_recipients recipients = { 1, names };
	const struct pw_notice notice = { .size = sizeof notice, .kind = kind, .key = "0c5d", .target = "mx\"1]\\.example:25",
		.sentence = subject, .body = "", .json = "{}", .incident = 17, .confirmed = 1795452223120000, .attempt = 2 };

	memset(&result, 0, sizeof result);
	ops->deliver(session, &notice, &recipients, &result);
}

static int
listen_local(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(strlen(socket_path) < sizeof address.sun_path);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int
listen_loopback(int type, char *address, size_t room, const char *scheme)
{
	struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof place;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&place, sizeof place), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &size), 0);
	snprintf(address, room, "%s:127.0.0.1:%u", scheme, ntohs(place.sin_port));
	return fd;
}

static const char *
take(int fd)
{
	static char line[4096];
	ssize_t size = recv(fd, line, sizeof line - 1, 0);

	assert_true(size >= 0);
	line[size] = '\0';
	return line;
}

static void
assert_line(const char *line)
{
	char wanted[500], host[256] = "";

	gethostname(host, sizeof host - 1);
	snprintf(wanted, sizeof wanted, "<131>1 2026-11-23T16:43:43.120000Z %s postwatch %ld down [postwatch@32473 "
	    "target=\"mx\\\"1\\]\\\\.example:25\" incident=\"17\" key=\"0c5d\" attempt=\"2\"] \xef\xbb\xbfmx down  b\xc3\xbc", host, (long)getpid());
	assert_string_equal(line, wanted);
}

static void
writes_rfc5424_to_a_local_socket(void **state)
{
	char address[PATH_MAX + 20];
	int fd = listen_local(SOCK_DGRAM);

	(void)state;
	snprintf(address, sizeof address, "unix:%s", socket_path);
	assert_true(open_to(address, 0));
	deliver("down", "mx down \nb\xc3\xbc");
	assert_int_equal(result.fate, PW_SENT);
	assert_line(take(fd));
	deliver("up", "u");
	assert_memory_equal(take(fd), "<133>1 ", 7);
	deliver("new_kind", "u");
	assert_memory_equal(take(fd), "<133>1 ", 7);
	close(fd);
}

static void
writes_rfc3164_where_asked(void **state)
{
	char address[PATH_MAX + 20];
	int fd = listen_local(SOCK_DGRAM);
	const char *line;

	(void)state;
	snprintf(address, sizeof address, "unix:%s", socket_path);
	assert_true(open_to(address, 1));
	deliver("down", "mx down");
	line = take(fd);
	assert_memory_equal(line, "<131>Nov 2", 10);
	assert_non_null(strstr(line, "postwatch["));
	assert_non_null(strstr(line, "]: down: [postwatch@32473 target="));
	assert_non_null(strstr(line, "] mx down"));
	close(fd);
}

static void
frames_messages_on_streams(void **state)
{
	char address[PATH_MAX + 20], *end;
	int fd = listen_loopback(SOCK_STREAM, address, sizeof address, "tcp"), peer;
	size_t size;

	(void)state;
	assert_true(open_to(address, 0));
	deliver("down", "mx down \nb\xc3\xbc");
	assert_int_equal(result.fate, PW_SENT);
	peer = accept(fd, NULL, NULL);
	size = strtoul(take(peer), &end, 10);
	assert_int_equal(size, strlen(end + 1));
	assert_line(end + 1);
	/* the receiver went away and came back: the next notice finds its way by itself */
	close(peer);
	deliver("up", "second");
	assert_int_equal(result.fate, PW_SENT);
	peer = accept(fd, NULL, NULL);
	assert_non_null(strstr(take(peer), "second"));
	close(peer);
	close(fd);
	deliver("up", "third");
	assert_int_equal(result.fate, PW_AGAIN);
	assert_true(result.channel);
	assert_non_null(strstr(result.receipt, "refused"));
}

static void
ends_messages_on_local_streams_by_nul(void **state)
{
	char address[PATH_MAX + 20], line[4096];
	int fd = listen_local(SOCK_STREAM), peer;
	ssize_t size;

	(void)state;
	snprintf(address, sizeof address, "unix:%s", socket_path);
	assert_true(open_to(address, 0));
	deliver("down", "mx down \nb\xc3\xbc");
	assert_int_equal(result.fate, PW_SENT);
	peer = accept(fd, NULL, NULL);
	size = recv(peer, line, sizeof line, 0);
	assert_true(size > 1);
	assert_int_equal(line[size - 1], '\0');
	assert_int_equal(strlen(line), size - 1);
	assert_line(line);
	close(peer);
	close(fd);
}

static void
sends_by_udp(void **state)
{
	char address[60];
	int fd = listen_loopback(SOCK_DGRAM, address, sizeof address, "udp");

	(void)state;
	assert_true(open_to(address, 0));
	deliver("down", "mx down \nb\xc3\xbc");
	assert_int_equal(result.fate, PW_SENT);
	assert_line(take(fd));
	close(fd);
}

static void
never_waits_for_a_receiver_that_does_not_read(void **state)
{
	char address[PATH_MAX + 20];
	int fd = listen_local(SOCK_DGRAM), sent = 0;

	(void)state;
	snprintf(address, sizeof address, "unix:%s", socket_path);
	assert_true(open_to(address, 0));
	alarm(20);
	for (result.fate = PW_SENT; result.fate == PW_SENT && sent < 100000; sent++)
		deliver("down", "again");
	alarm(0);
	assert_int_equal(result.fate, PW_AGAIN);
	assert_true(result.channel);
	assert_non_null(strstr(result.receipt, "does not read"));
	take(fd);
	deliver("down", "again");
	assert_int_equal(result.fate, PW_SENT);
	close(fd);
	unlink(socket_path);
	deliver("down", "nobody");
	assert_int_equal(result.fate, PW_AGAIN);
}

static void
cuts_what_is_too_long(void **state)
{
	char address[60], subject[5000];
	int fd = listen_loopback(SOCK_DGRAM, address, sizeof address, "udp");
	const char *line;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof subject; i += 2)
		memcpy(subject + i, "\xc3\xbc", 3);
	assert_true(open_to(address, 0));
	deliver("down", subject);
	assert_int_equal(result.fate, PW_SENT);
	line = take(fd);
	assert_in_range(strlen(line), 2046, 2048);
	assert_int_equal((unsigned char)line[strlen(line) - 1], 0xbc);
	close(fd);
}

static void
refuses_addresses_that_are_none(void **state)
{
	static const char *const bad[] = { "", "unix:", "unix:log", "/dev/log", "tcp:host", "tcp::601", "udp:host:0", "udp:host:99999",
		"tcp:2001:db8::1:601", "http:host:80", "udp:host:x" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(open_to(bad[i], 0));
	assert_true(open_to("tcp:[2001:db8::1]:601", 0));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(writes_rfc5424_to_a_local_socket),
		TEST(writes_rfc3164_where_asked),
		TEST(frames_messages_on_streams),
		TEST(ends_messages_on_local_streams_by_nul),
		TEST(sends_by_udp),
		TEST(never_waits_for_a_receiver_that_does_not_read),
		TEST(cuts_what_is_too_long),
		TEST(refuses_addresses_that_are_none),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
