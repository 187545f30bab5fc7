/* Secrets lie in files of their own. What is kept is the path: the process that needs the secret reads it, no other. */
#include "config/value_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/input.h"

/* A secret lies in a file that nobody else can read or change; systemd guards the folder of credentials by itself. */
bool
secret_take(struct arena *arena, const char *from, const char *text, const char **path, struct reason *why)
{
	static const char variable[] = "$CREDENTIALS_DIRECTORY/";
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	bool is_credential = strncmp(text, variable, strlen(variable)) == 0;
	struct stat status;

	if (is_credential && folder == NULL) {
		reason_set(why, "names $CREDENTIALS_DIRECTORY, which is set only where systemd loads credentials");
		return false;
	}
	if (is_credential) {
		char *joined = arena_alloc(arena, strlen(folder) + strlen(text));

		stpcpy(stpcpy(joined, folder), text + strlen(variable) - 1);
		*path = joined;
	} else {
		*path = path_absolute(arena, from, text);
	}
	if (stat(*path, &status) < 0)
		reason_set(why, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		reason_set(why, "is not a regular file");
	else if (is_credential)
		return true;
	else if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		reason_set(why, "is open to others (mode %04o): make it 0600, or 0640 for a group",
		    (unsigned)status.st_mode & 07777);
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		reason_set(why, "belongs to user %u: it has to be root's or our own", (unsigned)status.st_uid);
	else
		return true;
	return false;
}
