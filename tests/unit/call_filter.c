/* The filter of system calls: for each duty's rights, what is forbidden is tried in a child of its own, and what it needs works. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/sanitized.h"

enum { NOT_THERE = 77, OUTPUT_MAX = 256 };

static const struct {
	const char *name;
	uint32_t rights;
} duties[] = {
	{ "keeper", CALLS_OF_KEEPER },
	{ "monitor", CALLS_OF_MONITOR },
	{ "prober", CALLS_OF_PROBER },
	{ "gate", CALLS_OF_GATE },
	{ "notifier beside a gate", CALLS_BESIDE_GATE },
	{ "web", CALLS_OF_WEB },
	{ "notifier with threads",
	    CALL_BASE | CALL_READS | CALL_TCP | CALL_UDP | CALL_ROUTES | CALL_BINDS | CALL_LIBRARIES | CALL_THREADS },
};

static void
tell(void *arg, int number, const char *name)
{
	char line[64];
	int size = snprintf(line, sizeof line, "%s %d", name, number);

	(void)!write(*(int *)arg, line, (size_t)size);
}

/* What the call ended with: 0 it worked, an error; CALL_FORBIDDEN_STATUS or above for the end of the process. */
static int
try_with(uint32_t rights, long (*call)(void), char said[OUTPUT_MAX])
{
	int status, ends[2];
	ssize_t size;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct reason why;
		bool entered;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || (!call_filter_enter(rights, tell, &ends[1], &entered, &why) && fprintf(stderr, "%s\n", why.text)))
			_exit(255);
		if (!entered)
			_exit(NOT_THERE);
		errno = 0;
		long result = call();
		_exit(result >= 0 ? 0 : errno);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	size = read(ends[0], said, OUTPUT_MAX - 1);
	said[size < 0 ? 0 : size] = '\0';
	close(ends[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

#define CALL(name, expression) static long name(void) { return (long)(expression); }
CALL(try_fork, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
CALL(try_namespace, syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0))
CALL(try_execve, execl("/bin/true", "true", (char *)NULL))
CALL(try_listen, listen(0, 1))
CALL(try_unshare, unshare(CLONE_NEWUSER))
CALL(try_ptrace, ptrace(PTRACE_SEIZE, getppid(), 0, 0))
CALL(try_memfd, memfd_create("x", 0))
CALL(try_io_uring, syscall(SYS_io_uring_setup, 1, 0))
CALL(try_bpf, syscall(SYS_bpf, 0, 0, 0))
CALL(try_keyctl, syscall(SYS_keyctl, 0, -3, 1))
CALL(try_userfaultfd, syscall(SYS_userfaultfd, 0))
CALL(try_mount, syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, 0))
CALL(try_perf, syscall(SYS_perf_event_open, 0, 0, 0, 0, 0))
CALL(try_clone3, syscall(SYS_clone3, 0, 0))
CALL(try_unknown, syscall(451))
CALL(try_far_future, syscall(511))
CALL(try_wx, mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0)
CALL(try_kill, kill(getppid(), 0))
CALL(try_raw, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
CALL(try_mptcp, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262))
CALL(try_sctp, socket(AF_INET, SOCK_STREAM, 132))
CALL(try_udplite, socket(AF_INET6, SOCK_DGRAM, 136))
CALL(try_packet, socket(AF_PACKET, SOCK_RAW, 0))
CALL(try_vsock, socket(40, SOCK_STREAM, 0))
CALL(try_alg, socket(38, SOCK_SEQPACKET, 0))
CALL(try_netlink_audit, socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT))
CALL(try_sigsys, signal(SIGSYS, SIG_DFL) == SIG_ERR ? -1 : 0)
CALL(try_sigsys_high, syscall(SYS_rt_sigaction, 0x100000000L + SIGSYS, 0, 0, 8))
CALL(try_dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
CALL(try_tiocsti, ioctl(0, TIOCSTI, "x"))
CALL(try_unix, socket(AF_UNIX, SOCK_STREAM, 0))
CALL(try_tcp, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP))
CALL(try_udp, socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0))
CALL(try_routes, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE))
CALL(try_open, open("/dev/null", O_RDONLY))
CALL(try_unlink, unlink("/nonexistent/file"))

CALL(try_code, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0)
CALL(try_owner, fcntl(0, F_SETOWN, getppid()))
CALL(try_signal_of_owner, fcntl(0, F_SETSIG, SIGKILL))
CALL(try_mode, chmod("/nonexistent/file", 0600))
CALL(try_open_mode, fchmod(-1, 0600))
CALL(try_watch, syscall(SYS_inotify_init1, 0))
CALL(try_bind, bind(-1, NULL, 0))

