/*
 * For the sandbox: puts the seccomp filters of a process in force.
 *
 * Two filters a process: one of libseccomp for the calls, and one of our own for the arguments of
 * socket(2) and socketpair(2), of which libseccomp could not say "all others". Where both refuse a
 * call the later one's error counts.
 */
#include "base/call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitized.h"

enum { ENDS = 0, NAME_MAX_SIZE = 32 };

/*
 * Calls whose arguments do not matter, or are looked at by the functions below: for
 * each group the rights of which one is enough, the error where there is none, and the names,
 * each followed by a blank. What this architecture or this libseccomp does not have is passed over.
 */
static const struct {
	uint32_t rights;
	int refusal; /* ENDS: the call ends the process */
	const char *names;
} rows[] = {
	/* Descriptors. */
	{ CALL_BASE, EPERM,
	    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close "
	    "close_range lseek _llseek dup dup2 dup3 pipe pipe2 poll ppoll ppoll_time64 select "
	    "_newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait "
	    "epoll_pwait epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime "
	    "timerfd_settime64 timerfd_gettime timerfd_gettime64 signalfd4 sendfile sendfile64 "
	    "splice " },
	/* Looking at files, which libraries do without need. */
	{ CALL_BASE, EPERM,
	    "fstat fstat64 stat stat64 lstat lstat64 newfstatat fstatat64 statx access faccessat "
	    "faccessat2 readlink readlinkat getcwd statfs statfs64 fstatfs fstatfs64 getdents "
	    "getdents64 fadvise64 fadvise64_64 readahead umask " },
	/* Memory. */
	{ CALL_BASE, EPERM, "munmap mremap madvise brk msync mlock mlock2 munlock membarrier " },
	/* Time. */
	{ CALL_BASE, EPERM,
	    "clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep "
	    "clock_nanosleep_time64 nanosleep gettimeofday time times alarm setitimer getitimer "
	    "timer_create timer_settime timer_settime64 timer_gettime timer_delete "
	    "timer_getoverrun pause " },
	/* Signals and locks. */
	{ CALL_BASE, EPERM,
	    "rt_sigprocmask rt_sigreturn sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait "
	    "rt_sigtimedwait_time64 sigaltstack restart_syscall futex futex_time64 set_robust_list "
	    "get_robust_list rseq set_tid_address arch_prctl set_thread_area " },
	/* The process itself. */
	{ CALL_BASE, EPERM, "sched_yield sched_getaffinity sched_getparam sched_getscheduler "
	    "sched_get_priority_max sched_get_priority_min getpriority getcpu getrusage getrlimit "
	    "ugetrlimit exit exit_group uname sysinfo getrandom getpid gettid getppid getpgid "
	    "getpgrp getsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 "
	    "getresuid getresgid getgroups capget seccomp landlock_create_ruleset "
	    "landlock_add_rule landlock_restrict_self " },
	/* Sockets. */
	{ CALL_BASE, EPERM,
	    "socket socketpair recvfrom recv recvmsg recvmmsg recvmmsg_time64 shutdown getsockname "
	    "getpeername getsockopt setsockopt " },
	{ CALL_TCP | CALL_UDP | CALL_UNIX | CALL_ROUTES, EPERM, "connect " },
	{ CALL_BINDS, EPERM, "bind " },
	{ CALL_ACCEPTS, EPERM, "accept accept4 " },
	/* Files. */
	{ CALL_FILES | CALL_READS, EACCES, "open openat openat2 fchdir chdir " },
	{ CALL_FILES, EACCES,
	    "creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat "
	    "symlink symlinkat truncate truncate64 ftruncate ftruncate64 fallocate fsync fdatasync "
	    "sync_file_range syncfs flock copy_file_range fgetxattr getxattr " },
	/* SQLite gives its files mode and owner of the database. By a path they are nobody's:
	 * Landlock does not see it, and root's files are all over the system. */
	{ CALL_MODES, EACCES, "fchmod fchown fchown32 " },
	{ 0, EACCES, "chmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchownat utime utimes "
	    "utimensat utimensat_time64 futimesat setxattr lsetxattr fsetxattr removexattr "
	    "lremovexattr fremovexattr " },
	/* What no healthy process makes behind its filter. */
	{ 0, ENDS, "fork vfork execve execveat listen memfd_create memfd_secret " },
};

