/*
 * Checks the files that hold secrets. Only the path is kept: the process that needs the secret
 * reads it, no other.
 */
#include "config/value_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/input.h"
#include "config/service.h"

static bool
is_file(const char *path, struct stat *status, struct reason *why)
{
	if (stat(path, status) < 0)
		reason_set(why, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(status->st_mode))
		reason_set(why, "is not a regular file");
	else
		return true;
	return false;
}

/* A secret lies in a file that nobody else can read or change. */
static bool
is_guarded(const char *path, struct reason *why)
{
	struct stat status;

	if (!is_file(path, &status, why))
		return false;
	if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		reason_set(why, "is open to others (mode %04o): make it 0600, or 0640 for a group",
		    (unsigned)status.st_mode & 07777);
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		reason_set(why, "belongs to user %u: it has to be root's or our own", (unsigned)status.st_uid);
	else
		return true;
	return false;
}

/* Beside the service, as in `postwatch check`: the file that systemd would load. One that is encrypted, or stands in the unit
 * itself, is believed to be there. */
static bool
take_by_hand(struct arena *arena, const char *name, const char **path, struct reason *why)
{
	char from[PATH_MAX];

	if (!service_credential(name, from)) {
		reason_set(why, "is what systemd loads, and postwatch.service loads none called %s: `systemctl edit postwatch`, [Service], "
		    "LoadCredential=%s:%s/%s", name, name, PW_SYSCONF_DIR, name);
		return false;
	}
	*path = arena_strdup(arena, from[0] == '\0' ? name : from);
	return from[0] == '\0' || is_guarded(*path, why);
}

/* systemd guards the folder of credentials by itself. */
bool
secret_take(struct arena *arena, const char *from, const char *text, const char **path, struct reason *why)
{
	static const char variable[] = "$CREDENTIALS_DIRECTORY/";
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	bool is_credential = strncmp(text, variable, strlen(variable)) == 0;
	struct stat status;

	if (is_credential && folder == NULL)
		return take_by_hand(arena, text + strlen(variable), path, why);
	if (is_credential) {
		char *joined = arena_alloc(arena, strlen(folder) + strlen(text));

		stpcpy(stpcpy(joined, folder), text + strlen(variable) - 1);
		*path = joined;
	} else {
		*path = path_absolute(arena, from, text);
	}
	return is_credential ? is_file(*path, &status, why) : is_guarded(*path, why);
}
