/* Parses "host:port", "[v6]:port" and the like as people write them. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

/* What was written, as far as a reason has room for it. */
static void
refuse(struct reason *why, const char *text, size_t size, const char *fault)
{
	char shown[80];
	struct text escaped = TEXT_OVER(shown);

	if (why == NULL)
		return;
	text_escape(&escaped, (struct pw_bytes){ text, size });
	reason_set(why, "\"%s%s\": %s", shown, escaped.cut ? "…" : "", fault);
}

static bool
parse_port(const char *digits, size_t size, uint16_t *port)
{
	unsigned value = 0;

	for (size_t i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		value = value * 10 + (unsigned)(digits[i] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*port = (uint16_t)value;
	return value > 0;
}

static bool
is_literal6(const char *text, size_t size)
{
	char literal[INET6_ADDRSTRLEN];
	struct in6_addr bytes;
	const char *percent = memchr(text, '%', size);
	size_t length = percent == NULL ? size : (size_t)(percent - text);

	if (length >= sizeof literal || percent == text + size - 1)
		return false;
	memcpy(literal, text, length);
	literal[length] = '\0';
	return inet_pton(AF_INET6, literal, &bytes) == 1;
}

/* What is wrong, or NULL. */
static const char *
split(const char *text, size_t size, struct endpoint *made)
{
	const char *end = text + size, *colon = memchr(text, ':', size);
	bool brackets = size > 0 && text[0] == '[';

	if (brackets) {
		const char *close = memchr(text, ']', size);

		if (close == NULL)
			return "the bracket is not closed";
		made->host = text + 1;
		made->host_size = (size_t)(close - made->host);
		made->is_literal6 = is_literal6(made->host, made->host_size);
		colon = close + 1 < end ? close + 1 : NULL;
		if (!made->is_literal6)
			return "brackets are for IPv6 addresses, and this is none";
		if (colon != NULL && *colon != ':')
			return "behind the bracket comes :port or nothing";
	} else {
		if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
			made->is_literal6 = is_literal6(text, size);
			colon = NULL;
			if (!made->is_literal6)
				return "not an IPv6 address; write host, host:port or [IPv6]:port";
		}
		made->host = text;
		made->host_size = colon == NULL ? size : (size_t)(colon - text);
	}
	if (made->host_size == 0)
		return "there is no host";
	if (colon != NULL && !parse_port(colon + 1, (size_t)(end - colon - 1), &made->port))
		return "a port is a number from 1 to 65535";
	return NULL;
}

bool
endpoint_parse(const char *text, size_t size, struct endpoint *endpoint, struct reason *why)
{
	struct endpoint made = { .host = NULL };
	const char *fault = split(text, size, &made);

	if (fault != NULL) {
		refuse(why, text, size, fault);
		return false;
	}
	*endpoint = made;
	return true;
}