/* What neither the parent nor any program that a notifier starts needs: to these it fails with
 * EPERM. */
static const char forbidden_to_all[] =
    "ptrace process_vm_readv process_vm_writev pidfd_getfd bpf perf_event_open userfaultfd keyctl "
    "add_key request_key unshare setns mount umount umount2 move_mount open_tree fsopen fsmount "
    "fspick fsconfig mount_setattr pivot_root chroot init_module finit_module delete_module "
    "kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd open_by_handle_at "
    "nfsservctl sethostname setdomainname settimeofday clock_settime clock_settime64 adjtimex "
    "clock_adjtime stime iopl ioperm modify_ldt vhangup lookup_dcookie io_uring_setup "
    "io_uring_enter io_uring_register uselib ustat _sysctl vm86 vm86old ";

/* What is open already has its own calls. */
static const char modes_by_path[]
    = "chmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchownat setxattr lsetxattr "
      "removexattr lremovexattr truncate truncate64 ";

/* As socket(2) has them: the type without its flags. */
static const struct {
	uint32_t right, family, type, protocol;
} sockets[] = {
	{ CALL_TCP, AF_INET, SOCK_STREAM, 0 },
	{ CALL_TCP, AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ CALL_TCP, AF_INET6, SOCK_STREAM, 0 },
	{ CALL_TCP, AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ CALL_UDP, AF_INET, SOCK_DGRAM, 0 },
	{ CALL_UDP, AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ CALL_UDP, AF_INET6, SOCK_DGRAM, 0 },
	{ CALL_UDP, AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ CALL_UNIX, AF_UNIX, SOCK_DGRAM, 0 },
	{ CALL_UNIX, AF_UNIX, SOCK_STREAM, 0 },
	{ CALL_ROUTES, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	{ CALL_ROUTES, AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE },
};

enum {
	NAMES_MAX = 512,
	NEW_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER
	    | CLONE_NEWPID | CLONE_NEWNET,
	TYPE_MASK = 0xf, /* of a socket's type: what is above are flags */
	SET_VMA = 0x53564d41 /* PR_SET_VMA */
};

/* The one context of the signal's handler. */
static struct {
	call_filter_tell *tell;
	void *arg;
	char names[NAMES_MAX][NAME_MAX_SIZE]; /* of forbidden calls, by number */
} handler;

static void
on_forbidden(int signal, siginfo_t *info, void *context)
{
	int number = info->si_syscall;
	bool known = number >= 0 && number < NAMES_MAX && handler.names[number][0] != '\0';

	(void)signal, (void)context;
	if (handler.tell != NULL)
		handler.tell(handler.arg, number, known ? handler.names[number] : "?");
	_exit(CALL_FORBIDDEN_STATUS);
}

/* A filter on its way; what cannot be added is remembered, and asked for once at the end. */
struct filter {
	scmp_filter_ctx context;
	bool failed;
};

static void
add(struct filter *filter, uint32_t action, const char *name, unsigned count,
    const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR || (number < 0 && count == 0))
		return; /* not of this architecture */
	if (action == SCMP_ACT_TRAP && number < NAMES_MAX && number >= 0)
		snprintf(handler.names[number], NAME_MAX_SIZE, "%s", name);
	int fault = seccomp_rule_add_array(filter->context, action, number, count, arguments);
	if (fault != 0 && fault != -EDOM) /* no call of this architecture */
		filter->failed = true;
}

/* LeakSanitizer looks at its process by ptrace(2). */
static void
add_names(struct filter *filter, uint32_t action, const char *names)
{
	char name[NAME_MAX_SIZE];

	for (size_t size; (size = strcspn(names, " ")) > 0; names += size + 1) {
		snprintf(name, sizeof name, "%.*s", (int)size, names);
		if (!SANITIZED || strcmp(name, "ptrace") != 0)
			add(filter, action, name, 0, NULL);
	}
}

