/* Finds the daemon's user, and becomes it for good (setresuid(2), capabilities(7), prctl(2)). */
#include "base/identity.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An owner without a name has its number for one: initgroups(3) and chown(1) take it. */
static bool
find_owner(struct identity *identity, const char *state)
{
	struct stat folder;
	const struct passwd *entry;

	if (stat(state, &folder) != 0 || folder.st_uid == 0)
		return false;
	entry = getpwuid(folder.st_uid);
	identity->uid = folder.st_uid;
	identity->gid = entry != NULL ? entry->pw_gid : folder.st_gid;
	if (entry != NULL)
		snprintf(identity->name, sizeof identity->name, "%s", entry->pw_name);
	else
		snprintf(identity->name, sizeof identity->name, "%u", (unsigned)folder.st_uid);
	return true;
}

/* A user that is missing is an error of the configuration, told with the command that mends it. */
bool
identity_find(struct identity *identity, const char *user, const char *state, struct reason *why)
{
	const struct passwd *entry;

	*identity = (struct identity){ .uid = geteuid(), .gid = getegid() };
	if (geteuid() != 0)
		return true;
	if (user == NULL) {
		identity->changes = find_owner(identity, state);
		identity->root = !identity->changes;
		return true;
	}
	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL)
		return reason_set(why, "there is no user %s to run as%s%s: create it: "
		    "useradd --system --user-group --no-create-home --home-dir / --shell "
		    "/usr/sbin/nologin %s", user,
		    errno == 0 ? "" : ", ", errno == 0 ? "" : strerror(errno), user);
	snprintf(identity->name, sizeof identity->name, "%s", user);
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	identity->root = entry->pw_uid == 0;
	identity->changes = !identity->root;
	return true;
}

static bool
refuse(struct reason *why, const char *step)
{
	return reason_set(why, "%s: %s", step, strerror(errno));
}

/* While we may: both need CAP_SETPCAP. A container's root may lack it; then no set holds what the
 * bounding set would let in, as nothing is executed with new privileges. */
static bool
lock_capabilities(struct reason *why)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM)
			return refuse(why, "cannot empty the bounding set");
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED
	    | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE
	    | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0) != 0
	    && errno != EPERM)
		return refuse(why, "cannot lock securebits");
	return true;
}

/* In this order: groups need root, the group goes before the user, and that root cannot be had
 * again is tried and not assumed. */
static bool
change_user(const struct identity *identity, struct reason *why)
{
	if (!lock_capabilities(why))
		return false;
	if (initgroups(identity->name, identity->gid) != 0)
		return refuse(why, "cannot take the groups of the user");
	if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
		return refuse(why, "cannot take the group of the user");
	if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return refuse(why, "cannot become the user (`user = \"root\"` stays what it is)");
	errno = EINVAL;
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0)
		return refuse(why, "root can be had again");
	return true;
}

/* The system calls as such: glibc has none for them. systemd's filter lets a unit look at its sets
 * and not change them; there they are empty already. */
bool
identity_drop_capabilities(struct reason *why)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint32_t held = 0;

	if (syscall(SYS_capget, &header, sets) != 0)
		return refuse(why, "cannot look at capabilities");
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		held |= sets[i].effective | sets[i].permitted | sets[i].inheritable;
	if (held == 0)
		return true;
	memset(sets, 0, sizeof sets);
	return syscall(SYS_capset, &header, sets) == 0
	    || refuse(why, "cannot give up capabilities");
}

/* Tests look into processes, and so do the sanitizers into their own. */
bool
identity_hide_memory(struct reason *why)
{
	return getenv("POSTWATCH_TEST_TRACE") != NULL || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
	    || refuse(why, "cannot hide memory from other processes");
}

bool
identity_become(const struct identity *identity, struct reason *why)
{
	assert(!identity->changes || (!identity->root && identity->uid != 0));
	if (identity->changes && !change_user(identity, why))
		return false;
	if (!identity->root && !identity_drop_capabilities(why))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refuse(why, "cannot give up new privileges");
	return identity_hide_memory(why);
}
