/*
 * For settings: checks and normalizes host names (IDNA) and address literals. No other file calls
 * libidn2. It lets through empty labels and names that are too long, and with its STD3 flag it
 * drops bytes without a word: what comes out of it is checked here.
 */
#include "config/host.h"

#include <assert.h>
#include <ctype.h>
#include <idn2.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { NAME_MAX_SIZE = 253, LABEL_MAX_SIZE = 63, WRITTEN_MAX = 1000 };

/*
 * An underscore is no part of a host name (RFC 952), and there are mail servers with one in their
 * names. A last label of digits makes an address to many programs, and this one is none (RFC 3696,
 * section 2).
 */
static bool
is_name(const char *name, struct reason *why)
{
	const char *label = name;

	if (strlen(name) > NAME_MAX_SIZE)
		return reason_set(why, "is longer than %d bytes", NAME_MAX_SIZE);
	for (size_t size, good;; label += size + 1) {
		size = strcspn(label, ".");
		good = strspn(label, LETTERS DIGITS "-_");
		if (size == 0)
			return reason_set(why, "has an empty part between dots");
		if (size > LABEL_MAX_SIZE)
			return reason_set(
			    why, "has a part of %zu bytes: %d are the most", size, LABEL_MAX_SIZE);
		if (label[0] == '-' || label[size - 1] == '-')
			return reason_set(why, "has a part that begins or ends with '-'");
		if (good < size)
			return reason_set(why, "is no host name: it has a '%c' (\\x%02x) in it",
			    isprint((unsigned char)label[good]) ? label[good] : '?',
			    (unsigned)(unsigned char)label[good]);
		if (label[size] == '\0')
			break;
	}
	return (label[strspn(label, DIGITS)] != '\0'
	           && (strncasecmp(label, "0x", 2) != 0
	               || label[2 + strspn(label + 2, DIGITS "abcdefABCDEF")] != '\0'))
	    || reason_set(why, "is neither an address nor a name");
}

/* Lower case, without the root's dot; international names by IDNA. Returns NULL with a reason. */
static const char *
to_ascii(struct arena *arena, const char *text, struct reason *why)
{
	size_t size = strlen(text), ascii = 0;
	char *name, *made = NULL;
	int error;

	while (ascii < size && (unsigned char)text[ascii] < 0x80)
		ascii++;
	if (ascii == size) {
		name = arena_bytes(arena, text, size);
	} else {
		error = idn2_to_ascii_8z(text, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (error != IDN2_OK) {
			reason_set(why, "is no international name: %s", idn2_strerror(error));
			return NULL;
		}
		name = arena_strdup(arena, made);
		idn2_free(made);
		size = strlen(name);
	}
	if (size > 1 && name[size - 1] == '.')
		name[--size] = '\0';
	for (size_t i = 0; i < size; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	assert(strlen(name) == size);
	return is_name(name, why) ? name : NULL;
}

bool
host_parse(
    struct arena *arena, const char *text, size_t size, struct host *host, struct reason *why)
{
	char written[WRITTEN_MAX + 1];

	*host = (struct host){ 0 };
	if (size >= 2 && text[0] == '[' && text[size - 1] == ']')
		text++, size -= 2;
	if (size == 0 || size > WRITTEN_MAX || memchr(text, '\0', size) != NULL)
		return reason_set(why, size == 0 ? "is empty" : "is no host name");
	assert(size < sizeof written);
	memcpy(written, text, size);
	written[size] = '\0';
	if (address_parse(written, 0, &host->address)) {
		if (address_is_forbidden(&host->address))
			return reason_set(why, "is %s, which cannot be probed",
			    address_class_name(address_class(&host->address)));
		/* The canonical form, so that ::1 and 0:0::1 are one target. */
		host->is_literal = true;
		host->ascii = arena_strdup(arena, ADDRESS(&host->address));
	} else if ((host->ascii = to_ascii(arena, written, why)) == NULL) {
		return false;
	}
	host->shown = strcmp(host->ascii, written) == 0 ? host->ascii
	                                                : arena_strdup(arena, written);
	return true;
}

/* RFC 5321, section 4.1.3: an address is written as a literal in brackets. */
bool
helo_parse(struct arena *arena, const char *text, const char **helo, struct reason *why)
{
	size_t size = strlen(text);
	bool is_bracketed = size > 2 && text[0] == '[' && text[size - 1] == ']';
	struct host host;

	if (is_bracketed && strncasecmp(text + 1, "IPv6:", 5) == 0) {
		struct text inside = TEXT_ROOM(ADDRESS_TEXT_MAX);

		text_add_bytes(&inside, text + 6, size - 7);
		if (address_parse(inside.bytes, 0, &host.address) && !address_is_ipv4(&host.address)) {
			*helo = arena_strdup(arena, text);
			return true;
		}
		return reason_set(why, "holds no IPv6 address");
	}
	if (!host_parse(arena, text, size, &host, why))
		return false;
	if (host.is_literal != is_bracketed || (is_bracketed && !address_is_ipv4(&host.address)))
		return reason_set(
		    why, "is an address: in EHLO it is written [192.0.2.1] or [IPv6:2001:db8::1]");
	*helo = is_bracketed ? arena_strdup(arena, text) : host.ascii;
	return true;
}
