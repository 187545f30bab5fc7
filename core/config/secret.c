/*
 * For the reading of a configuration: checks the files that hold secrets: their owner and mode.
 * Only the path of a secret is kept: the process that needs the secret reads the file, so that no
 * other process ever has it in its memory.
 */
#include "config/secret.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/input.h"
#include "config/service.h"

static bool
is_regular_file(const char *path, struct stat *status, struct reason *why)
{
	if (stat(path, status) < 0)
		return reason_set(why, "cannot be read: %s", strerror(errno));
	return S_ISREG(status->st_mode) || reason_set(why, "is not a regular file");
}

static bool
is_guarded_secret(const char *path, uid_t owner, struct reason *why)
{
	struct stat status;

	if (!is_regular_file(path, &status, why))
		return false;
	if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		return reason_set(why,
		    "is open to others (mode %04o): make it 0600, or 0640 for a group",
		    (unsigned)status.st_mode & 07777);
	return status.st_uid == 0 || status.st_uid == geteuid() || status.st_uid == owner
	    || reason_set(why, "belongs to user %u: it has to be root's or our own",
	        (unsigned)status.st_uid);
}

/*
 * Outside the service, as in `postwatch check`: the file that systemd would load. A credential that
 * is encrypted, or whose value stands in the unit itself, has no file to look at and is taken to be
 * there.
 */
bool
secret_find_file(struct arena *arena, uid_t owner, const char *from, const char *text,
    const char **path, struct reason *why)
{
	const size_t prefix = strlen(SECRET_CREDENTIAL);
	const char *folder = getenv("CREDENTIALS_DIRECTORY"), *name;
	char loaded[PATH_MAX];
	struct stat status;
	char *joined;

	if (strncmp(text, SECRET_CREDENTIAL, prefix) != 0) {
		*path = path_absolute(arena, from, text);
		return is_guarded_secret(*path, owner, why);
	}
	name = text + prefix;
	if (folder != NULL) {
		joined = arena_alloc(arena, strlen(folder) + strlen(text));
		stpcpy(stpcpy(stpcpy(joined, folder), "/"), name);
		*path = joined;
		return is_regular_file(
		    *path, &status, why); /* its owner and mode are systemd's affair */
	}
	if (!service_credential(name, loaded))
		return reason_set(why,
		    "is what systemd loads, and postwatch.service loads none called %s: `systemctl "
		    "edit postwatch`, [Service], LoadCredential=%s:%s/%s",
		    name, name, PW_SYSCONF_DIR, name);
	*path = arena_strdup(arena, loaded[0] == '\0' ? name : loaded);
	return loaded[0] == '\0' || is_guarded_secret(*path, owner, why);
}
