/* The sandbox: each thing that a child must not do is tried in one, and what it needs still works. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

/* What the child tries; made before it is confined. */
static char folder[64], inside[80], outside[80];
static int listener = -1;
static struct sockaddr_in peer;
static struct sockaddr_un abstract_name;
static socklen_t abstract_length;
static int abstract_listener = -1;

/* Runs `body` in a child of that user; its exit status, -1 where it was killed. */
static int
in_child_of(uid_t user, int (*body)(const struct sandbox *, int landlock), const struct sandbox *sandbox)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct reason why = { "" };
		int landlock = -1;

		if (setresuid(user, user, user) != 0 || !sandbox_enter(sandbox, &landlock, &why)) {
			fprintf(stderr, "%s\n", why.text);
			_exit(100);
		}
		_exit(body(sandbox, landlock));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
in_child(int (*body)(const struct sandbox *, int landlock), const struct sandbox *sandbox)
{
	return in_child_of(geteuid(), body, sandbox);
}

/* In the child: names the line that did not hold. */
#define HOLDS(claim)                                                                                                   \
	do                                                                                                             \
		if (!(claim)) {                                                                                        \
			fprintf(stderr, "line %d: not so: %s (%s)\n", __LINE__, #claim, strerror(errno));              \
			return 1;                                                                                      \
		}                                                                                                      \
	while (0)

static bool
fails_with(int result, int error)
{
	return result < 0 && errno == error;
}

static int
try_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int result = connect(fd, (struct sockaddr *)&peer, sizeof peer);
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static int
try_bind(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int result = bind(fd, (struct sockaddr *)&own, sizeof own);
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static int
try_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result = connect(fd, (struct sockaddr *)&abstract_name, abstract_length);
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static bool
has_no_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, sets) == 0 && (sets[0].permitted | sets[1].permitted) == 0
	    && (sets[0].effective | sets[1].effective) == 0 && (sets[0].inheritable | sets[1].inheritable) == 0;
}

