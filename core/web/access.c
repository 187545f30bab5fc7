/*
 * For the web process's HTTP server: checks host names, passwords, tokens and shared secrets of
 * requests, as the configuration has them.
 */
#include "web/access.h"

#include <string.h>

bool
access_is_secret(const char *given, const char *ours)
{
	size_t size = strlen(ours), given_size = strlen(given);
	volatile unsigned char difference = size != given_size;

	for (size_t i = 0; i < size; i++)
		difference |= (unsigned char)(ours[i] ^ given[given_size == 0 ? 0 : i % given_size]);
	return difference == 0;
}

const char *
access_shared_tag(const struct access *access, const char *secret)
{
	const char *tag = NULL;

	for (uint32_t i = 0; i < access->share_count; i++)
		if (access_is_secret(secret, access->shares[i].secret))
			tag = access->shares[i].tag;
	return tag;
}

/* Any name would do for a server that others reach through the reader's browser by a
 * name of theirs (DNS rebinding): so only names of ours, and what no DNS has answered. */
bool
access_has_name(const struct access *access, const char *host)
{
	size_t size = host == NULL ? 0 : host[0] == '[' ? 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") : strcspn(host, ":");

	if (size == 0)
		return false;
	if (host[0] == '[')
		return host[size] == ']' && (host[size + 1] == '\0' || host[size + 1] == ':');
	if (strspn(host, "0123456789.") == size)
		return true;
	if (size == strlen("localhost") && strncasecmp(host, "localhost", size) == 0)
		return true;
	for (uint32_t i = 0; i < access->name_count; i++)
		if (strlen(access->names[i]) == size && strncasecmp(host, access->names[i], size) == 0)
			return true;
	return false;
}
