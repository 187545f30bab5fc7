/* This host's own name, as EHLO and the headers of messages have it. */
#include "base/own_name.h"

#include <string.h>
#include <unistd.h>

const char *
own_name(const char *helo, char name[static OWN_NAME_MAX])
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	if (helo != NULL)
		return helo;
	memset(name, 0, OWN_NAME_MAX);
	if (gethostname(name, OWN_NAME_MAX - 1) != 0 || name[0] == '\0'
	    || strspn(name, letters) != strlen(name))
		return "postwatch.invalid";
	return name;
}