static long
try_datagrams(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static long
send_fast(int kind)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct iovec part = { "x", 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1 } };

	if (kind == 0)
		return sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to);
	return kind == 1 ? sendmsg(fd, &message.msg_hdr, MSG_FASTOPEN) : sendmmsg(fd, &message, 1, MSG_FASTOPEN);
}
CALL(try_fast_sendto, send_fast(0))
CALL(try_fast_sendmsg, send_fast(1))
CALL(try_fast_sendmmsg, send_fast(2))

static int
idle(void *arg)
{
	return arg != NULL;
}

static long
try_thread(void)
{
	thrd_t thread;

	if (thrd_create(&thread, idle, NULL) == thrd_success)
		return thrd_join(thread, NULL) == thrd_success ? 0 : -1;
	errno = EAGAIN; /* which thrd_create(3) does not tell */
	return -1;
}

/* What libraries do all the time. */
static long
try_daily_life(void)
{
	struct rlimit limit;
	struct timespec now, moment = { 0, 1000 };
	void *memory = malloc(1 << 20);
	int ends[2];

	if (memory == NULL || getrlimit(RLIMIT_NOFILE, &limit) != 0 || clock_gettime(CLOCK_MONOTONIC, &now) != 0 || nanosleep(&moment, NULL) != 0
	    || pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_GETFD) < 0 || signal(SIGUSR1, SIG_IGN) == SIG_ERR || raise(SIGUSR1) != 0
	    || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0
	    || prctl(PR_SET_NAME, "renamed") != 0 || access("/", F_OK) != 0 || getpid() <= 0)
		return -1;
	free(memory);
	return 0;
}

struct attempt {
	const char *name;
	long (*call)(void);
	int error;        /* CALL_FORBIDDEN_STATUS: it ends */
	uint32_t unless;  /* with one of these rights it is not refused */
};

static const struct attempt attempts[] = {
	{ "clone", try_fork, CALL_FORBIDDEN_STATUS, 0 },
	{ "clone", try_namespace, CALL_FORBIDDEN_STATUS, 0 },
	{ "execve", try_execve, CALL_FORBIDDEN_STATUS, 0 },
	{ "listen", try_listen, CALL_FORBIDDEN_STATUS, 0 },
	{ "unshare", try_unshare, CALL_FORBIDDEN_STATUS, 0 },
	{ "ptrace", try_ptrace, CALL_FORBIDDEN_STATUS, 0 },
	{ "memfd_create", try_memfd, CALL_FORBIDDEN_STATUS, 0 },
	{ "io_uring_setup", try_io_uring, CALL_FORBIDDEN_STATUS, 0 },
	{ "bpf", try_bpf, CALL_FORBIDDEN_STATUS, 0 },
	{ "keyctl", try_keyctl, CALL_FORBIDDEN_STATUS, 0 },
	{ "userfaultfd", try_userfaultfd, CALL_FORBIDDEN_STATUS, 0 },
	{ "mount", try_mount, CALL_FORBIDDEN_STATUS, 0 },
	{ "perf_event_open", try_perf, CALL_FORBIDDEN_STATUS, 0 },
	{ "clone3", try_clone3, ENOSYS, 0 },
	{ "a call of later kernels", try_unknown, ENOSYS, 0 },
	{ "a call that is none", try_far_future, ENOSYS, 0 },
	{ "memory that is writable and executable", try_wx, EACCES, 0 },
	{ "a signal to the parent", try_kill, EPERM, 0 },
	{ "a raw socket", try_raw, EAFNOSUPPORT, 0 },
	{ "MPTCP", try_mptcp, EAFNOSUPPORT, 0 },
	{ "SCTP", try_sctp, EAFNOSUPPORT, 0 },
	{ "UDP-Lite", try_udplite, EAFNOSUPPORT, 0 },
	{ "packets", try_packet, EAFNOSUPPORT, 0 },
	{ "vsock", try_vsock, EAFNOSUPPORT, 0 },
	{ "the kernel's cryptography", try_alg, EAFNOSUPPORT, 0 },
	{ "the audit", try_netlink_audit, EAFNOSUPPORT, 0 },
	{ "another handler of SIGSYS", try_sigsys, EPERM, 0 },
	{ "the same by a wide number", try_sigsys_high, EPERM, 0 },
	{ "its memory to others", try_dumpable, ENOSYS, 0 },
	{ "typing into the terminal", try_tiocsti, ENOSYS, 0 },
	{ "sockets of UNIX", try_unix, EAFNOSUPPORT, CALL_UNIX },
	{ "TCP", try_tcp, EAFNOSUPPORT, CALL_TCP },
	{ "UDP", try_udp, EAFNOSUPPORT, CALL_UDP },
	{ "routes", try_routes, EAFNOSUPPORT, CALL_ROUTES },
	{ "opening a file", try_open, EACCES, CALL_FILES | CALL_READS },
	{ "removing a file", try_unlink, EACCES, CALL_FILES },
	{ "code", try_code, EACCES, CALL_LIBRARIES },
	{ "signals to others by a descriptor", try_owner, ENOSYS, 0 },
	{ "a signal of its choice by a descriptor", try_signal_of_owner, ENOSYS, 0 },
	{ "a pair of sockets that can be turned to others", try_datagrams, EAFNOSUPPORT, 0 },
	{ "the mode of a file that it does not have open", try_mode, EACCES, 0 },
	{ "the mode of what it has open", try_open_mode, EACCES, CALL_MODES },
	{ "watching files of others", try_watch, ENOSYS, 0 },
	{ "an address of its own", try_bind, EPERM, CALL_BINDS },
	{ "TCP Fast Open by sendto", try_fast_sendto, EOPNOTSUPP, 0 },
	{ "TCP Fast Open by sendmsg", try_fast_sendmsg, EOPNOTSUPP, 0 },
	{ "TCP Fast Open by sendmmsg", try_fast_sendmmsg, EOPNOTSUPP, 0 },
};