/* A call with one argument that is looked at: `value` where `mask` has bits. */
static void
add_if(struct filter *filter, uint32_t action, const char *name, unsigned which,
    scmp_datum_t mask, scmp_datum_t value)
{
	const struct scmp_arg_cmp argument = { which, SCMP_CMP_MASKED_EQ, mask, value };

	add(filter, action, name, 1, &argument);
}

/* An argument that is an int, whose upper half may hold anything. */
static void
add_if_int(struct filter *filter, uint32_t action, const char *name, unsigned which,
    uint32_t value)
{
	add_if(filter, action, name, which, UINT32_MAX, value);
}

/* Memory that is writable or executable, and never both; none becomes executable. Where no library
 * is loaded late none is mapped executable: a process that writes files would map one of its own.
 */
static void
add_memory(struct filter *filter, bool libraries)
{
	static const scmp_datum_t both = PROT_WRITE | PROT_EXEC,
	                          all[] = { 0, PROT_WRITE, PROT_EXEC, PROT_WRITE | PROT_EXEC };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bool refused = all[i] == both || (all[i] == PROT_EXEC && !libraries);
		uint32_t action = refused ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_ALLOW;

		add_if(filter, action, "mmap", 2, both, all[i]);
		add_if(filter, action, "mmap2", 2, both, all[i]);
	}
	add_if(filter, SCMP_ACT_ALLOW, "mprotect", 2, PROT_EXEC, 0);
	add_if(filter, SCMP_ACT_ERRNO(EACCES), "mprotect", 2, PROT_EXEC, PROT_EXEC);
}

/* TCP Fast Open connects while it sends, which Landlock does not see. */
static void
add_sending(struct filter *filter)
{
	static const struct {
		const char *name;
		unsigned flags;
	} calls[] = { { "sendto", 3 }, { "send", 3 }, { "sendmsg", 2 }, { "sendmmsg", 3 } };

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		add_if(filter, SCMP_ACT_ALLOW, calls[i].name, calls[i].flags, MSG_FASTOPEN, 0);
		add_if(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), calls[i].name, calls[i].flags,
		    MSG_FASTOPEN, MSG_FASTOPEN);
	}
}

/* SIGSYS is ours. To itself a process may send signals: abort(3) does. */
static void
add_signals(struct filter *filter)
{
	static const char *const calls[] = { "kill", "tgkill", "rt_sigqueueinfo",
		"rt_tgsigqueueinfo" };
	static const uint32_t refusal = SCMP_ACT_ERRNO(EPERM);
	const struct scmp_arg_cmp self = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 },
	                          other = { 0, SCMP_CMP_NE, (scmp_datum_t)getpid(), 0 };

	add_names(filter, refusal, "tkill pidfd_send_signal pidfd_open ");
	for (int number = 1; number < _NSIG; number++)
		add_if_int(filter, number == SIGSYS ? refusal : SCMP_ACT_ALLOW, "rt_sigaction", 0,
		    (uint32_t)number);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		add(filter, SCMP_ACT_ALLOW, calls[i], 1, &self);
		add(filter, refusal, calls[i], 1, &other);
	}
}

/* Of ioctl(2) and fcntl(2) what libraries ask of descriptors: among the rest is TIOCSTI, by which a
 * process types a user's next command into the terminal that we share, and F_SETOWN, by which the
 * kernel sends another process a signal, SIGKILL too, when something can be read. */
