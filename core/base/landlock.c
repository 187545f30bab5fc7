/*
 * For the sandbox of each process: restricts file and network access by Landlock. Numbers and
 * structs are our own: the headers of the machine that compiles are older than the kernels that
 * run, and what a kernel can do is asked at run time.
 */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_ALL_1 = (1 << 13) - 1, /* version 1: the above, removing and making of all kinds */
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_REGULAR = 1 << 8,
	FS_MAKE_BLOCK = 1 << 11,
	FS_REFER = 1 << 13,     /* version 2 */
	FS_TRUNCATE = 1 << 14,  /* version 3 */
	FS_IOCTL_DEV = 1 << 15, /* version 5 */
	NET_BIND_TCP = 1 << 0,  /* version 4 */
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_SOCKETS = 1 << 0, /* version 6 */
	SCOPE_SIGNALS = 1 << 1
};

/* Of files that are no folders only these make sense. */
enum { FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV };

struct ruleset {
	uint64_t fs;
	uint64_t net;   /* version 4 */
	uint64_t scope; /* version 6 */
};

struct path_rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

static uint64_t
rights(const struct sandbox_path *path, const struct stat *status, uint64_t known)
{
	uint64_t allowed = FS_READ_FILE | FS_READ_DIR;

	if (path->access == SANDBOX_EXECUTE)
		allowed |= FS_EXECUTE;
	if (path->access == SANDBOX_MAKE)
		allowed |= known & (FS_WRITE_FILE | FS_MAKE_REGULAR | FS_TRUNCATE);
	if (path->access == SANDBOX_WRITE)
		allowed = known & ~(uint64_t)(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK
		    | FS_IOCTL_DEV);
	if (path->access == SANDBOX_RUN)
		allowed |= FS_EXECUTE;
	if (path->access == SANDBOX_ALL)
		allowed = known & ~(uint64_t)(FS_MAKE_CHAR | FS_MAKE_BLOCK);
	if (!S_ISDIR(status->st_mode))
		allowed &= FS_OF_FILES;
	return allowed;
}

static bool
allow_path(int rules, const struct sandbox_path *path, uint64_t known, struct reason *why)
{
	struct path_rule rule = { .folder = open(
		path->path, O_PATH | O_CLOEXEC | (path->access >= SANDBOX_RUN ? O_NOFOLLOW : 0)) };
	struct stat status;
	bool added = false;

	if (rule.folder < 0 && path->optional)
		return true;
	if (rule.folder >= 0 && fstat(rule.folder, &status) == 0) {
		added = S_ISLNK(status.st_mode);
		rule.allowed = rights(path, &status, known);
		added = added
		    || syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0) == 0;
	}
	if (!added)
		reason_set(why, "cannot keep access to %s: %s", path->path, strerror(errno));
	if (rule.folder >= 0)
		close(rule.folder);
	return added;
}

static bool
allow_port(int rules, uint64_t allowed, uint64_t port, struct reason *why)
{
	const struct port_rule rule = { allowed, port };

	if (syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) == 0)
		return true;
	return reason_set(why, "cannot keep the right to %s: %s",
	    allowed == NET_BIND_TCP ? "bind" : "connect", strerror(errno));
}

static bool
add_rules(int fd, const struct sandbox *sandbox, const struct ruleset *rules, struct reason *why)
{
	for (size_t i = 0; i < sandbox->path_count; i++)
		if (!allow_path(fd, &sandbox->paths[i], rules->fs, why))
			return false;
	if (rules->net == 0 || sandbox->network == SANDBOX_NO_TCP)
		return true;
	for (uint32_t port = 1; sandbox->ports != NULL && port <= UINT16_MAX; port++)
		if (sandbox_ports_has(sandbox->ports, (uint16_t)port)
		    && !allow_port(fd, NET_CONNECT_TCP, port, why))
			return false;
	/* Port 0 to bind is the kernel's choice of one. */
	return sandbox->network != SANDBOX_CONNECTS_FROM || allow_port(fd, NET_BIND_TCP, 0, why);
}

int
landlock_version(void)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return version < 0 ? 0 : version;
}

bool
landlock_enter(const struct sandbox *sandbox, int *version, struct reason *why)
{
	*version = landlock_version();
	if (*version == 0) {
		reason_set(why, "the kernel offers no Landlock: %s", strerror(errno));
		return true;
	}
	struct ruleset rules = { .fs = FS_ALL_1 };
	/* A kernel refuses a struct that is longer than it knows unless the rest is zero. */
	if (*version >= 2)
		rules.fs |= FS_REFER;
	if (*version >= 3)
		rules.fs |= FS_TRUNCATE;
	if (*version >= 4 && sandbox->network != SANDBOX_ANY_TCP)
		rules.net = NET_BIND_TCP;
	if (*version >= 4 && (sandbox->network == SANDBOX_NO_TCP || sandbox->ports != NULL))
		rules.net |= NET_CONNECT_TCP;
	if (*version >= 5)
		rules.fs |= FS_IOCTL_DEV;
	if (*version >= 6)
		rules.scope = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (fd < 0)
		return reason_set(why, "cannot make a Landlock rule set: %s", strerror(errno));
	bool entered = add_rules(fd, sandbox, &rules, why);
	if (entered && syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
		reason_set(why, "cannot enter Landlock: %s", strerror(errno));
		entered = false;
	}
	close(fd);
	return entered;
}

bool
landlock_keep_signals(bool *kept)
{
	const struct ruleset rules = { .scope = SCOPE_SIGNALS };
	int fd;

	*kept = false;
	if (landlock_version() < 6)
		return true;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (fd < 0)
		return false;
	*kept = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return *kept;
}