static int
confined(const struct sandbox *sandbox, int landlock)
{
	struct rlimit core;
	(void)sandbox;

	HOLDS(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	HOLDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	HOLDS(try_connect() == 0);
	HOLDS(has_no_capability());
	if (landlock >= 1) {
		HOLDS(fails_with(open("/etc/passwd", O_RDONLY), EACCES));
		HOLDS(fails_with(open(inside, O_RDONLY), EACCES));
		HOLDS(fails_with(open(inside, O_WRONLY), EACCES));
		HOLDS(fails_with(open(outside, O_WRONLY | O_CREAT, 0600), EACCES));
		HOLDS(fails_with(mkdir(outside, 0700), EACCES));
		HOLDS(fails_with(unlink(inside), EACCES));
		HOLDS(fails_with(execl("/bin/true", "true", NULL), EACCES));
	}
	if (landlock >= 4)
		HOLDS(fails_with(try_bind(0), EACCES));
	if (landlock >= 6) {
		HOLDS(fails_with(kill(getppid(), 0), EPERM));
		HOLDS(fails_with(try_abstract(), EPERM));
	}
	return 0;
}

static void
confines(void **state)
{
	struct sandbox sandbox = { .network = SANDBOX_CONNECTS, .file_size = 0 };

	(void)state;
	assert_int_equal(in_child(confined, &sandbox), 0);
}

static int
keeps_its_paths(const struct sandbox *sandbox, int landlock)
{
	int fd = open(inside, O_RDONLY);
	(void)sandbox;

	HOLDS(fd >= 0);
	if (landlock >= 1) {
		HOLDS(fails_with(open(inside, O_WRONLY), EACCES));
		HOLDS(fails_with(open("/etc/passwd", O_RDONLY), EACCES));
	}
	if (landlock >= 3)
		HOLDS(fails_with(truncate(inside, 0), EACCES));
	return 0;
}

static int
writes_its_paths(const struct sandbox *sandbox, int landlock)
{
	(void)sandbox;
	HOLDS(open(inside, O_RDWR) >= 0);
	HOLDS(open(outside, O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0);
	HOLDS(unlink(outside) == 0);
	if (landlock >= 1)
		HOLDS(fails_with(open("/tmp", O_RDONLY), EACCES));
	return 0;
}

static int
tells_version(const struct sandbox *sandbox, int landlock)
{
	(void)sandbox;
	return landlock;
}

static void
keeps_what_is_asked_for(void **state)
{
	struct sandbox_path file = { inside, SANDBOX_READ, false };
	struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .paths = &file, .path_count = 1, .file_size = 0 };

	(void)state;
	assert_int_equal(in_child(keeps_its_paths, &sandbox), 0);
	struct sandbox_path writable = { folder, SANDBOX_WRITE, false };
	sandbox = (struct sandbox){ .paths = &writable, .path_count = 1, .file_size = -1 };
	assert_int_equal(in_child(writes_its_paths, &sandbox), 0);
	struct sandbox_path missing = { "/no/such/path", SANDBOX_READ, false };
	sandbox = (struct sandbox){ .file_size = -1 };
	bool has_landlock = in_child(tells_version, &sandbox) > 0;
	sandbox.paths = &missing;
	sandbox.path_count = 1;
	assert_int_equal(in_child(tells_version, &sandbox), has_landlock ? 100 : 0); /* else the path is not looked at */
}

static int
uses_no_tcp(const struct sandbox *sandbox, int landlock)
{
	(void)sandbox;
	if (landlock >= 4) {
		HOLDS(fails_with(try_connect(), EACCES));
		HOLDS(fails_with(try_bind(0), EACCES));
	}
	return 0;
}

static int
binds_any_port(const struct sandbox *sandbox, int landlock)
{
	(void)sandbox;
	HOLDS(try_bind(0) == 0);
	HOLDS(try_connect() == 0);
	if (landlock >= 4)
		HOLDS(fails_with(try_bind(ntohs(peer.sin_port)), EACCES));
	return 0;
}

static void
rules_the_network(void **state)
{
	struct sandbox none = { .network = SANDBOX_NO_TCP, .file_size = -1 };
	struct sandbox from = { .network = SANDBOX_CONNECTS_FROM, .file_size = -1 };

	(void)state;
	assert_int_equal(in_child(uses_no_tcp, &none), 0);
	assert_int_equal(in_child(binds_any_port, &from), 0);
}

static int
writes_too_much(const struct sandbox *sandbox, int landlock)
{
	int fd = open(inside, O_WRONLY);
	(void)sandbox, (void)landlock;

	signal(SIGXFSZ, SIG_IGN);
	HOLDS(fd >= 0);
	HOLDS(write(fd, "0123456789", 10) == 4);
	HOLDS(fails_with((int)write(fd, "x", 1), EFBIG));
	return 0;
}

static int
forks(const struct sandbox *sandbox, int landlock)
{
	(void)sandbox, (void)landlock;
	HOLDS(fails_with(fork(), EAGAIN));
	return 0;
}

static void
limits_files_and_processes(void **state)
{
	struct sandbox_path writable = { folder, SANDBOX_WRITE, false };
	struct sandbox sandbox = { .paths = &writable, .path_count = 1, .file_size = 4 };

	(void)state;
	assert_int_equal(in_child(writes_too_much, &sandbox), 0);
	sandbox = (struct sandbox){ .file_size = 0 };
	assert_int_equal(in_child_of(geteuid() == 0 ? 65534 : geteuid(), forks, &sandbox), 0); /* root is exempt */
}

static void
closes_all_but_some(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		int status = 0;
		pid_t child = fork();

		if (child == 0) {
			static const int keeps[4][4] = { { 9, 5, 0, 9 }, { 5, -1, -1, -1 }, { 0, 1, 2, 3 }, { 0 } };
			size_t count = variant == 3 ? 0 : 4;

			for (int fd = 0; fd < 12; fd++)
				if (dup2(listener, fd) != fd)
					_exit(1);
			if (!sandbox_close_others(keeps[variant], count, NULL))
				_exit(2);
			for (int fd = 0; fd < 12; fd++) {
				bool kept = fd <= STDERR_FILENO;

				for (size_t i = 0; i < count; i++)
					kept |= keeps[variant][i] == fd;
				if ((fcntl(fd, F_GETFD) >= 0) != kept)
					_exit(10 + fd);
			}
			_exit(0);
		}
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	struct reason why;
	int many[100] = { 0 };
	assert_false(sandbox_close_others(many, 100, &why));
}

/* The grandchild dies with the child: its end of the pipe then closes. */
static void
dies_with_its_parent(void **state)
{
	int ends[2], status = 0;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		pid_t self = getpid();

		if (fork() == 0) {
			if (sandbox_die_with(self, NULL) && write(ends[1], "r", 1) == 1)
				pause();
			_exit(1);
		}
		if (read(ends[0], &byte, 1) != 1 || byte != 'r' || sandbox_die_with(self, NULL))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static int
prepare(void **state)
{
	const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	socklen_t length = sizeof peer;

	(void)state;
	snprintf(folder, sizeof folder, "%s/sandbox-XXXXXX", base);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(inside, sizeof inside, "%s/inside", folder);
	snprintf(outside, sizeof outside, "%s/outside", folder);
	int fd = open(inside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	peer = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(listener, (struct sockaddr *)&peer, sizeof peer) != 0 || listen(listener, 10) != 0
	    || getsockname(listener, (struct sockaddr *)&peer, &length) != 0)
		return -1;
	abstract_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	abstract_name.sun_family = AF_UNIX;
	abstract_length = sizeof abstract_name;
	/* A name of the kernel's choice. */
	if (bind(abstract_listener, (struct sockaddr *)&abstract_name, sizeof(sa_family_t)) != 0
	    || listen(abstract_listener, 10) != 0)
		return -1;
	return getsockname(abstract_listener, (struct sockaddr *)&abstract_name, &abstract_length);
}

static int
clean_up(void **state)
{
	(void)state;
	unlink(inside);
	unlink(outside);
	rmdir(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confines),
		cmocka_unit_test(keeps_what_is_asked_for),
		cmocka_unit_test(rules_the_network),
		cmocka_unit_test(limits_files_and_processes),
		cmocka_unit_test(closes_all_but_some),
		cmocka_unit_test(dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, prepare, clean_up);
}