static void
add_itself(struct filter *filter)
{
	static const uint32_t options[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE,
		PR_GET_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_SECCOMP,
		PR_GET_PDEATHSIG, PR_CAPBSET_READ, PR_GET_SECUREBITS, PR_GET_TIMERSLACK,
		PR_SET_TIMERSLACK, SET_VMA };
	static const uint32_t asked[] = { FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ,
		TIOCOUTQ };
	static const uint32_t controls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
		F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW };

	add_if_int(filter, SCMP_ACT_ALLOW, "prlimit64", 0, 0);
	add_if_int(filter, SCMP_ACT_ALLOW, "personality", 0, UINT32_MAX);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		add_if_int(filter, SCMP_ACT_ALLOW, "prctl", 0, options[i]);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		add_if_int(filter, SCMP_ACT_ALLOW, "ioctl", 1, asked[i]);
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
		add_if_int(filter, SCMP_ACT_ALLOW, "fcntl", 1, controls[i]);
		add_if_int(filter, SCMP_ACT_ALLOW, "fcntl64", 1, controls[i]);
	}
}

/* A sanitizer makes calls of its own when it has something to say, and starts processes for it: in
 * such a build only what no sanitizer makes is forbidden. */
static void
add_all(struct filter *filter, uint32_t rights)
{
	/* A library that would like a thread is told that there is none to be had. clone3 is no
	 * row: its flags cannot be looked at. */
	uint32_t thread = rights & CALL_THREADS ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EAGAIN);

	add_names(filter, SCMP_ACT_TRAP, forbidden_to_all);
	if (SANITIZED)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t refusal = rows[i].refusal == ENDS
		    ? SCMP_ACT_TRAP
		    : SCMP_ACT_ERRNO((uint32_t)rows[i].refusal);

		add_names(filter, (rows[i].rights & rights) != 0 ? SCMP_ACT_ALLOW : refusal,
		    rows[i].names);
	}
	add_memory(filter, (rights & CALL_LIBRARIES) != 0);
	add_sending(filter);
	add_signals(filter);
	add_itself(filter);
	add_if(filter, thread, "clone", 0, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD);
	add_if(filter, SCMP_ACT_TRAP, "clone", 0, CLONE_THREAD, 0);
}

/* Where the lower half of an argument lies. */
static uint32_t
argument(unsigned which)
{
	uint32_t at = (uint32_t)(offsetof(struct seccomp_data, args) + which * sizeof(uint64_t));

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? at + 4 : at;
}

/* By hand: for each socket that there is a right to, three comparisons; behind the last, the
 * refusal. A pair of sockets is one of streams, as libraries wake themselves by: one of datagrams
 * could be turned to any other socket (unix(7)). */
static bool
filter_sockets(uint32_t rights, struct reason *why)
{
	enum { HEAD = 10, EACH = 8 };
	struct sock_filter program[HEAD + EACH * sizeof sockets / sizeof *sockets + 1];
	unsigned short size = 0;

#define LOAD(at)             BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define EQUAL(value, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise)
#define RETURN(what)         BPF_STMT(BPF_RET | BPF_K, what)
	const struct sock_filter refusal = RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
	                         head[HEAD]
	    = { LOAD(offsetof(struct seccomp_data, nr)),
		      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, HEAD - 2, 0),
		      EQUAL(SYS_socketpair, 5), LOAD(argument(0)), EQUAL(AF_UNIX, 4),
		      LOAD(argument(1)), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TYPE_MASK),
		      EQUAL(SOCK_STREAM, 1), RETURN(SECCOMP_RET_ALLOW), refusal };

	memcpy(program, head, sizeof head);
	size = HEAD;
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		const struct sock_filter one[EACH] = { LOAD(argument(0)),
			EQUAL(sockets[i].family, 6), LOAD(argument(1)),
			BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TYPE_MASK), EQUAL(sockets[i].type, 3),
			LOAD(argument(2)), EQUAL(sockets[i].protocol, 1),
			RETURN(SECCOMP_RET_ALLOW) };

		if ((sockets[i].right & rights) != 0) {
			memcpy(program + size, one, sizeof one);
			size += EACH;
		}
	}
	program[size++] = refusal;
#undef LOAD
#undef EQUAL
#undef RETURN
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){ size, program }) == 0)
		return true;
	return reason_set(why, "sockets cannot be filtered: %s", strerror(errno));
}