static void
each_duty_has_its_rights(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	for (size_t i = 0; i < sizeof duties / sizeof *duties; i++) {
		char said[OUTPUT_MAX];

		assert_int_equal(try_with(duties[i].rights, try_daily_life, said), 0);
		for (size_t j = 0; j < sizeof attempts / sizeof *attempts; j++) {
			const struct attempt *one = &attempts[j];
			bool granted = (one->unless & duties[i].rights) != 0;
			int error = try_with(duties[i].rights, one->call, said);

			if (granted ? error == one->error : error != one->error)
				fail_msg("%s: %s ends with %d (%s), and says \"%s\"", duties[i].name, one->name, error, strerror(error), said);
			if (error == CALL_FORBIDDEN_STATUS && strncmp(said, one->name, strlen(one->name)) != 0)
				fail_msg("%s: %s: says \"%s\"", duties[i].name, one->name, said);
			assert_true(error == CALL_FORBIDDEN_STATUS || said[0] == '\0');
		}
	}
}

static void
threads_are_a_right(void **state)
{
	char said[OUTPUT_MAX];

	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(try_with(CALL_BASE | CALL_THREADS, try_thread, said), 0);
	assert_int_equal(try_with(CALL_BASE, try_thread, said), EAGAIN);
}

/* In a build with sanitizers, too, what no sanitizer makes is forbidden. */
static void
some_are_forbidden_in_each_build(void **state)
{
	char said[OUTPUT_MAX];

	(void)state;
	assert_int_equal(try_with(CALL_BASE, try_bpf, said), CALL_FORBIDDEN_STATUS);
	assert_int_equal(try_with(CALL_BASE, try_mptcp, said), EAFNOSUPPORT);
	assert_int_equal(try_with(CALL_BASE, try_daily_life, said), 0);
}

/* What the parent forbids fails in it; it starts processes and programs, and these have their own filters beside it. */
static void
the_parent_starts_processes(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct reason why;
		bool entered;
		int ended;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !call_filter_enter_parent(&entered, &why))
			_exit(1);
		if (!entered)
			_exit(NOT_THERE);
		if (try_bpf() != -1 || errno != EPERM || unshare(CLONE_NEWUSER) != -1 || errno != EPERM)
			_exit(2);
		pid_t program = fork();
		if (program == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(3);
		}
		if (program < 0 || waitpid(program, &ended, 0) != program || ended != 0)
			_exit(4);
		program = fork();
		if (program == 0) {
			if (!call_filter_enter(CALL_BASE, NULL, NULL, &entered, &why))
				_exit(5);
			try_bpf();
			_exit(6);
		}
		if (program < 0 || waitpid(program, &ended, 0) != program || WEXITSTATUS(ended) != CALL_FORBIDDEN_STATUS)
			_exit(7);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_duty_has_its_rights),
		cmocka_unit_test(threads_are_a_right),
		cmocka_unit_test(some_are_forbidden_in_each_build),
		cmocka_unit_test(the_parent_starts_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
