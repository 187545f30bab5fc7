/*
 * The systemd unit of our service: user, credentials, sandbox. It is read from postwatch.service
 * and its drop-ins, as systemd.unit(5) has them found. Commands run by hand ask it where the
 * credentials of the service lie, and as whom the service reads files.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where the file lies that the service loads as this credential (LoadCredential=NAME:PATH). False:
 * it loads none so called; *path is "" where it has no file that can be looked at (it is encrypted,
 * stands in the unit, or has no path). */
bool service_credential(const char *name, char path[PATH_MAX]);

/* As whom the service runs. */
struct service_user {
	bool found; /* there is a unit; without one all below is what one with DynamicUser=yes would
	               have */
	bool root;       /* it reads everything */
	uid_t uid;
	gid_t gid;
	char name[64];   /* of User=, "" where the user is made for it */
};
void service_find_user(struct service_user *);

/* Tries to open each of these files for reading as that user, in a child that gives up our rights;
 * errors[i]: 0, or why not. False: it cannot be tried, as we are not root or are out of processes.
 */
bool service_try_files(
    const struct service_user *, const char *const *paths, size_t count, int *errors);
