/* For the prober's resolver: parses, compares and prints DNS names. */
#include "prober/dns_name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 63, LABELS_MAX = 128 };

bool
dns_name_add_label(struct dns_name *name, const unsigned char *label, size_t size)
{
	if (size == 0 || size > LABEL_MAX || name->size + size + 2 > sizeof name->bytes)
		return false;
	assert(name->size + size + 1 < sizeof name->bytes); /* its end has room, too */
	name->bytes[name->size++] = (unsigned char)size;
	for (size_t i = 0; i < size; i++)
		name->bytes[name->size++] = dns_name_lower(label[i]);
	return true;
}

bool
dns_name_parse(const char *text, struct dns_name *name)
{
	name->size = 0;
	if (strcmp(text, ".") == 0)
		text = "";
	while (*text != '\0') {
		size_t size = strcspn(text, ".");
		if (!dns_name_add_label(name, (const unsigned char *)text, size))
			return false;
		text += size + (text[size] == '.');
	}
	name->bytes[name->size++] = 0;
	return true;
}

void
dns_name_text(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX])
{
	char *end = text;

	for (size_t at = 0; at < name->size && name->bytes[at] != 0; at += name->bytes[at] + 1u) {
		if (at > 0)
			*end++ = '.';
		for (size_t i = 1; i <= name->bytes[at]; i++) {
			unsigned char byte = name->bytes[at + i];
			if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')
			    || byte == '-' || byte == '_')
				*end++ = (char)byte;
			else
				end += snprintf(end, 5, "\\%03u", byte);
		}
	}
	if (end == text)
		*end++ = '.';
	*end = '\0';
	assert(end - text < DNS_NAME_TEXT_MAX);
}

bool
dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Where each label begins, the root's last; how many. */
static size_t
find_labels(const struct dns_name *name, uint8_t at[LABELS_MAX])
{
	size_t count = 0, place = 0;

	do {
		assert(count < LABELS_MAX && place < name->size);
		at[count++] = (uint8_t)place;
		place += name->bytes[place] + 1u;
	} while (name->bytes[at[count - 1]] != 0);
	return count;
}

/* RFC 6672, section 2.2: the labels below the owner of a DNAME stay, the owner is replaced. A
 * result that is longer than a name can be has no address (section 2.2: YXDOMAIN). */
bool
dns_name_substitute(const struct dns_name *name, const struct dns_name *owner,
    const struct dns_name *target, struct dns_name *substituted)
{
	uint8_t at[LABELS_MAX];
	size_t labels = find_labels(name, at);
	uint8_t before = (uint8_t)(name->size - owner->size);

	if (name->size <= owner->size
	    || memcmp(name->bytes + before, owner->bytes, owner->size) != 0
	    || memchr(at, before, labels) == NULL
	    || before + target->size > (int)sizeof substituted->bytes)
		return false;
	memcpy(substituted->bytes, name->bytes, before);
	memcpy(substituted->bytes + before, target->bytes, target->size);
	substituted->size = (uint8_t)(before + target->size);
	return true;
}

/* Whether domains are registered below this label where a country's registry has it: "co" of
 * "co.uk". */
static bool
is_of_registry(const unsigned char *label)
{
	static const char *const labels[] = { "ac", "co", "com", "ed", "edu", "gen", "go", "gob",
	    "gouv", "gov", "govt", "gr",
		"gub", "id", "ind", "lg", "ltd", "me", "mil", "ne", "net", "nhs", "nom", "or",
		    "org", "plc", "sch", "web" };

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (strlen(labels[i]) == label[0] && memcmp(labels[i], label + 1, label[0]) == 0)
			return true;
	return false;
}

/* Without a list of public suffixes, which would be old the day after it was taken in: two
 * labels, or three below the registries of countries that have a second level. An error here
 * costs a witness too few or too many, no verdict. */
struct dns_name
dns_name_registered(const struct dns_name *name)
{
	uint8_t at[LABELS_MAX];
	size_t labels = find_labels(name, at) - 1; /* without the root's */
	size_t wanted = 2;
	struct dns_name domain;

	if (labels >= 3 && name->bytes[at[labels - 1]] == 2
	    && is_of_registry(name->bytes + at[labels - 2]))
		wanted = 3;
	size_t from = labels > wanted ? at[labels - wanted] : 0;
	assert(from < name->size);
	domain.size = (uint8_t)(name->size - from);
	memcpy(domain.bytes, name->bytes + from, domain.size);
	return domain;
}
