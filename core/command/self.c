/* What others see of us. These commands run once by hand, so that the system's own blocking resolver is good enough. */
#include "command/self.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A datagram socket that is connected has an address of ours, and nothing has been sent. The destinations are of the
 * ranges for documentation: no packet ever goes there. */
bool
self_address(int family, struct address *own)
{
	struct address to;
	socklen_t length = sizeof *own;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (fd < 0 || !address_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 53, &to))
		return false;
	memset(own, 0, sizeof *own);
	found = connect(fd, &to.any, address_length(&to)) == 0 && getsockname(fd, &own->any, &length) == 0;
	close(fd);
	return found;
}

static bool
is_ours(const struct sockaddr *found)
{
	struct address own;

	if (!self_address(found->sa_family, &own))
		return false;
	if (found->sa_family == AF_INET)
		return ((const struct sockaddr_in *)(const void *)found)->sin_addr.s_addr == own.v4.sin_addr.s_addr;
	return memcmp(&((const struct sockaddr_in6 *)(const void *)found)->sin6_addr, &own.v6.sin6_addr, 16) == 0;
}

static bool
leads_back(const struct addrinfo *found, const char *helo, struct text *text)
{
	char name[NI_MAXHOST] = "";
	int error = getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof name, NULL, 0, NI_NAMEREQD);

	if (error != 0) {
		text_format(text, "the EHLO name %s leads to us, but our address leads back to no name (%s): "
		                  "ask for a PTR record",
		    helo, gai_strerror(error));
		return false;
	}
	if (strcasecmp(name, helo) != 0) {
		text_format(text, "the EHLO name %s leads to us, but our address leads back to ", helo);
		text_escape(text, (struct pw_bytes){ name, strlen(name) });
		return false;
	}
	text_format(text, "the EHLO name %s leads to us and back", helo);
	return true;
}

bool
self_check_helo(const struct config *config, struct text *text)
{
	const char *helo = config->helo;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *ours;
	bool good = false;
	int error;

	if (helo == NULL) {
		text_add(text, "this host has no full name: EHLO will say an address literal, which many servers "
		               "refuse; set `helo`");
		return false;
	}
	error = getaddrinfo(helo, NULL, &hints, &found);
	if (error != 0) {
		text_format(text, "the EHLO name %s does not resolve: %s", helo, gai_strerror(error));
		return false;
	}
	for (ours = found; ours != NULL && !is_ours(ours->ai_addr); ours = ours->ai_next)
		;
	if (ours == NULL)
		text_format(text, "the EHLO name %s does not lead to an address of this machine (behind NAT that may "
		                  "be as it should)",
		    helo);
	else
		good = leads_back(ours, helo, text);
	freeaddrinfo(found);
	return good;
}