bool
call_filter_is_there(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Under valgrind there is no seccomp(2), and what prctl(2) sets instead confines valgrind itself,
 * which then cannot go on. */
static bool
begin(struct filter *filter, uint32_t others, bool *entered, struct reason *why)
{
	*entered = false;
	*filter = (struct filter){ .failed = false };
	if (!call_filter_is_there())
		return reason_set(why, "this system has no filter of system calls");
	reason_set(why, "no memory for the filter of system calls");
	filter->context = seccomp_init(others);
	return filter->context != NULL;
}

/* Loads the filter, and gives it back. libseccomp makes an error of its own of the kernel's unless
 * that is asked for. *entered: false where there are no filters. */
static bool
finish(struct filter *filter, bool *entered, struct reason *why)
{
	static const int refusals[] = { ENOSYS, EINVAL, EPERM, EACCES, ECANCELED };
	bool good = false;
	int fault = 0;

	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_API_SYSRAWRC, 1);
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_NNP, 0);
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* A call by another table of calls (i386, x32) ends all threads. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (filter->failed)
		reason_set(why, "a rule cannot be added to the filter of system calls");
	else {
		fault = seccomp_load(filter->context);
		*entered = good = fault == 0;
	}
	seccomp_release(filter->context);
	if (fault != 0)
		reason_set(why, "system calls cannot be filtered: %s", strerror(-fault));
	for (size_t i = 0; fault != 0 && i < sizeof refusals / sizeof *refusals; i++)
		good |= fault == -refusals[i];
	return good;
}

bool
call_filter_enter(uint32_t rights, call_filter_tell *tell, void *arg, bool *entered,
    struct reason *why)
{
	const struct sigaction action = { .sa_sigaction = on_forbidden,
		.sa_flags = SA_SIGINFO | SA_NODEFER };
	struct filter filter;
	sigset_t set;

	if (!begin(&filter, SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS), entered, why))
		return !call_filter_is_there();
	handler.tell = tell;
	handler.arg = arg;
	(void)sigaction(SIGSYS, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	add_all(&filter, rights);
	return finish(&filter, entered, why) && (!*entered || filter_sockets(rights, why));
}

bool
call_filter_enter_parent(bool *entered, struct reason *why)
{
	struct filter filter;

	if (!begin(&filter, SCMP_ACT_ALLOW, entered, why))
		return !call_filter_is_there();
	add_names(&filter, SCMP_ACT_ERRNO(EPERM), forbidden_to_all);
	return finish(&filter, entered, why);
}

/* To itself, which is process 0, a process may do what it likes; others of its user are none of its
 * business. clone3(2) has its flags where they cannot be looked at: libraries do without it. */
bool
call_filter_enter_program(bool *entered, struct reason *why)
{
	static const struct {
		const char *name;
		unsigned which; /* of the arguments is the process */
	} calls[] = { { "prlimit64", 0 }, { "sched_setaffinity", 0 }, { "sched_setscheduler", 0 },
		{ "sched_setparam", 0 }, { "sched_setattr", 0 }, { "setpriority", 1 },
		{ "ioprio_set", 1 }, { "migrate_pages", 0 }, { "move_pages", 0 } };
	static const uint32_t refusal = SCMP_ACT_ERRNO(EPERM);
	struct filter filter;

	if (!begin(&filter, SCMP_ACT_ALLOW, entered, why))
		return !call_filter_is_there();
	add_names(&filter, refusal, forbidden_to_all);
	add_names(&filter, refusal, modes_by_path);
	add_names(&filter, SCMP_ACT_ERRNO(ENOSYS), "clone3 ");
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const struct scmp_arg_cmp other = { calls[i].which, SCMP_CMP_NE, 0, 0 };

		add(&filter, refusal, calls[i].name, 1, &other);
	}
	for (scmp_datum_t flag = 1; flag <= NEW_NAMESPACES; flag <<= 1)
		if ((flag & NEW_NAMESPACES) != 0)
			add_if(&filter, refusal, "clone", 0, flag, flag);
	return finish(&filter, entered, why);
}
